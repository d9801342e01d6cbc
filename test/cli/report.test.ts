import assert from 'node:assert/strict';
import { writeReport } from '../../src/api/reports/wire.ts';
import { writeRates, writeTable } from '../../src/cli/report-table.ts';
import { changeFailureReport } from '../../src/ledger/report.ts';
import { day, epoch, hour } from '../ledger/events.ts';
import { gather, makeOptions, makeRow, times } from '../ledger/rows.ts';
import { type FakeSerin, type Reply, startFakeSerin } from './fake-serin.ts';
import { runSerin } from './run-serin.ts';

const caught = { outcome: 'failed', failureClass: 'caught_in_canary' } as const;
const report = writeReport(
  changeFailureReport(
    gather([
      ...times(2, { ...caught, recoveredAt: epoch + hour }),
      ...times(3, { committedAt: epoch - 3 * day }),
      makeRow({ service: 'search\u001b[2J', finishedAt: epoch + 20 * day }),
    ]),
    makeOptions({ groupBy: 'service', previous: gather([makeRow(caught), makeRow()]) }),
  ),
);

describe('serin report change-failure', () => {
  let serin: FakeSerin;
  afterEach(() => serin.close());
  const answering = async (...replies: readonly Reply[]): Promise<void> => {
    serin = await startFakeSerin(replies);
  };
  const run = (...flags: readonly string[]) =>
    runSerin(['report', 'change-failure', '--url', serin.url, ...flags]);
  const terminal = { columns: 100 };

  it('prints a table without any bar when it is piped', async () => {
    await answering({ status: 200, body: report });

    const { code, stdout, stderr } = await run();

    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, writeTable(report, false));
    assert.match(
      stdout,
      /^change-failure rate, 2026-11-02T00:00:00\.000Z to 2026-11-30T00:00:00\.000Z \(UTC\)$/m,
    );
    assert.match(stdout, /^ +changes +failed +escaped +caught +undeployed +rate +95 %$/m);
    assert.match(stdout, /^this range +6 +2 +0 +2 +0 +33\.3 % +9\.7 % to 70\.0 % +few$/m);
    assert.match(stdout, /^the range before +2 +1 /m);
    assert.match(stdout, /^-16\.7 points against the range before \(95 %: .+ to .+\)$/m);
    assert.match(stdout, /^lead time p50 3\.0d, p90 3\.0d; recovery p50 60m, p90 60m$/m);
    assert.match(stdout, /^pending 0, abandoned 0, unattributed incidents not known$/m);
    assert.match(stdout, /^2026-11-09 +0 +0 +0 +0 +0 +-$/m);
    assert.match(stdout, /^search \[2J +1 /m);
    assert.match(stdout, /^Definition 2\./m);
    assert.doesNotMatch(stdout, /[▁▂▃▄▅▆▇█]/);
    assert.ok(!stdout.includes('\u001b'));
  });

  it('draws the rates over time on a terminal, with gaps where there was no change', async () => {
    await answering({ status: 200, body: report });
    let text = '';
    const stdout = { ...terminal, write: (written: string) => (text += written) };

    await runSerin(['report', 'change-failure', '--url', serin.url], { stdout });

    assert.match(text, /^\[█ ▁ \]$/m);
  });

  it('asks for what the flags say, and for nothing that is not said', async () => {
    await answering({ status: 200, text: 'section,key\r\n' });

    const { stdout } = await run(
      ...['--from', '2026-10-01T00:00:00+02:00', '--to', '2026-11-01T00:00:00Z', '--service', 'a&b'],
      ...['--team', 't', '--environment', 'e', '--tier', '1', '--bucket', 'day', '--tz', 'Europe/Berlin'],
      ...[
        '--group-by',
        'team',
        '--count',
        'escaped',
        '--include-rollbacks',
        '--format',
        'csv',
        '--token',
        'x',
      ],
    );
    await run('--json', '--service', '');

    assert.equal(stdout, 'section,key\r\n');
    assert.deepEqual(Object.fromEntries(new URL(serin.seen[0]?.url ?? '', serin.url).searchParams), {
      ...{ from: '2026-10-01T00:00:00+02:00', to: '2026-11-01T00:00:00Z', service: 'a&b', team: 't' },
      ...{ environment: 'e', tier: '1', bucket: 'day', tz: 'Europe/Berlin', groupBy: 'team' },
      ...{ count: 'escaped', includeRollbacks: 'true', format: 'csv' },
    });
    assert.equal(serin.seen[0]?.authorization, 'Bearer x');
    assert.equal(serin.seen[1]?.url, '/v1/reports/change-failure?format=json');
  });

  it('prints JSON as it came', async () => {
    await answering({ status: 200, body: report });

    assert.deepEqual(JSON.parse((await run('--format', 'json')).stdout), report);
    assert.deepEqual(JSON.parse((await run('--json')).stdout), report);
  });

  it('takes address and token from the environment', async () => {
    await answering({ status: 200, body: report });
    const env = { SERIN_URL: `${serin.url}/`, SERIN_TOKEN: 'secret' };

    assert.equal((await runSerin(['report', 'change-failure'], { env })).code, 0);
    assert.equal(serin.seen[0]?.authorization, 'Bearer secret');
  });

  it('ends with 2 and the advice when the service refuses', async () => {
    const errors = [{ path: 'tz', message: 'found "Mars"; allowed are IANA time zones' }];
    await answering({ status: 400, body: { title: 'bad', detail: 'bad', errors } });

    const { code, stdout, stderr } = await run('--tz', 'Mars');

    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^serin report: tz: found "Mars"/);
  });

  it('ends with 2 for a flag or an address that it does not know', async () => {
    await answering('drop');

    for (const flags of [
      ['--bucket', 'year'],
      ['--json', '--format', 'csv'],
      ['--format', 'xlsx'],
      ['--moon'],
      ['--url', 'nowhere'],
    ])
      assert.equal((await run(...flags)).code, 2, flags.join(' '));
    assert.equal(serin.seen.length, 0);
  });

  for (const [what, reply] of [
    ['is away', 'drop'],
    ['is broken', { status: 500, body: { detail: 'the database is away' } }],
    ['answers something else', { status: 200, body: { hello: 1 } }],
    ['answers no JSON', { status: 200, text: '<html>' }],
  ] as const)
    it(`ends with 5 when the service ${what}`, async () => {
      await answering(reply);

      for (const format of ['table', 'json', 'csv', 'markdown']) {
        const { code, stdout, stderr } = await run('--format', format);

        assert.deepEqual([code, stdout], [5, ''], format);
        assert.match(stderr, /^serin report: /);
      }
    });
});

describe('writeRates(rates)', () => {
  it('scales to the highest, and leaves a gap for nothing', () => {
    assert.equal(writeRates([0, 0.1, null, 0.2]), '▁▅ █');
    assert.equal(writeRates([0, null]), '▁ ');
    assert.equal(writeRates([]), '');
  });
});
