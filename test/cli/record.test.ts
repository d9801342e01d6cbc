import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { readSpecText } from '../../src/api/spec.ts';
import type { Field } from '../../src/cli/record-fields.ts';
import { changeFields, incidentFields, outcomeFields } from '../../src/cli/record-forms.ts';
import { type FakeSerin, problem, type Reply, startFakeSerin } from './fake-serin.ts';
import { type Outcome, runSerin } from './run-serin.ts';

const change = {
  id: 'c-1',
  service: 'checkout',
  version: 'v2',
  environment: 'production',
  outcome: 'pending',
  failureClass: null,
};
const incident = {
  id: 'i-1',
  service: 'checkout',
  status: 'open',
  attribution: { changeId: 'c-1', method: 'window', confidence: 0.6 },
};
const recorded = (body: unknown): Reply => ({ status: 200, body });

const required = [
  ...['--source', 'jenkins', '--external-id', '42'],
  ...['--service', 'checkout', '--environment', 'production'],
];

/** What a body may hold, as the description says. */
function membersOf(schema: string): string[] {
  const { properties } = parse(readSpecText()).components.schemas[schema] as { properties: object };
  return Object.keys(properties).sort();
}

const filled = (fields: readonly Field[]) =>
  [...new Set(fields.map(({ path }) => path.split('.')[0]))].sort();

