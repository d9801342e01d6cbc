import assert from 'node:assert/strict';
import request from 'supertest';
import { judgeRequest } from '../../../src/analysis/judging.ts';
import type { CanaryView } from '../../../src/analysis/kayenta/canaries.ts';
import type { CanaryRequest } from '../../../src/analysis/kayenta/canary-request.ts';
import type { Run } from '../../../src/analysis/run.ts';
import { writeJudgement } from '../../../src/api/judgement.ts';
import { anonymousCaller } from '../../../src/auth/caller.ts';
import { makeApi } from '../../support/api.ts';
import { makeCanaryConfig } from '../../support/canary-configs.ts';
import { makeFinding, makeJudgement } from '../../support/judgements.ts';
import { makeRun, start } from '../../support/plans.ts';

type Kayenta = ReturnType<typeof makeApi>['deps']['kayenta'];

function makeKayenta(changes: {
  configs?: Partial<Kayenta['configs']>;
  canaries?: Partial<Kayenta['canaries']>;
  settings?: Kayenta['settings'];
}): Kayenta {
  const { kayenta } = makeApi().deps;
  return {
    configs: { ...kayenta.configs, ...changes.configs },
    canaries: { ...kayenta.canaries, ...changes.canaries },
    settings: changes.settings ?? kayenta.settings,
  };
}

function viewOf(run: Run): CanaryView {
  return {
    run,
    execution: {
      id: 'e',
      kind: 'standalone',
      runId: run.id,
      application: 'checkout',
      createdAt: start,
      start,
      end: start + 600_000,
      thresholds: { pass: 90, marginal: 75 },
      configId: 'c1',
      configName: 'latency',
      judgeName: 'Serin-v1.0',
      metrics: [],
      accounts: { metrics: null, configuration: null, storage: null },
      parentPipelineExecutionId: null,
      request: {},
      concluded: null,
    },
  };
}

describe('canary configs over the wire', () => {
  const stored = {
    id: 'c1',
    name: 'latency',
    applications: ['checkout'],
    createdAt: start,
    updatedAt: start + 1,
    body: { name: 'latency', description: 'd' },
  };

  it('are listed with whole milliseconds and every application asked for', async () => {
    const asked: (readonly string[])[] = [];
    const list: Kayenta['configs']['list'] = async (applications) => {
      asked.push(applications);
      return [stored];
    };
    const { handler } = makeApi({ kayenta: makeKayenta({ configs: { list } }) });

    const { body } = await request(handler).get('/kayenta/canaryConfig?application=checkout&application=pay');
    await request(handler).get('/kayenta/canaryConfig');

    assert.deepEqual(body, [
      {
        id: 'c1',
        name: 'latency',
        updatedTimestamp: start + 1,
        updatedTimestampIso: '2026-01-01T00:00:00.001Z',
        applications: ['checkout'],
      },
    ]);
    assert.deepEqual(asked, [['checkout', 'pay'], []]);
  });

  it('are stored, read, replaced and removed with exactly 200', async () => {
    const done: string[] = [];
    const configs: Partial<Kayenta['configs']> = {
      create: async (body) => {
        done.push(`create ${String(body['name'])}`);
        return 'c1';
      },
      get: async () => stored,
      replace: async (id) => {
        done.push(`replace ${id}`);
      },
      remove: async (id) => {
        done.push(`remove ${id}`);
      },
    };
    const { handler } = makeApi({ kayenta: makeKayenta({ configs }) });
    const config = makeCanaryConfig();

    const answers = [
      await request(handler).post('/kayenta/canaryConfig').send(config),
      await request(handler).get('/kayenta/canaryConfig/c1'),
      await request(handler).put('/kayenta/canaryConfig/c1').send(config),
      await request(handler).delete('/kayenta/canaryConfig/c1'),
    ];

    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.deepEqual(answers[0]?.body, { canaryConfigId: 'c1' });
    assert.equal(answers[1]?.body.description, 'd');
    assert.equal(answers[1]?.body.createdTimestamp, start);
    assert.deepEqual(done, ['create latency', 'replace c1', 'remove c1']);
  });

  it('are written by admins alone', async () => {
    const { handler } = makeApi({ authentication: { identify: async () => anonymousCaller(['gate']) } });

    for (const path of ['/kayenta/canaryConfig', '/kayenta/t/token/canaryConfig'])
      assert.equal((await request(handler).post(path).send(makeCanaryConfig())).status, 403);
    assert.equal((await request(handler).delete('/kayenta/canaryConfig/c1')).status, 403);
  });
});

