import assert from 'node:assert/strict';
import { fileSources, parseConfig } from '../src/config.ts';
import { type CheckLine, checkConfig } from '../src/config-check.ts';
import { type Backend, type Received, sendJson, startBackend } from './metrics/backend.ts';

const now = Date.UTC(2026, 0, 1);

type Series = Readonly<Record<string, string>>;

/** Answers each query by the series that a test gives for it, 1 at each point. */
function answerWith(backend: Backend, seriesOf: (query: string) => readonly Series[]): void {
  backend.answer((response, request: Received) => {
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(request.params.get(name)));
    const points = Array.from(
      { length: Math.round((end! - start!) / step!) + 1 },
      (_, index) => start! + index * step!,
    );
    const result = seriesOf(request.params.get('query') ?? '').map((metric) => ({
      metric,
      values: points.map((at) => [at, '1']),
    }));
    sendJson(200, { status: 'success', data: { resultType: 'matrix', result } })(response, request);
  });
}

describe('checkConfig', () => {
  let backend: Backend;
  before(async () => {
    backend = await startBackend();
  });
  after(() => backend.close());

  const check = async (
    metric: string,
    seriesOf: (query: string) => readonly Series[],
  ): Promise<readonly CheckLine[]> => {
    answerWith(backend, seriesOf);
    const config = parseConfig(
      `
providers: { main: { type: prometheus, url: "${backend.url}" } }
templates:
  - name: t
    duration: 30m
    metrics: [{ name: m, provider: main, ${metric} }]
services:
  - { name: checkout, template: t, scopes: { canary: { track: canary }, baseline: { track: stable } } }
`,
      fileSources({}),
    );
    return checkConfig(config, now);
  };
  const where = (arm: string) => `template t, service checkout, m value (${arm}): `;
  const pods = (count: number) => Array.from({ length: count }, (_, index) => ({ pod: `p${index}` }));

  it('asks every query for both arms and says how much it has', async () => {
    const lines = await check(`kind: gauge, query: 'x{a="{{scope.track}}"}'`, (query) =>
      query.includes('canary') ? [{}] : [],
    );

    assert.deepEqual(lines, [
      { level: 'ok', text: `${where('canary')}5 of the last 5 steps have a value` },
      { level: 'ok', text: `${where('baseline')}0 of the last 5 steps have a value` },
    ]);
  });

  it('counts the pods of a gauge per pod, and advises where only one series came', async () => {
    const lines = await check(`kind: gauge, per: pod, query: 'x{a="{{scope.track}}"}'`, (query) =>
      query.includes('canary') ? pods(1) : pods(3),
    );

    assert.equal(lines[0]?.level, 'advice');
    assert.match(
      lines[0]?.text ?? '',
      /5 of the last 5 steps have a value of 1 pod; with per: pod more than one series is needed .* avg by \(pod\)/,
    );
    assert.deepEqual(lines[1], {
      level: 'ok',
      text: `${where('baseline')}5 of the last 5 steps have a value of 3 pods`,
    });
  });

  it('finds a query per pod that is not grouped by pod', async () => {
    const lines = await check('kind: gauge, per: pod, query: x', () => [{}]);

    assert.deepEqual(
      lines.map(({ level }) => level),
      ['problem', 'problem'],
    );
    assert.match(lines[0]?.text ?? '', /gave a series without the label pod/);
  });

  it('counts the edges of a histogram', async () => {
    const lines = await check('kind: histogram, query: x', () => [
      { le: '0.1' },
      { le: '0.5' },
      { le: '+Inf' },
    ]);

    assert.deepEqual(
      lines.map(({ text }) => text),
      ['canary', 'baseline'].map(
        (arm) => `${where(arm)}5 of the last 5 steps have a value of 2 edges and the total`,
      ),
    );
  });

  it('finds a histogram without le, and says what its query must give', async () => {
    const [line] = await check('kind: histogram, query: x', () => [{}]);

    assert.equal(line?.level, 'problem');
    assert.match(line?.text ?? '', /without the label le; .* sum by \(le\) \(increase\(…_bucket\[…\]\)\)/);
  });

  it('asks nothing of the baseline for a limit', async () => {
    const lines = await check('kind: limit, max: 1, query: x', () => [{}]);

    assert.deepEqual(lines, [{ level: 'ok', text: `${where('canary')}5 of the last 5 steps have a value` }]);
  });

  it('finds several series where one is needed', async () => {
    const [line] = await check('kind: gauge, query: x', () => pods(2));

    assert.equal(line?.level, 'problem');
    assert.match(line?.text ?? '', /gave 2 series/);
  });
});
