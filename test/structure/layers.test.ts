import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;

/** Which rule found which import: `rule: from → to`. */
type Finding = { readonly rule: string; readonly from: string; readonly to: string };

/** A breach: what is imported by whom, and the rule that must find it. */
type Breach = readonly [from: string, imports: string, rule: string];

const breaches: readonly Breach[] = [
  ['src/judge/statistics/breach.ts', 'node:crypto', 'judge-is-pure'],
  ['src/judge/breach.ts', '../duration.ts', 'judge-is-pure'],
  ['src/analysis/breach.ts', '../metrics/http.ts', 'analysis-knows-its-neighbours'],
  ['src/analysis/store-breach.ts', '../store/database.ts', 'store-is-reached-through-interfaces'],
  ['src/metrics/breach.ts', '../judge/judge.ts', 'metrics-knows-its-neighbours'],
  ['src/ledger/breach.ts', '../judge/judge.ts', 'ledger-knows-its-neighbours'],
  ['src/gate/breach.ts', '../metrics/provider.ts', 'gate-knows-its-neighbours'],
  ['src/notify/breach.ts', '../analysis/runs.ts', 'notify-knows-its-neighbours'],
  ['src/store/breach.ts', '../metrics/provider.ts', 'store-knows-its-neighbours'],
  ['src/auth/breach.ts', '../ledger/change.ts', 'auth-knows-its-neighbours'],
  ['src/api/breach.ts', '../metrics/provider.ts', 'api-knows-its-neighbours'],
  ['src/web/breach.ts', '../metrics/provider.ts', 'web-knows-its-neighbours'],
  ['src/telemetry/breach.ts', '../analysis/run.ts', 'telemetry-knows-its-neighbours'],
  ['src/cli/breach.ts', '../analysis/plan.ts', 'cli-knows-its-neighbours'],
  ['src/metrics/prometheus/breach.ts', '../synthetic/index.ts', 'siblings-do-not-meet'],
  ['src/analysis/provider-breach.ts', '../metrics/prometheus/index.ts', 'registry-is-the-only-door'],
  ['src/ledger/root-breach.ts', '../app.ts', 'nobody-imports-the-root'],
  ['src/metrics/axios-breach.ts', 'axios', 'axios-in-one-place'],
  ['src/analysis/sql-breach.ts', 'knex', 'sql-in-the-store'],
  ['src/analysis/express-breach.ts', 'express', 'express-at-the-edge'],
  ['src/analysis/cron-breach.ts', 'node-cron', 'cron-in-one-place'],
  ['src/analysis/pino-breach.ts', 'pino', 'telemetry-libraries'],
  ['src/ledger/prom-breach.ts', 'prom-client', 'telemetry-libraries'],
  ['src/analysis/http-log-breach.ts', 'pino-http', 'request-log-library'],
  ['src/api/commander-breach.ts', 'commander', 'commander-in-the-command-line'],
  ['src/ledger/zod-breach.ts', 'zod', 'zod-at-the-edges'],
  ['src/analysis/yaml-breach.ts', 'yaml', 'yaml-where-files-are-read'],
  ['src/ledger/cycle-breach.ts', './cycle-friend.ts', 'no-cycles'],
  ['src/ledger/test-breach.ts', '../../test/support/friend.ts', 'no-test-in-production'],
  ['src/metrics/dev-breach.ts', 'fast-check', 'no-dev-dependency'],
  ['src/metrics/gone-breach.ts', './gone.ts', 'resolvable'],
];

/** Files that the breaches lead to; each exports what every breach imports. */
const bystanders: readonly string[] = [
  'src/app.ts',
  'src/duration.ts',
  'src/errors.ts',
  'src/analysis/plan.ts',
  'src/analysis/run.ts',
  'src/analysis/runs.ts',
  'src/judge/judge.ts',
  'src/ledger/change.ts',
  'src/metrics/http.ts',
  'src/metrics/provider.ts',
  'src/metrics/prometheus/index.ts',
  'src/metrics/synthetic/index.ts',
  'src/store/database.ts',
  'test/support/friend.ts',
];

