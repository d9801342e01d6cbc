// `npm run build:action [FILE]`: bundles the GitHub Action into one file that needs no installation. The same sources
// give the same bytes, so that `npm run check` can tell a bundle that was left behind.
import { buildSync } from 'esbuild';

buildSync({
  entryPoints: ['action/src/main.ts'],
  outfile: process.argv[2] ?? 'action/dist/index.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // The form of yaml made of modules; that for Node would be bundled as a whole and asks for `require`.
  alias: { yaml: './node_modules/yaml/browser/index.js' },
  banner: { js: '// Made by `npm run build:action` of action/src; change it there.' },
  legalComments: 'inline',
  charset: 'utf8',
  logLevel: 'warning',
});
