// `npm run check`: every check that needs no running program. All of them run, each under its own heading; the exit
// code is 1 when any failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs a tool from node_modules; its output goes straight to the terminal unless it is `captured`. */
function run(tool, args, { captured = false, env = {} } = {}) {
  const result = spawnSync(join('node_modules', '.bin', tool), args, {
    encoding: 'utf8',
    stdio: captured ? ['ignore', 'pipe', 'inherit'] : 'inherit',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
  });
  if (result.error !== undefined) console.error(`${tool} did not start: ${result.error.message}`);
  return { ok: result.status === 0, stdout: result.stdout ?? '' };
}

/** The TypeScript files of our own code, `src/…`, `db/…` and `action/src/…`. */
function sourceFiles() {
  return sourceFolders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, name)),
  );
}

function printViolation({ rule, from, to, cycle }, comments) {
  const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' → ');
  console.error(`${rule.name}: ${from}${path === from ? '' : ` → ${path}`}`);
  const comment = comments.get(rule.name);
  if (comment !== undefined) console.error(`    ${comment}`);
}

/** A cruise that silently saw nothing would be green, so every source file must be among the modules it saw. */
function checkLayers() {
  const { stdout } = run('depcruise', [...sourceRoots, '--output-type', 'json'], { captured: true });
  const { modules, summary } = JSON.parse(
    stdout === '' ? '{"modules":[],"summary":{"violations":[]}}' : stdout,
  );
  const comments = new Map(
    (summary.ruleSetUsed?.forbidden ?? []).map(({ name, comment }) => [name, comment]),
  );
  for (const violation of summary.violations) printViolation(violation, comments);
  const cruised = new Set(modules.map(({ source }) => source));
  const files = sourceFiles();
  const missed = files.filter((file) => !cruised.has(file));
  for (const file of missed) console.error(`not cruised: ${file}`);
  if (cruised.size === 0) console.error('dependency-cruiser saw no module at all');
  console.log(
    `${files.length - missed.length} of ${files.length} source files cruised, ${summary.violations.length} violations`,
  );
  return cruised.size > 0 && missed.length === 0 && summary.violations.length === 0;
}

const sourceFolders = ['src', 'db', 'action/src'];
const sourceRoots = [...sourceFolders, '--config', '.dependency-cruiser.mjs'];
const generated = 'src/api/schema.gen.ts';

/** The types in the repository must be those that openapi.yaml gives today. */
function checkGenerated() {
  const folder = mkdtempSync(join(tmpdir(), 'serin-check-'));
  try {
    const file = join(folder, 'schema.gen.ts');
    const { ok } = run('openapi-typescript', ['openapi.yaml', '-o', file], { captured: true });
    const inStep = ok && readFileSync(file, 'utf8') === readFileSync(generated, 'utf8');
    console.log(
      inStep
        ? `${generated} is in step with openapi.yaml`
        : `${generated} is out of step: run npm run generate`,
    );
    return inStep;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const bundle = 'action/dist/index.js';

/** The bundle that the runner starts must be that of today's sources. */
function checkBundle() {
  const folder = mkdtempSync(join(tmpdir(), 'serin-check-'));
  try {
    const file = join(folder, 'index.js');
    const { status } = spawnSync(process.execPath, ['scripts/build-action.mjs', file], { stdio: 'inherit' });
    const inStep = status === 0 && readFileSync(file, 'utf8') === readFileSync(bundle, 'utf8');
    console.log(
      inStep ? `${bundle} is in step with action/src` : `${bundle} is stale: run npm run build:action`,
    );
    return inStep;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Biome paints a CI's log too, which hides the words between escape codes. */
const colors = process.stdout.isTTY ? [] : ['--colors=off'];

/** Redocly would otherwise report its use and ask for newer versions. */
const offline = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

const checks = [
  ['Format and lint (biome)', () => run('biome', ['ci', '--error-on-warnings', ...colors]).ok],
  ['Types (tsc)', () => run('tsc', ['--noEmit', '-p', '.']).ok],
  ['Layers (dependency-cruiser)', checkLayers],
  ['Dead code and dependencies (knip)', () => run('knip', ['--no-progress']).ok],
  ['Generated types', checkGenerated],
  ['Bundle of the GitHub Action (esbuild)', checkBundle],
  ['API description (redocly)', () => run('redocly', ['lint', 'openapi.yaml'], { env: offline }).ok],
];

/** A check that throws has failed; the others still run. */
function passes(check) {
  try {
    return check();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return false;
  }
}

const failed = checks.filter(([heading, check]) => {
  console.log(`\n== ${heading}`);
  return !passes(check);
});
console.log(
  failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.map(([heading]) => heading).join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