/** What nobody may object to, beside the breaches. */
const honest: readonly (readonly [from: string, imports: string])[] = [
  ['src/main.ts', './app.ts'],
  ['src/judge/honest.ts', '../errors.ts'],
  ['src/judge/sequential/honest.ts', 'simple-statistics'],
  ['src/analysis/honest.ts', '../judge/judge.ts'],
  ['src/analysis/scheduler.ts', 'node-cron'],
  ['src/metrics/registry.ts', './prometheus/index.ts'],
  ['src/store/honest.ts', 'knex'],
  ['src/api/honest.ts', 'express'],
  ['src/cli/honest.ts', '../judge/judge.ts'],
  ['src/telemetry/honest.ts', 'pino'],
];

const packages = [
  ...['axios', 'knex', 'express', 'node-cron', 'pino', 'prom-client', 'pino-http', 'commander'],
  ...['zod', 'yaml', 'fast-check', 'simple-statistics'],
];

describe('the rules about who may import whom', function () {
  this.timeout(60_000);
  let folder = '';
  let findings: readonly Finding[] = [];

  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  };

  const writeTree = async (): Promise<void> => {
    const dependencies = Object.fromEntries(
      packages.filter((name) => name !== 'fast-check').map((name) => [name, '1.0.0']),
    );
    await write(
      'package.json',
      JSON.stringify({ type: 'module', dependencies, devDependencies: { 'fast-check': '1.0.0' } }),
    );
    await write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: { module: 'NodeNext', allowImportingTsExtensions: true, noEmit: true },
      }),
    );
    await cp(join(root, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'));
    for (const name of packages) {
      await write(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      );
      await write(`node_modules/${name}/index.js`, 'exports.one = 1;\n');
    }
    for (const file of bystanders) await write(file, 'export const one = 1;\n');
    for (const [from, imports] of [...breaches, ...honest])
      await write(from, `import { one } from '${imports}';\nexport const two = one;\n`);
    await write(
      'src/ledger/cycle-friend.ts',
      "import { two } from './cycle-breach.ts';\nexport const one = two;\n",
    );
    await write('src/ledger/orphan.ts', 'export const alone = 1;\n');
    await write(
      'src/cli/friend.ts',
      "import { two } from '../judge/friend.ts';\nexport const three = two;\n",
    );
    await write(
      'src/judge/friend.ts',
      "import { one } from '../store/database.ts';\nexport const two = one;\n",
    );
  };

  const cruise = (): Promise<readonly Finding[]> =>
    new Promise((resolve, reject) => {
      const program = join(root, 'node_modules/.bin/depcruise');
      const args = ['src', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
      execFile(program, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (_failed, stdout, stderr) => {
        if (stdout === '') return reject(new Error(stderr));
        const { summary } = JSON.parse(stdout) as {
          summary: { violations: { rule: { name: string }; from: string; to: string }[] };
        };
        resolve(summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })));
      });
    });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serin-layers-'));
    await writeTree();
    findings = await cruise();
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const [from, imports, rule] of breaches) {
    it(`${rule} finds ${imports} in ${from}`, () => {
      const found = findings.filter((finding) => finding.from === from).map((finding) => finding.rule);

      assert.ok(found.includes(rule), `found only ${found.join(', ') || 'nothing'}`);
    });
  }

  it('no-orphans finds a file that stands alone', () => {
    assert.ok(findings.some(({ rule, from }) => rule === 'no-orphans' && from === 'src/ledger/orphan.ts'));
  });

  it('cli-reaches-no-server finds a database behind a friend', () => {
    assert.ok(
      findings.some(({ rule, from }) => rule === 'cli-reaches-no-server' && from === 'src/cli/friend.ts'),
    );
  });

  for (const [from, imports] of honest) {
    it(`nobody objects to ${imports} in ${from}`, () => {
      assert.deepEqual(
        findings.filter((finding) => finding.from === from),
        [],
      );
    });
  }

  it('every rule says what to do when it fires', async () => {
    const { default: config } = (await import(join(root, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: { name: string; comment?: string }[] };
    };

    assert.deepEqual(
      config.forbidden.filter(({ comment }) => (comment ?? '').length < 20).map(({ name }) => name),
      [],
    );
  });
});
