import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgePast, readWith } from '../src/analysis/backtest/judge-window.ts';
import { pastRun } from '../src/analysis/backtest/past-window.ts';
import type { Report } from '../src/analysis/backtest/report.ts';
import { learn } from '../src/analysis/noise.ts';
import type { Stores } from '../src/analysis/run-store.ts';
import { type BacktestIo, runBacktestCommand } from '../src/backtest.ts';
import { backtestFlags } from '../src/backtest-flags.ts';
import { readBacktestFlags } from '../src/backtest-options.ts';
import { chooseSubject } from '../src/backtest-subject.ts';
import { fileSources, loadConfig } from '../src/config.ts';
import { SerinError } from '../src/errors.ts';
import { type ChangeReport, recordReport, recordVerdict } from '../src/ledger/changes.ts';
import { createProvider } from '../src/metrics/registry.ts';
import { openDatabase } from '../src/store/database.ts';
import { createUnitOfWork } from '../src/store/unit-of-work.ts';
import { pathOf, readText } from './examples/files.ts';
import { databases } from './support/databases.ts';
import { makePlan, makeRun } from './support/plans.ts';

const day = 86_400_000;
const hour = 3_600_000;
const from = Date.UTC(2026, 10, 1);
const now = Date.UTC(2026, 10, 20);

const config = `
providers:
  synthetic: { type: synthetic }
templates:
  - name: web
    duration: 30m
    metrics:
      - { name: errors, kind: ratio, provider: synthetic, events: errors, total: requests, critical: true }
      - { name: latency, kind: gauge, provider: synthetic, query: latency_p99 }
services:
  - name: checkout
    aliases: [shop/checkout]
    template: web
    scopes: { canary: { zone: a }, baseline: { zone: b } }
  - { name: bare, template: web }
`;

const plan = `
duration: 10m
metrics:
  - { name: cpu, kind: gauge, provider: synthetic, query: cpu, margin: 0.1 }
`;

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

const sqlite = databases.find(({ name }) => name === 'SQLite');