describe('serin record', () => {
  let fake: FakeSerin | null = null;
  afterEach(() => fake?.close());

  const record = async (replies: readonly Reply[], ...args: string[]): Promise<Outcome> => {
    fake = await startFakeSerin(replies);
    return runSerin(['record', ...args, '--url', fake.url]);
  };
  const sent = () => fake?.seen.map(({ method, url, body }) => [`${method} ${url}`, body]);

  it('has a flag for every member of what the API takes', () => {
    assert.deepEqual(filled(changeFields), membersOf('ChangeReport'));
    assert.deepEqual(filled(outcomeFields), membersOf('Ruling'));
    assert.deepEqual(filled(incidentFields), membersOf('IncidentReport'));
    const linked = incidentFields.flatMap(({ path }) => (path.startsWith('change.') ? [path.slice(7)] : []));
    assert.deepEqual(linked.sort(), membersOf('IncidentLink'));
  });

  it('sends a change with every flag in its member', async () => {
    const { code, stdout } = await record(
      [recorded(change)],
      'change',
      ...required,
      ...['--target', 'eu', 'us', '--change-version', 'v2', '--commit', 'abc', '--artifact', 'pkg:oci/x'],
      ...['--change-url', 'https://x.example/1', '--actor', 'ada', '--kind', 'hotfix'],
      ...['--outcome', 'failed', '--failure-class', 'escaped', '--committed-at', '2026-11-23T09:00:00Z'],
      ...['--started-at', '2026-11-23T10:00:00Z', '--finished-at', '2026-11-23T10:20:00Z'],
    );

    assert.equal(code, 0);
    assert.equal(stdout, 'change c-1: checkout v2 in production: pending\n');
    const body = {
      source: 'jenkins',
      externalId: '42',
      service: 'checkout',
      environment: 'production',
      targets: ['eu', 'us'],
      version: 'v2',
      commit: 'abc',
      artifact: 'pkg:oci/x',
      url: 'https://x.example/1',
      actor: 'ada',
      kind: 'hotfix',
      outcome: 'failed',
      failureClass: 'escaped',
      committedAt: '2026-11-23T09:00:00Z',
      startedAt: '2026-11-23T10:00:00Z',
      finishedAt: '2026-11-23T10:20:00Z',
    };
    assert.deepEqual(sent(), [['POST /v1/changes', body]]);
  });

  it('leaves out flags that are empty, for a CI job fills them from variables that may be unset', async () => {
    await record([recorded(change)], 'change', ...required, '--commit', '', '--actor', ' ', '--target', '');

    const [[, body] = []] = sent() ?? [];
    assert.deepEqual(Object.keys(body as object).sort(), ['environment', 'externalId', 'service', 'source']);
  });

  it('sends an incident with its labels and the change to blame', async () => {
    const { code, stdout } = await record(
      [recorded(incident)],
      'incident',
      ...['--source', 'oncall', '--external-id', 'INC-42', '--service', 'checkout', '--status', 'open'],
      ...['--label', 'region=eu', 'query=a=b', '--change-id', 'c-1', '--commit', 'abc'],
    );

    assert.equal(code, 0);
    assert.equal(stdout, 'incident i-1 of checkout, open: put to change c-1 (window, confidence 0.6)\n');
    const body = {
      source: 'oncall',
      externalId: 'INC-42',
      service: 'checkout',
      status: 'open',
      labels: { region: 'eu', query: 'a=b' },
      change: { id: 'c-1', commit: 'abc' },
    };
    assert.deepEqual(sent(), [['POST /v1/incidents', body]]);
  });

  it('says that an incident is put to no change, or maps to no service', async () => {
    const attribution = { changeId: null, method: 'none', confidence: 0 };
    const { stdout } = await record(
      [recorded({ ...incident, service: null, attribution })],
      'incident',
      ...['--source', 'oncall', '--external-id', 'INC-42'],
    );

    assert.equal(stdout, 'incident i-1 maps to no service, open: put to no change\n');
  });

  it('says an outcome of the change of that id', async () => {
    const ruled = { ...change, outcome: 'failed', failureClass: 'escaped' };
    const { stdout } = await record(
      [recorded(ruled)],
      'outcome',
      ...['--id', 'c/1', '--outcome', 'failed', '--failure-class', 'escaped'],
      ...['--at', '2026-11-23T12:00:00Z', '--reason', 'seen'],
    );

    assert.equal(stdout, 'change c-1: checkout v2 in production: failed, escaped\n');
    const body = { outcome: 'failed', failureClass: 'escaped', at: '2026-11-23T12:00:00Z', reason: 'seen' };
    assert.deepEqual(sent(), [['POST /v1/changes/c%2F1/outcome', body]]);
  });

  it('says an outcome of the change that a source calls so', async () => {
    const { code } = await record(
      [recorded({ items: [change], nextCursor: null }), recorded(change)],
      'outcome',
      ...['--source', 'a b', '--external-id', '7/1', '--outcome', 'succeeded', '--reason', 'false alarm'],
    );

    assert.equal(code, 0);
    assert.deepEqual(sent(), [
      ['GET /v1/changes?source=a+b&externalId=7%2F1', null],
      ['POST /v1/changes/c-1/outcome', { outcome: 'succeeded', reason: 'false alarm' }],
    ]);
  });

  it('asks for changes of one service alone when it is named, as tokens that are bound to some must', async () => {
    await record(
      [recorded({ items: [change], nextCursor: null }), recorded(change)],
      'outcome',
      ...['--source', 's', '--external-id', '7', '--service', 'checkout'],
      ...['--outcome', 'succeeded', '--reason', 'false alarm'],
    );

    assert.deepEqual(sent(), [
      ['GET /v1/changes?source=s&externalId=7&service=checkout', null],
      ['POST /v1/changes/c-1/outcome', { outcome: 'succeeded', reason: 'false alarm' }],
    ]);
  });

  for (const [what, args] of [
    ['change', required],
    [
      'incident',
      ['--source', 's', '--external-id', '7', '--title', 't', '--opened-at', '2026-01-01T00:00:00Z'],
    ],
    ['outcome', ['--source', 's', '--external-id', '7', '--outcome', 'succeeded', '--reason', 'r']],
    ['outcome', ['--id', 'c-1', '--outcome', 'succeeded', '--reason', 'r']],
  ] as const)
    it(`takes no answer of something else for a recorded ${what}: ${args.join(' ')}`, async () => {
      for (const body of [{}, [], { id: 1 }, 'ok']) {
        const { code, stdout, stderr } = await record([recorded(body)], what, ...args, '--timeout', '1s');

        assert.deepEqual([code, stdout], [5, ''], JSON.stringify(body));
        assert.match(stderr, /what answered 200 is not Serin/);
        await fake?.close();
      }
    });

  it('ends with 2 when no change is called so, and says nothing of any', async () => {
    const { code, stderr } = await record(
      [recorded({ items: [], nextCursor: null })],
      'outcome',
      ...['--source', 's', '--external-id', '7', '--outcome', 'succeeded', '--reason', 'r'],
    );

    assert.equal(code, 2);
    assert.match(stderr, /no change is called "7" by s/);
    assert.equal(fake?.seen.length, 1);
  });

  it('prints what was recorded with --json', async () => {
    const { stdout } = await record([recorded(change)], 'change', ...required, '--json');

    assert.deepEqual(JSON.parse(stdout), change);
  });

  it('ends with 2 and the advice when the service refuses', async () => {
    const errors = [{ path: 'finishedAt', message: 'is before startedAt' }];
    const { code, stdout, stderr } = await record(
      [problem(400, 'invalid_input', 'finishedAt: is before startedAt', errors)],
      'change',
      ...required,
    );

    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^serin record: finishedAt: is before startedAt$/m);
    assert.equal(fake?.seen.length, 1, 'bad input is not sent again');
  });

  it('tries again through an outage', async () => {
    const away = problem(503, 'store_unavailable', 'the database is away');
    const { code, elapsed } = await record([away, 'drop', recorded(change)], 'change', ...required);

    assert.equal(code, 0);
    assert.equal(elapsed, 1000 + 2000);
  });

  it('ends with 5 when the outage outlasts --timeout', async () => {
    const { code, stdout, stderr, elapsed } = await record(
      ['drop'],
      'change',
      ...required,
      '--timeout',
      '5s',
    );

    assert.deepEqual([code, stdout, elapsed], [5, '', 5000]);
    assert.match(stderr, /cannot be reached/);
  });

  it('names every flag that is missing or wrong at once', async () => {
    const { code, stderr } = await runSerin(['record', 'incident', '--label', 'eu', '--url', 'ftp://x']);

    assert.equal(code, 2);
    for (const flag of ['--url', '--source', '--external-id', '--label'])
      assert.match(stderr, new RegExp(`${flag}: `));
  });

  it('refuses a word that is none of those allowed, and a change that is named twice or by halves', async () => {
    const { code, stderr } = await runSerin(['record', 'change', ...required, '--outcome', 'fine']);
    assert.equal(code, 2);
    assert.match(stderr, /Allowed choices are pending, succeeded, failed, abandoned/);

    const ruling = ['record', 'outcome', '--outcome', 'failed', '--reason', 'r'];
    for (const named of [[], ['--source', 's'], ['--id', 'c', '--source', 's', '--external-id', 'e']])
      assert.match((await runSerin([...ruling, ...named])).stderr, /--id: give it, or both --source and/);
  });

  it('keeps control characters of the service from the terminal', async () => {
    const { stdout } = await record(
      [recorded({ ...change, service: 'a\u001B[31m\nb' })],
      'change',
      ...required,
    );

    assert.equal(stdout, 'change c-1: a [31m b v2 in production: pending\n');
  });

  it('sends the token and shows it nowhere', async () => {
    fake = await startFakeSerin([problem(403, 'forbidden', 'needs the role record')]);
    const env = { SERIN_URL: fake.url, SERIN_TOKEN: 'secret-token' };
    const { code, stdout, stderr } = await runSerin(['record', 'change', ...required], { env });

    assert.equal(code, 2);
    assert.equal(fake.seen[0]?.authorization, 'Bearer secret-token');
    assert.ok(!`${stdout}${stderr}`.includes('secret-token'));
  });
});