describe('what else orca asks', () => {
  it('cancels with 200 and an object', async () => {
    const cancelled: string[] = [];
    const cancel = async (id: string) => {
      cancelled.push(id);
    };
    const { handler } = makeApi({ kayenta: makeKayenta({ canaries: { cancel } }) });

    const { status, body } = await request(handler).put('/kayenta/pipelines/e1/cancel');

    assert.deepEqual([status, body, cancelled], [200, { ok: true }, ['e1']]);
  });

  it('lists executions by application, page and state', async () => {
    const asked: unknown[] = [];
    const list: Kayenta['canaries']['list'] = async (filter, limit, page) => {
      asked.push([filter, limit, page]);
      return [viewOf(makeRun())];
    };
    const { handler } = makeApi({ kayenta: makeKayenta({ canaries: { list } }) });
    const path = '/kayenta/canary/executions';

    const { body } = await request(handler).get(
      `${path}?application=checkout&limit=5&page=2&statuses=RUNNING,succeeded`,
    );
    await request(handler).get(path);
    const wrong = await request(handler).get(`${path}?statuses=done`);

    assert.equal(body[0].complete, false);
    assert.deepEqual(asked, [
      [{ application: 'checkout', states: ['running', 'succeeded'], kind: 'canary' }, 5, 2],
      [{ application: null, states: null, kind: 'canary' }, 20, 1],
    ]);
    assert.match(wrong.body.detail, /statuses: found "done"; allowed are running, succeeded, canceled/);
  });

  it('is told accounts by name and type, and the judges', async () => {
    const settings = () => ({
      accounts: [{ name: 'prod', type: null, environment: null, provider: 'prometheus' }],
      providers: [{ name: 'prometheus', type: 'prometheus' }],
      judge: 'kayenta' as const,
      since: start,
    });
    const { handler } = makeApi({ kayenta: makeKayenta({ settings }) });

    const credentials = await request(handler).get('/kayenta/credentials');
    const judges = await request(handler).get('/kayenta/t/token/judges');

    assert.deepEqual(
      credentials.body.map(({ name, type }: Record<string, string>) => `${name} ${type}`),
      ['prod prometheus', 'prometheus prometheus', 'serin serin'],
    );
    assert.deepEqual(judges.body, [
      { name: 'NetflixACAJudge-v1.0', visible: true },
      { name: 'Serin-v1.0', visible: true },
    ]);
  });

  it('starts a canary by a config in place', async () => {
    const asked: CanaryRequest[] = [];
    const start_: Kayenta['canaries']['start'] = async (one) => {
      asked.push(one);
      return 'e1';
    };
    const { handler } = makeApi({ kayenta: makeKayenta({ canaries: { start: start_ } }) });
    const scope = {
      scope: 's',
      location: 'l',
      start: '2026-01-01T00:00:00Z',
      end: '2026-01-01T01:00:00Z',
      step: 60,
    };
    const executionRequest = { scopes: { default: { controlScope: scope, experimentScope: scope } } };

    const { body } = await request(handler)
      .post('/kayenta/canary?application=checkout&parentPipelineExecutionId=p')
      .send({ canaryConfig: makeCanaryConfig(), executionRequest });

    assert.deepEqual(body, { canaryExecutionId: 'e1' });
    assert.equal(asked[0]?.parentPipelineExecutionId, 'p');
    assert.ok('body' in asked[0]!.config);
  });
});