describe('serin backtest', function () {
  this.timeout(60_000);
  let folder: string;
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-backtest-'));
    write('serin.yaml', config);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(flags: Readonly<Record<string, unknown>>, io: Partial<BacktestIo> = {}): Promise<Ended> {
    const written = { stdout: '', stderr: '' };
    const given = {
      config: join(folder, 'serin.yaml'),
      service: 'checkout',
      from: '2026-11-01',
      to: '2026-11-02',
      every: '2h',
      ...flags,
    };
    const code = await runBacktestCommand(given, {
      env: { SERIN_DATABASE_URL: `sqlite:${join(folder, 'none.db')}` },
      stdout: {
        write: (text) => {
          written.stdout += text;
        },
      },
      stderr: {
        write: (text) => {
          written.stderr += text;
        },
      },
      isTTY: false,
      version: '1',
      now: () => now,
      stop: new AbortController().signal,
      ...io,
    });
    return { code, ...written };
  }

  async function reportOf(
    flags: Readonly<Record<string, unknown>>,
    io: Partial<BacktestIo> = {},
  ): Promise<Report> {
    return JSON.parse((await run({ json: true, ...flags }, io)).stdout) as Report;
  }

  const refuses = (flags: Readonly<Record<string, unknown>>, message: RegExp): Promise<void> =>
    assert.rejects(run(flags), (error) => error instanceof SerinError && message.test(error.message));

  it('judges a day without deploys, with progress on stderr and the report alone on stdout', async () => {
    const { code, stdout, stderr } = await run({});

    assert.equal(code, 0);
    assert.match(stdout, /^# Backtest of checkout in production\n/);
    assert.match(stdout, /\| web \| 12 \| 0 \| \d+ of 12: /);
    assert.match(stderr, /^2 of 12 windows \(16 %\)\n/);
    assert.match(stderr, /12 of 12 windows \(100 %\)\n$/);
    assert.equal((await run({})).stdout, stdout);
    assert.equal(existsSync(join(folder, 'none.db')), false);
  });

  it('writes the report into a file, as JSON when asked', async () => {
    const out = join(folder, 'report.json');

    const { code, stdout } = await run({ out, json: true });

    assert.deepEqual([code, stdout], [0, '']);
    const report = JSON.parse(readFileSync(out, 'utf8')) as Report;
    assert.deepEqual([report.complete, report.windows.length, report.subject.from], [true, 12, from]);
  });

  it('compares templates and plans in files, of one name too', async () => {
    const path = write('cpu.yaml', plan);

    const { plans, windows } = await reportOf({
      template: ['web'],
      plan: [path, path],
      to: '2026-11-01T04:00Z',
    });

    assert.deepEqual(
      plans.map(({ label }) => label),
      ['web', 'cpu.yaml', 'cpu.yaml (2)'],
    );
    assert.equal(windows.length, 6);
  });

  it('finds a service by another name, and judges one that is not configured when told how', async () => {
    const aliased = await reportOf({ service: 'shop/checkout', to: '2026-11-01T02:00Z' });
    assert.equal(aliased.subject.service, 'checkout');
    const told = { canary: ['zone=a'], baseline: ['zone=b', 'x=y=z'], template: ['web'] };

    const { subject } = await reportOf({ service: 'other', environment: 'staging', ...told });

    assert.deepEqual([subject.service, subject.environment], ['other', 'staging']);
    assert.deepEqual(subject.harmless?.baseline, { zone: 'b', x: 'y=z' });
  });

  it('refuses arms that are one and the same, and says what to give', async () => {
    await refuses({ service: 'bare' }, /both arms select everything.*--canary and --baseline.*--offset 24h/);
    await refuses({ canary: ['zone=b'] }, /both arms select zone=b/);
  });

  it('holds one population against itself a day earlier', async () => {
    const { windows, subject } = await reportOf({ service: 'bare', offset: '24h' });

    assert.equal(subject.harmless?.offset, day);
    assert.equal(windows.length, 12);
    assert.ok(windows.every(({ isEmpty }) => !isEmpty));
  });

  it('tries harm that is put in', async () => {
    const { harmless } = await reportOf({ inject: '2', injectAfter: '5m' });

    assert.deepEqual(
      harmless[0]?.metrics.map(({ harmed }) => harmed?.caught.count),
      [12, 12],
    );
  });

  it('ends with 1 when more false alarms than allowed are certain, with 0 when they may be chance', async () => {
    const worse = { canary: ['scenario=errors-x5'], maxFalseAlarms: '0.05' };

    assert.equal((await run(worse)).code, 1);
    assert.equal((await run({ ...worse, maxFalseAlarms: '1' })).code, 0);
    assert.equal((await run({ ...worse, to: '2026-11-01T00:30Z', maxFalseAlarms: '0.5' })).code, 0);
    assert.equal((await run({ maxFalseAlarms: '0.05' })).code, 0);
  });

  it('ends with 3 when there was nothing to judge in any window', async () => {
    const { code, stdout } = await run({ canary: ['scenario=no-data'], maxFalseAlarms: '0.05' });

    assert.equal(code, 3);
    assert.equal((await run({ canary: ['scenario=no-data'] })).code, 3);
    assert.match(stdout, /no window had data, so nothing can be said/);
  });

  it('ends with 5 when the backend is away, and says so', async () => {
    const away = config.replace(
      '{ type: synthetic }',
      '{ type: prometheus, url: "http://127.0.0.1:9", timeout: 100ms }',
    );
    write('serin.yaml', away.replace('latency_p99', '"latency{zone=\\"{{scope.zone}}\\"}"'));

    const { code, stdout, stderr } = await run({});

    assert.deepEqual([code, stdout], [5, '']);
    assert.match(stderr, /serin backtest: prometheus "synthetic" at 127\.0\.0\.1:9/);
  });

  it('keeps what is judged when it is stopped, and goes on from there', async () => {
    const state = join(folder, 'state.ndjson');
    const out = join(folder, 'report.md');
    const stop = new AbortController();
    const stderr = {
      write: (text: string) => {
        if (text.startsWith('6 of 12')) stop.abort();
      },
    };

    const stopped = await run({ state, out }, { stop: stop.signal, stderr });

    assert.equal(stopped.code, 130);
    assert.match(readFileSync(out, 'utf8'), /Stopped before the end/);
    assert.equal(readFileSync(state, 'utf8').split('\n').length - 1, 6);

    const resumed = await run({ state });
    assert.equal(resumed.code, 0);
    assert.match(resumed.stderr, /12 of 12 windows \(100 %\), 6 judged before\n$/);
    assert.equal(resumed.stdout, (await run({})).stdout);
  });

  it('says how to go on after a stop', async () => {
    const stop = new AbortController();
    stop.abort();

    assert.match((await run({}, { stop: stop.signal })).stderr, /stopped after 0 windows; with --state/);
    const state = join(folder, 's');
    assert.match((await run({ state }, { stop: stop.signal })).stderr, /the same call goes on/);
  });

  it('refuses wrong flags by name, with what was found and what is allowed', async () => {
    await refuses({ from: 'yesterday' }, /^--from: found "yesterday"; allowed are days/);
    await refuses({ from: '2026-11-01T10:00' }, /^--from: found "2026-11-01T10:00"/);
    await refuses({ from: '2026-13-01' }, /^--from: found "2026-13-01"/);
    await refuses({ to: '2026-12-01' }, /^--to: found 2026-12-01T00:00:00.000Z; it must not lie after now/);
    await refuses({ from: '2026-11-02' }, /^--from: .* it must lie before --to/);
    await refuses({ canary: ['zone'] }, /^--canary: found "zone"; allowed is name=value/);
    await refuses({ every: '0s' }, /^--every: found 0/);
    await refuses({ kind: 'ab' }, /^--kind: found "ab"; allowed are aa, deploys, both/);
    await refuses({ inject: '1' }, /^--inject: allowed are factors above 1/);
    await refuses({ injectAfter: '1m' }, /^--inject-after: is given without --inject/);
    await refuses({ offset: '1d', canary: ['a=b'] }, /^--offset: is given beside --canary/);
    await refuses({ offset: '90s' }, /^--offset: found 90s; it must be a multiple/);
    await refuses({ kind: 'deploys', offset: '1d' }, /^--offset: is for harmless windows/);
    await refuses({ kind: 'deploys', maxFalseAlarms: '0.1' }, /^--max-false-alarms: is for harmless windows/);
    await refuses({ concurrency: '0' }, /^--concurrency: /);
    await refuses({ service: '' }, /^--service: is missing/);
    await refuses({ template: ['nope'] }, /^--template: found "nope"; configured are web/);
    await refuses({ plan: [join(folder, 'nope.yaml')] }, /^--plan: .*nope\.yaml cannot be read/);
    await refuses({ plan: [write('bad.yaml', 'duration: 1')] }, /bad\.yaml\.duration: /);
    await refuses({ service: 'other' }, /the service "other" has no template; give --template or --plan/);
    await refuses({ state: folder }, /cannot be read and written/);
  });

  it('refuses queries that cannot be asked, before anything is', async () => {
    write('serin.yaml', config.replace('query: latency_p99', 'query: latency_p98'));
    await refuses({}, /^web: latency\.query: found the signal "latency_p98".*\(for the canary\)/);
    const other = write('other.yaml', plan.replace('provider: synthetic', 'provider: other'));
    write('serin.yaml', config);
    await refuses({ plan: [other] }, /other\.yaml: cpu\.provider: found "other"/);
  });

  it('leaves out a flag that is empty', () => {
    const { '--environment': environment, '--quiet': quiet } = readBacktestFlags({
      service: 'a',
      from: '2026-11-01',
      environment: '',
    });

    assert.deepEqual([environment, quiet], [undefined, 2 * hour]);
  });

  it('refuses to take deploys from a database that is not there or not up to date, and makes none', async () => {
    const path = join(folder, 'none.db');
    await refuses({ ledger: true }, /^SERIN_DATABASE_URL: there is no database .*none\.db/);
    await refuses({ kind: 'deploys' }, /there is no database/);
    assert.equal(existsSync(path), false);
    const empty = openDatabase(`sqlite:${path}`);
    await empty.ping();
    await empty.close();
    await refuses({ ledger: true }, /not up to date; run `serin migrate`/);
  });

  describe('with a ledger', () => {
    let url: string;
    let close: () => Promise<void>;
    const policy = { now, observationWindow: day, abandonAfter: 7 * day };
    const report = (
      version: string,
      startedAt: number,
      changes: Partial<ChangeReport> = {},
    ): ChangeReport => ({
      source: 'test',
      externalId: version,
      service: 'checkout',
      environment: 'production',
      targets: [],
      facts: { version, startedAt },
      finishedAt: startedAt + hour,
      outcome: 'succeeded',
      ...changes,
    });
    const failed = { outcome: 'failed', failureClass: 'escaped' } as const;
    const io = (): Partial<BacktestIo> => ({ env: { SERIN_DATABASE_URL: url } });

    beforeEach(async () => {
      assert.ok(sqlite);
      const opened = await sqlite.open();
      ({ url, close } = opened);
      const { stores } = createUnitOfWork(opened.database);
      await recordReport(stores.ledger, report('v1', from + 10 * hour), policy);
      await recordReport(stores.ledger, report('v2', from + day, failed), policy);
      const bad = await recordReport(stores.ledger, report('v3', from + 2 * day, failed), policy);
      const start = from + 2 * day + 5 * 60_000;
      const id = '00000000-0000-4000-8000-00000000000a';
      const arms = { canary: { scenario: 'errors-x5' }, baseline: { zone: 'b' } };
      const kept = {
        id,
        changeId: bad.id,
        service: 'checkout',
        version: 'v3',
        start,
        plan: makePlan(),
        ...arms,
      };
      await stores.runs.insert(makeRun(kept));
      const verdict = { analysisId: id, verdict: 'pass', at: start, enforced: true, reason: 'ok' } as const;
      await recordVerdict(stores.ledger, bad.id, verdict, policy);
      await recordReport(stores.ledger, report('v4', now - hour, { outcome: undefined }), policy);
    });
    afterEach(() => close());

    it('judges past deploys, with the arms of their own analyses where these are kept', async () => {
      const { deploys, skipped } = await reportOf({ kind: 'deploys', to: '2026-11-20' }, io());

      const readings = deploys?.rows.map(({ version, plans }) => [version, plans[0]?.reading]);
      assert.deepEqual(readings, [
        ['v1', 'right pass'],
        ['v2', 'missed'],
        ['v3', 'caught'],
      ]);
      const caught = deploys?.rows[2]?.plans[0];
      assert.deepEqual(caught?.by, ['errors']);
      assert.ok(caught.minutes !== null && caught.minutes > 5 && caught.minutes < 15, `${caught.minutes}`);
      assert.deepEqual(
        skipped.map(({ version }) => version),
        ['v4'],
      );
    });

    it('leaves out harmless windows near deploys, and shows both kinds in one report', async () => {
      const quiet = { from: '2026-11-01', to: '2026-11-02', every: '1h', quiet: '2h' };
      const { harmless, windows } = (await reportOf({ ledger: true, ...quiet }, io())) as Report;
      const hours = windows.map(({ start }) => (start - from) / hour);

      assert.ok(harmless[0] !== undefined && harmless[0].judged === hours.length);
      assert.deepEqual(
        Array.from({ length: 24 }, (_, at) => at).filter((at) => !hours.includes(at)),
        [10, 11, 12, 13],
      );
      const { code, stdout } = await run({ kind: 'both', ...quiet }, io());
      assert.equal(code, 0);
      assert.match(stdout, /## Harmless windows[\s\S]*4 left out|4 left out[\s\S]*## Harmless windows/);
      assert.match(stdout, /## Past deploys[\s\S]*\| v1 \| succeeded \| right pass, minute 30\.5 \|/);
    });

    /** A run that was judged through its end and told of its noise. */
    async function tellNoise(stores: Stores, changeId: string, id: string, start: number): Promise<void> {
      const { plan } = chooseSubject(readBacktestFlags({ service: 'checkout', from: '2026-11-01' }), loaded())
        .plans[0]!;
      const arms = { canary: { zone: 'a' }, baseline: { zone: 'b' } };
      const place = { service: 'checkout', environment: 'production', target: null, version: '' };
      const window = { start, subject: { ...place, ...arms }, offset: 0, rolloutEnd: null, changeId };
      const synthetic = createProvider('synthetic', { type: 'synthetic' });
      const readRun = readWith(() => synthetic, new AbortController().signal);
      const first = { ...pastRun(window, plan), id, key: id };
      const judged = await judgePast(first, null, readRun, (input) => input);
      await stores.runs.insert(judged);
      await stores.noise.keep(learn(judged, await readRun(first, [])));
    }
    const loaded = () => loadConfig(join(folder, 'serin.yaml'), fileSources({}));

    it('judges with the noise that earlier runs told of', async () => {
      const keys = async (flags: object) =>
        (await reportOf({ ...flags, to: '2026-11-01T02:00Z' }, io())).windows.map(({ key }) => key);
      const [without, before] = [await keys({}), await keys({ ledger: true })];
      assert.deepEqual(before, without);
      const database = openDatabase(url);
      const { stores } = createUnitOfWork(database);
      const { items } = await stores.ledger.list({ outcome: 'succeeded' }, 1, null);
      for (const [index, back] of [4, 3, 2].entries())
        await tellNoise(
          stores,
          items[0]?.id ?? '',
          `00000000-0000-4000-8000-00000000010${index}`,
          from - back * hour,
        );
      await database.close();

      assert.notDeepEqual(await keys({ ledger: true }), before);
      assert.deepEqual(await keys({}), without);
    });

    it('writes nothing to the database', async () => {
      const dump = async (): Promise<unknown> => {
        const database = openDatabase(url);
        const { ledger, runs } = createUnitOfWork(database).stores;
        const changes = await ledger.list({}, 100, null);
        const kept = await runs.list({}, 100, null);
        await database.close();
        return { changes, kept };
      };
      const before = await dump();

      await run({ kind: 'both' }, io());

      assert.deepEqual(await dump(), before);
    });
  });

  it('is a command of the program, which a signal ends with what is judged by then', async () => {
    const state = join(folder, 'state.ndjson');
    const flags = ['--service', 'checkout', '--from', '2026-09-01', '--to', '2026-11-01', '--every', '30m'];
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        pathOf('src/main.ts'),
        'backtest',
        ...flags,
        '--state',
        state,
        '--config',
        join(folder, 'serin.yaml'),
      ],
      { cwd: pathOf(''), env: { PATH: process.env['PATH'] ?? '' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    try {
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (data: Buffer) => {
        stdout += data.toString();
      });
      child.stderr.on('data', (data: Buffer) => {
        stderr += data.toString();
        if (!child.killed && stderr.includes('(10 %)')) child.kill('SIGINT');
      });

      const [code] = await once(child, 'close');

      assert.equal(code, 130, stderr);
      assert.match(stdout, /\*\*Stopped before the end/);
      assert.match(stderr, /state\.ndjson has what is judged; the same call goes on/);
      const kept = readFileSync(state, 'utf8').split('\n').length - 1;
      assert.ok(kept >= 292 && kept < 2_928, `${kept} windows kept`);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

describe('docs/backtest.md', () => {
  const page = readText('docs/backtest.md');

  it('tells every flag', () => {
    for (const [flag] of backtestFlags) {
      const [name = ''] = flag.split(' ');
      assert.ok(page.includes(`\`${name}\``), `${name} is missing`);
    }
  });

  it('calls the command with flags that it has', () => {
    const known = backtestFlags.map(([flag]) => flag.split(' ')[0]);
    for (const [call] of page.matchAll(/\bbacktest (?:[^\n]|\\\n)*/g)) {
      for (const [flag] of call.matchAll(/--[\w-]+/g)) assert.ok(known.includes(flag), flag);
    }
  });

  it('reads every flag that the help tells', () => {
    for (const [flag, description] of backtestFlags) {
      assert.match(flag, /^--[a-z-]+( <[a-z=.]+>)?$/);
      assert.ok(description.length > 10);
    }
  });
});
