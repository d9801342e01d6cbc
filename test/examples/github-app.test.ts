import assert from 'node:assert/strict';
import { fileSources, loadConfig } from '../../src/config.ts';
import { appKey } from '../support/github-double.ts';
import { pathOf, readText, readYaml } from './files.ts';

type Workflow = { readonly jobs: Readonly<Record<string, { readonly environment: string }>> };

describe('examples/github-app', () => {
  const env = { PROMETHEUS_URL: 'http://127.0.0.1:9090', GITHUB_APP_ID: '31337' };
  const { readFile } = fileSources(env);
  const config = loadConfig(pathOf('examples/github-app/serin.yaml'), {
    env,
    readFile: (path) => (path.startsWith('/run/secrets/') ? appKey : readFile(path)),
  });

  it('is read without an objection', () => {
    assert.deepEqual([config.github?.appId, config.github?.report], ['31337', 'check']);
  });

  it('has a gate before each environment of the workflow', () => {
    const { jobs } = readYaml('examples/github-app/deploy.yaml') as Workflow;
    const gates = config.services[0]?.gates.map(({ environment }) => environment);
    assert.deepEqual(
      gates,
      Object.values(jobs).map(({ environment }) => environment),
    );
  });
});

describe('docs/callers/github-app.md and docs/gates.md', () => {
  it('tell every key of the section github, and of a gate', () => {
    const page = readText('docs/callers/github-app.md');
    for (const key of ['appId', 'privateKey', 'apiUrl', 'allowedHosts', 'deadline', 'comments', 'report'])
      assert.ok(page.includes(`\`github.${key}\``), key);
    const gates = readText('docs/gates.md');
    for (const key of ['environment', 'judges', 'judgedIn', 'maxAge', 'onInconclusive'])
      assert.ok(gates.includes(`| \`${key}\` |`), key);
  });
});