describe('a standalone analysis', () => {
  const scope = { controlScope: 'old', experimentScope: 'new', step: 60 };

  it('is one request over its lifetime', async () => {
    const asked: CanaryRequest[] = [];
    const begin: Kayenta['canaries']['start'] = async (one) => {
      asked.push(one);
      return 'e1';
    };
    const { handler } = makeApi({ kayenta: makeKayenta({ canaries: { start: begin } }) });

    const { body } = await request(handler)
      .post('/kayenta/standalone_canary_analysis/c1?application=checkout')
      .send({ scopes: [scope], lifetimeDurationMins: 30, beginAfterMins: 5, analysisIntervalMins: 10 });

    assert.deepEqual(body, { canaryAnalysisExecutionId: 'e1' });
    const { experiment } = asked[0]!.scopes['default']!;
    assert.deepEqual([experiment.start, experiment.end], [start + 300_000, start + 2_100_000]);
    assert.equal(asked[0]?.kind, 'standalone');
  });

  it('is told as Kayenta tells it, warnings included', async () => {
    const judgement = { ...makeJudgement('pass'), findings: [makeFinding({ verdict: 'pass' })] };
    const over = makeRun({
      phase: 'concluded',
      verdict: 'pass',
      score: 100,
      concludedAt: start + 630_000,
      judgement,
    });
    let run = makeRun();
    const get = async () => viewOf(run);
    const { handler } = makeApi({ kayenta: makeKayenta({ canaries: { get } }) });
    const ask = () => request(handler).get('/kayenta/standalone_canary_analysis/e1');

    const open = await ask();
    run = over;
    const done = await ask();

    assert.deepEqual([open.body.complete, open.body.executionStatus], [false, 'running']);
    assert.equal('canaryAnalysisExecutionResult' in open.body, false);
    const { didPassThresholds, hasWarnings, canaryScores } = done.body.canaryAnalysisExecutionResult;
    assert.deepEqual(
      [done.body.complete, didPassThresholds, hasWarnings, canaryScores],
      [true, true, true, [100]],
    );
    assert.doesNotMatch(done.text, /null/);
  });

  for (const [what, body, issue] of [
    [
      'a sliding window',
      { scopes: [scope], lifetimeDurationMins: 5, lookbackMins: 5 },
      /lookbackMins: found 5/,
    ],
    [
      'a shifted control',
      { scopes: [{ ...scope, controlOffsetInMinutes: 5 }], lifetimeDurationMins: 5 },
      /controlOffsetInMinutes: found 5/,
    ],
    ['no lifetime', { scopes: [scope] }, /lifetimeDurationMins: is missing/],
    [
      'an end before the start',
      { scopes: [{ ...scope, startTimeIso: '2026-01-02T00:00:00Z', endTimeIso: '2026-01-01T00:00:00Z' }] },
      /lies before the start/,
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      const answer = await request(makeApi().handler)
        .post('/kayenta/standalone_canary_analysis/c1')
        .send(body);

      assert.equal(answer.status, 400);
      assert.match(answer.body.detail, issue);
    });
});

describe("Kayenta's remote judge", () => {
  const judging = async (body: unknown) => writeJudgement(judgeRequest(body));
  const wobble = (level: number): number[] =>
    Array.from({ length: 60 }, (_, index) => level + ((index * 7) % 5));
  const pair = (control: unknown, experiment: unknown) => ({
    name: 'p99 latency',
    id: 'pair-1',
    tags: { zone: 'a' },
    values: { control, experiment },
    scopes: { control: { stepMillis: 60_000 }, experiment: {} },
    attributes: {},
  });
  const judge = (
    name: string,
    control: unknown,
    experiment: unknown,
    scoreThresholds: object = { pass: 90, marginal: 75 },
  ) =>
    request(makeApi({ judging }).handler)
      .post('/kayenta/t/token/judge')
      .send({
        canaryConfig: makeCanaryConfig({ judge: { name, judgeConfigurations: {} } }),
        scoreThresholds,
        metricSetPairList: [pair(control, experiment)],
      });

  for (const name of ['NetflixACAJudge-v1.0', 'RemoteJudge-v1.0', 'Serin-v1.0']) {
    it(`passes what is alike and fails what is worse by ${name}`, async () => {
      const alike = await judge(name, wobble(100), wobble(100));
      const worse = await judge(name, wobble(100), wobble(200));

      assert.equal(alike.status, 200, alike.text);
      assert.equal(alike.body.judgeName, name);
      assert.equal(alike.body.score.classification, 'Pass');
      assert.ok(alike.body.score.score >= 90);
      const [result] = worse.body.results;
      assert.equal(worse.body.score.classification, 'Fail');
      assert.ok(worse.body.score.score < 75);
      assert.deepEqual(
        [result.name, result.id, result.tags, result.classification, result.critical],
        ['p99 latency', 'pair-1', { zone: 'a' }, 'High', true],
      );
      assert.equal(result.controlMetadata.stats.count, 60);
      assert.doesNotMatch(worse.text, /null|NaN/);
    });
  }

  it('takes NaN as Java writes it, and says Marginal of what it cannot tell', async () => {
    const { body } = await judge('RemoteJudge-v1.0', new Array(10).fill('NaN'), wobble(100).slice(0, 8));

    assert.equal(body.score.classification, 'Marginal');
    assert.ok(body.score.score > 75 && body.score.score < 90);
    assert.equal(body.results[0].classification, 'Nodata');
  });

  it('tells what is wrong by its path', async () => {
    const unknown = await request(makeApi({ judging }).handler)
      .post('/kayenta/judge')
      .send({
        canaryConfig: makeCanaryConfig(),
        metricSetPairList: [{ name: 'cpu', values: { control: ['x'] } }],
      });
    const other = await judge('Serin-v1.0', [1], [1], { pass: 10, marginal: 20 });

    assert.match(unknown.body.detail, /metricSetPairList\[0\]\.values\.control\[0\]: found "x"/);
    assert.match(other.body.detail, /scoreThresholds\.marginal/);
  });

  it('refuses a metric that the config does not have, and too many values', async () => {
    const stranger = await request(makeApi({ judging }).handler)
      .post('/kayenta/judge')
      .send({
        canaryConfig: makeCanaryConfig({ judge: { name: 'Serin-v1.0' } }),
        metricSetPairList: [{ ...pair([1], [1]), name: 'cpu' }],
      });
    const many = await judge('Serin-v1.0', new Array(200_001).fill(1), []);

    assert.match(
      stranger.body.detail,
      /metricSetPairList\[0\]\.name: found "cpu"; the metrics of the config are p99 latency/,
    );
    assert.match(many.body.detail, /has 200001 values in all; at most 200000/);
  });
});
