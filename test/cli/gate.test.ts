import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  analysisOf,
  concluded,
  type FakeSerin,
  problem,
  type Reply,
  running,
  startFakeSerin,
} from './fake-serin.ts';
import { type Outcome, runSerin } from './run-serin.ts';

describe('serin gate', () => {
  let fake: FakeSerin | null = null;

  const gate = async (replies: readonly Reply[], ...args: string[]): Promise<Outcome> => {
    fake = await startFakeSerin(replies);
    return runSerin([
      'gate',
      '--url',
      fake.url,
      '--service',
      'checkout',
      '--environment',
      'production',
      ...args,
    ]);
  };

  let folder = '';

  const planFile = async (text: string): Promise<string> => {
    const path = join(folder, 'plan.yaml');
    await writeFile(path, text);
    return path;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serin-gate-'));
  });

  afterEach(async () => {
    await fake?.close();
    fake = null;
    await rm(folder, { recursive: true, force: true });
  });

  describe('exit codes', () => {
    it('ends with 0 when the analysis passes', async () => {
      assert.equal((await gate([running(), concluded('pass')])).code, 0);
    });

    it('ends with 1 when the analysis fails', async () => {
      assert.equal((await gate([running(), concluded('fail')])).code, 1);
    });

    it('ends with 3 when the analysis is inconclusive', async () => {
      assert.equal((await gate([running(), concluded('inconclusive')])).code, 3);
    });

    it('ends an inconclusive analysis as the caller chose', async () => {
      assert.equal((await gate([concluded('inconclusive')], '--on-inconclusive', 'pass')).code, 0);
      await fake?.close();
      assert.equal((await gate([concluded('inconclusive')], '--on-inconclusive', 'fail')).code, 1);
    });

    it('keeps a fail a fail whatever inconclusive ends as', async () => {
      assert.equal(
        (await gate([concluded('fail')], '--on-inconclusive', 'pass', '--on-unavailable', 'pass')).code,
        1,
      );
    });

    it('ends with 4 when no verdict comes before the timeout', async () => {
      const outcome = await gate([running()], '--timeout', '10s');

      assert.equal(outcome.code, 4);
      assert.equal(outcome.elapsed, 10_000);
      assert.match(outcome.stderr, /no verdict within --timeout/);
    });

    it('ends with 5 when the service was never reached, after the connect timeout', async () => {
      const outcome = await gate(['drop'], '--connect-timeout', '20s');

      assert.equal(outcome.code, 5);
      assert.equal(outcome.elapsed, 20_000);
      assert.match(outcome.stderr, /cannot be reached/);
      assert.equal(outcome.stdout, '');
    });

    it('ends with 5 when nobody listens at the address', async () => {
      const closed = await startFakeSerin([]);
      await closed.close();

      const outcome = await runSerin(['gate', '--url', closed.url, '--service', 's', '--environment', 'e']);

      assert.equal(outcome.code, 5);
      assert.match(outcome.stderr, /ECONNREFUSED/);
    });

    it('ends with 5 when an outage lasts until the timeout', async () => {
      const outcome = await gate([running(), 'drop'], '--timeout', '5m');

      assert.equal(outcome.code, 5);
      assert.equal(outcome.elapsed, 300_000);
    });

    it('ends an outage as the caller chose', async () => {
      assert.equal((await gate(['drop'], '--on-unavailable', 'pass', '--connect-timeout', '1s')).code, 0);
      await fake?.close();
      assert.equal((await gate(['drop'], '--on-unavailable', 'fail', '--connect-timeout', '1s')).code, 1);
    });

    it('ends with 2 and prints the advice when the service refuses the input', async () => {
      const errors = [{ path: 'duration', message: 'found 1m; it must be at least the interval, 5m' }];
      const outcome = await gate(
        [problem(400, 'invalid_input', 'duration: found 1m', errors)],
        '--duration',
        '1m',
      );

      assert.equal(outcome.code, 2);
      assert.match(outcome.stderr, /duration: found 1m; it must be at least the interval, 5m/);
      assert.equal(fake?.seen.length, 1, 'bad input is not sent again');
    });

    it('ends with 2 when the key belongs to another analysis', async () => {
      const outcome = await gate(
        [problem(409, 'key_conflict', 'key: "k" was started with another plan')],
        '--key',
        'k',
      );

      assert.equal(outcome.code, 2);
      assert.match(outcome.stderr, /was started with another plan/);
    });

    it('ends with 2 on a redirect and names the address it leads to', async () => {
      const moved = { status: 308, body: {}, headers: { location: 'https://serin.example/v1/analyses' } };
      const outcome = await gate([moved]);

      assert.equal(outcome.code, 2);
      assert.match(outcome.stderr, /redirects to https:\/\/serin\.example\/v1\/analyses/);
    });

    it('ends with 5 when the service forgot the analysis it had started', async () => {
      assert.equal((await gate([running(), problem(404, 'not_found', 'no analysis a-1')])).code, 5);
    });
  });

  describe('outages', () => {
    it('goes on after an outage and ends with the verdict', async () => {
      const outage = problem(503, 'store_unavailable', 'the database is away');
      const outcome = await gate([
        running(),
        'drop',
        outage,
        'drop',
        running({ looks: 2 }),
        concluded('pass'),
      ]);

      assert.equal(outcome.code, 0);
      assert.match(outcome.stderr, /unavailable for .*the database is away/);
    });

    it('waits longer after each failure', async () => {
      const outcome = await gate([running(), 'drop', 'drop', 'drop', 'drop', concluded('pass')]);

      assert.equal(outcome.elapsed, 1000 + 2000 + 4000 + 8000);
    });

    it('waits as long as the service asks for', async () => {
      const throttled = { status: 429, body: {}, headers: { 'retry-after': '7' } };

      assert.equal((await gate([throttled, concluded('pass')])).elapsed, 7000);
    });

    it('takes an answer that is not an analysis for an outage', async () => {
      const page = { status: 200, text: '<html>a proxy says hello</html>' };
      const outcome = await gate([page, { status: 200, body: null }, concluded('fail')]);

      assert.equal(outcome.code, 1);
      assert.match(outcome.stderr, /not Serin's/);
    });

    it('does not ask in a tight loop when the answer is not held', async () => {
      const outcome = await gate([running(), running(), running(), concluded('pass')]);

      assert.equal(outcome.elapsed, 2000);
    });
  });

  describe('the request', () => {
    it('starts by POST and then long-polls the analysis', async () => {
      await gate([running(), running(), concluded('pass')]);

      assert.deepEqual(
        fake?.seen.map(({ method, url }) => `${method} ${url}`),
        ['POST /v1/analyses', 'GET /v1/analyses/a-1?wait=30000ms', 'GET /v1/analyses/a-1?wait=30000ms'],
      );
    });

    it('shortens the last long poll to the time that is left', async () => {
      await gate([running(), running()], '--timeout', '1500ms');

      assert.deepEqual(
        fake?.seen.slice(1).map(({ url }) => url),
        ['/v1/analyses/a-1?wait=1500ms', '/v1/analyses/a-1?wait=1000ms'],
      );
    });

    it('sends every flag in its field', async () => {
      await gate(
        [concluded('pass')],
        ...['--target', 'eu', '--key', 'k', '--template', 't', '--change-version', 'v2', '--commit', 'abc'],
        ...[
          '--artifact',
          'pkg:oci/x',
          '--change-url',
          'https://x.example/1',
          '--actor',
          'ada',
          '--kind',
          'hotfix',
        ],
        ...[
          '--committed-at',
          '2026-11-23T09:00:00Z',
          '--canary',
          'hash=a=b',
          'zone=1',
          '--baseline',
          'hash=c',
        ],
        ...[
          '--start',
          '2026-11-23T10:00:00Z',
          '--end',
          '2026-11-23T10:30:00Z',
          '--interval',
          '30s',
          '--dry-run',
        ],
      );

      assert.deepEqual(fake?.seen[0]?.body, {
        service: 'checkout',
        environment: 'production',
        target: 'eu',
        key: 'k',
        template: 't',
        change: {
          version: 'v2',
          commit: 'abc',
          artifact: 'pkg:oci/x',
          url: 'https://x.example/1',
          actor: 'ada',
          kind: 'hotfix',
          committedAt: '2026-11-23T09:00:00Z',
        },
        canary: { hash: 'a=b', zone: '1' },
        baseline: { hash: 'c' },
        start: '2026-11-23T10:00:00Z',
        end: '2026-11-23T10:30:00Z',
        interval: '30s',
        dryRun: true,
      });
    });

    it('leaves out flags that are empty', async () => {
      await gate([concluded('pass')], '--commit', '', '--target', ' ', '--duration', '');

      assert.deepEqual(fake?.seen[0]?.body, { service: 'checkout', environment: 'production' });
    });

    it('sends a plan from a YAML file', async () => {
      const path = await planFile('duration: 5m\nmetrics:\n  - name: errors\n');
      await gate([concluded('pass')], '--plan', path);

      const { plan } = fake!.seen[0]!.body as { plan: unknown };
      assert.deepEqual(plan, { duration: '5m', metrics: [{ name: 'errors' }] });
    });

    it('takes address and token from the environment and shows the token nowhere', async () => {
      fake = await startFakeSerin([problem(403, 'forbidden', 'dryRun: needs the role admin')]);
      const env = { SERIN_URL: `${fake.url}/`, SERIN_TOKEN: 'secret-token' };
      const outcome = await runSerin(['gate', '--service', 's', '--environment', 'e'], { env });

      assert.equal(outcome.code, 2);
      assert.equal(fake.seen[0]?.authorization, 'Bearer secret-token');
      assert.equal(fake.seen[0]?.url, '/v1/analyses');
      assert.ok(!`${outcome.stdout}${outcome.stderr}`.includes('secret-token'));
    });
  });

  describe('usage', () => {
    const refuses = async (...args: string[]): Promise<string> => {
      const outcome = await runSerin(['gate', ...args]);
      assert.equal(outcome.code, 2);
      assert.equal(outcome.stdout, '');
      return outcome.stderr;
    };

    it('names every flag that is missing or wrong at once', async () => {
      const stderr = await refuses(
        '--url',
        'ftp://x',
        '--canary',
        'hash',
        '--plan',
        join(folder, 'absent.yaml'),
      );

      for (const flag of ['--service', '--environment', '--url', '--canary', '--plan'])
        assert.match(stderr, new RegExp(`${flag}: `));
    });

    it('refuses an unknown flag, an unknown ending and a time that is no duration', async () => {
      assert.match(await refuses('--servise', 'x'), /unknown option '--servise'/);
      assert.match(
        await refuses('--on-inconclusive', 'maybe'),
        /Allowed choices are pass, fail, inconclusive/,
      );
      assert.match(await refuses('--timeout', '10'), /Allowed are durations/);
    });

    it('refuses a plan beside a template, and a password in the address without repeating it', async () => {
      const stderr = await refuses(
        ...[
          '--service',
          's',
          '--environment',
          'e',
          '--plan',
          'p',
          '--template',
          't',
          '--url',
          'http://u:hidden@h',
        ],
      );

      assert.match(stderr, /--plan: is given beside --template/);
      assert.match(stderr, /--url: holds a password/);
      assert.ok(!stderr.includes('hidden'));
    });

    it('refuses a plan file that holds no mapping', async () => {
      const path = await planFile('- a\n- b\n');

      assert.match(await refuses('--service', 's', '--environment', 'e', '--plan', path), /holds no mapping/);
    });

    it('ends with 5, never 1, when something breaks that nobody thought of', async () => {
      const stdout = {
        write: () => {
          throw new Error('the disk is full');
        },
      };
      fake = await startFakeSerin([concluded('pass')]);
      const args = ['gate', '--url', fake.url, '--service', 's', '--environment', 'e'];
      const outcome = await runSerin(args, { stdout });

      assert.equal(outcome.code, 5);
      assert.match(outcome.stderr, /the disk is full/);
    });

    it('ends with 2 on an unknown command', async () => {
      assert.equal((await runSerin(['gaet'])).code, 2);
    });
  });

  describe('what it prints', () => {
    it('prints only the summary on stdout, with each finding and the page', async () => {
      const finding = { metric: 'errors', verdict: 'fail', reason: '4.1 % against 0.8 %' } as never;
      const outcome = await gate([
        running(),
        concluded('fail', { reason: 'errors fails', findings: [finding] }),
      ]);

      assert.equal(
        outcome.stdout,
        [
          'fail: checkout v1.8.0 in production',
          '  errors fails',
          '  errors: fail: 4.1 % against 0.8 %',
          `  ${fake?.url}/analyses/a-1`,
          '',
        ].join('\n'),
      );
    });

    it('prints only the analysis with --json', async () => {
      const outcome = await gate([running(), concluded('pass')], '--json');

      assert.equal(JSON.parse(outcome.stdout).verdict, 'pass');
    });

    it('prints the analysis as it stood with --json after a timeout', async () => {
      const outcome = await gate([running()], '--json', '--timeout', '2s');

      assert.deepEqual(JSON.parse(outcome.stdout), analysisOf());
    });

    it('says that a dry run passes without the judge', async () => {
      const outcome = await gate(
        [concluded('pass', { dryRun: true, phase: 'running', judgedVerdict: 'running' })],
        '--dry-run',
      );

      assert.equal(outcome.code, 0);
      assert.match(outcome.stdout, /dry run/);
    });

    it('keeps control characters of the service from the terminal and the log', async () => {
      const outcome = await gate([
        running({ reason: 'a\n::error::b\u001B[31m' }),
        concluded('pass', { reason: 'c\r\n::set-output::d' }),
      ]);

      assert.ok(!outcome.stderr.includes('\u001B'));
      for (const line of `${outcome.stderr}\n${outcome.stdout}`.split('\n'))
        assert.ok(!line.startsWith('::'), line);
    });

    it('names the page as the service does when it tells a whole address', async () => {
      const links = { self: '/v1/analyses/a-1', page: 'https://serin.example/analyses/a-1' };
      const outcome = await gate([concluded('pass', { links })]);

      assert.match(outcome.stdout, /\n {2}https:\/\/serin\.example\/analyses\/a-1\n/);
    });
  });
});
