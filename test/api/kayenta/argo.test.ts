import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import request from 'supertest';
import type { CanaryView } from '../../../src/analysis/kayenta/canaries.ts';
import type { CanaryRequest } from '../../../src/analysis/kayenta/canary-request.ts';
import { deferredId, newExecutionId } from '../../../src/analysis/kayenta/execution-id.ts';
import type { Execution } from '../../../src/analysis/kayenta/kayenta-store.ts';
import type { Run } from '../../../src/analysis/run.ts';
import { makeToken } from '../../../src/auth/token.ts';
import { SerinError } from '../../../src/errors.ts';
import { makeApi, makeTimers, type TestApi } from '../../support/api.ts';
import {
  assessPoll,
  assessStart,
  findConfig,
  type KayentaMetric,
  lookupPath,
  type Measurement,
  startBody,
  startPath,
} from '../../support/argo-kayenta.ts';
import { makeFinding, makeJudgement } from '../../support/judgements.ts';
import { makePlan, makeRun, start } from '../../support/plans.ts';
import { newSignal } from '../../support/signal.ts';

const thresholds = { pass: 90, marginal: 75 };
const metric: KayentaMetric = {
  application: 'checkout',
  canaryConfigName: 'http',
  metricsAccountName: 'prometheus',
  configurationAccountName: 's3',
  storageAccountName: 's3',
  threshold: thresholds,
  scopes: [
    {
      name: 'default',
      controlScope: { scope: 'app=checkout and rollouts-pod-template-hash=old', region: 'eu', step: 60 },
      experimentScope: { scope: 'app=checkout and rollouts-pod-template-hash=new', region: 'eu', step: 60 },
    },
  ],
};
const at = { now: start + 600_000, interval: 300_000, startedAt: start, lookback: true };

function makeExecution(changes: Partial<Execution> = {}): Execution {
  return {
    id: newExecutionId(thresholds),
    kind: 'canary',
    runId: makeRun().id,
    application: 'checkout',
    createdAt: start,
    start,
    end: start + 600_000,
    thresholds,
    configId: 'template-http',
    configName: 'http',
    judgeName: 'Serin-v1.0',
    metrics: [],
    accounts: { metrics: 'prometheus', configuration: null, storage: 's3' },
    parentPipelineExecutionId: null,
    request: { scopes: {} },
    concluded: null,
    ...changes,
  };
}

type Kayenta = TestApi['deps']['kayenta'];

/** An API whose only execution is answered by `run`; what it was asked for is kept. */
function makeKayenta(run: () => Run | Promise<Run>, changes: Partial<Kayenta['canaries']> = {}) {
  const asked: CanaryRequest[] = [];
  const execution = makeExecution();
  const { deps } = makeApi();
  const kayenta: Kayenta = {
    ...deps.kayenta,
    configs: {
      ...deps.kayenta.configs,
      list: async (applications) =>
        applications.length === 0 || applications.includes('checkout')
          ? [{ id: 'template-http', name: 'http', applications: ['checkout'], updatedAt: start }]
          : [],
    },
    canaries: {
      ...deps.kayenta.canaries,
      start: async (wanted) => {
        asked.push(wanted);
        return execution.id;
      },
      get: async (): Promise<CanaryView> => ({ execution, run: await run() }),
      ...changes,
    },
  };
  return { kayenta, asked, execution };
}

/** One measurement as Argo takes it, from the look-up to the first poll, under a prefix of its address. */
async function measure(
  { handler }: Pick<TestApi, 'handler'>,
  prefix = '/kayenta',
  one: KayentaMetric = metric,
): Promise<Measurement> {
  const failed: Measurement = { phase: 'Error', value: '', executionId: '' };
  const lookup = await request(handler).get(prefix + lookupPath(one));
  const id = findConfig({ status: lookup.status, text: lookup.text }, one.canaryConfigName);
  if (id === null) return failed;
  const posted = await request(handler)
    .post(prefix + startPath(one, id))
    .set('Content-Type', 'application/json')
    .send(startBody(one, at));
  const started = assessStart({ status: posted.status, text: posted.text });
  if (started.phase === 'Error') return failed;
  const polled = await request(handler).get(`${prefix}/canary/${started.executionId}`);
  return assessPoll({ status: polled.status, text: polled.text }, one.threshold);
}

function concluded(verdict: Run['verdict'], changes: Partial<Run> = {}): Run {
  return makeRun({
    phase: 'concluded',
    verdict,
    judgedVerdict: verdict,
    score: 50,
    concludedAt: start + 630_000,
    judgement: makeJudgement(verdict),
    ...changes,
  });
}

describe('the kayenta metric of Argo Rollouts', () => {
  const kayentaPlan = makePlan({
    judge: 'kayenta',
    metrics: [{ name: 'cpu', kind: 'gauge', provider: 'synthetic', query: 'cpu' }],
  });
  for (const [judge, plan] of [
    ['the sequential judge', makePlan()],
    ["Kayenta's rule", kayentaPlan],
  ] as const)
    for (const prefix of ['/kayenta', '/kayenta/t/s3cr3t'])
      for (const [what, run, phase] of [
        ['a pass', concluded('pass', { plan }), 'Successful'],
        ['a fail', concluded('fail', { plan }), 'Failed'],
        ['an inconclusive end', concluded('inconclusive', { plan }), 'Inconclusive'],
        ['a cancelled run', concluded('inconclusive', { plan, phase: 'cancelled' }), 'Inconclusive'],
        ['a run under way', makeRun({ plan, phase: 'running' }), 'Running'],
      ] as const)
        it(`measures ${phase} for ${what} of ${judge} under ${prefix}`, async () => {
          const { kayenta } = makeKayenta(() => run);

          assert.equal((await measure(makeApi({ kayenta }), prefix)).phase, phase);
        });

  it('asks the use case for what Argo sends', async () => {
    const { kayenta, asked } = makeKayenta(() => makeRun());
    await measure(makeApi({ kayenta }));

    const [{ scopes, ...rest } = asked[0]!] = asked;
    assert.deepEqual(scopes['default']?.experiment, {
      scope: 'app=checkout and rollouts-pod-template-hash=new',
      location: 'eu',
      start,
      end: start + 600_000,
      step: 60_000,
      extendedScopeParams: {},
    });
    assert.equal(scopes['default']?.control.scope, 'app=checkout and rollouts-pod-template-hash=old');
    assert.deepEqual(rest.config, { id: 'template-http' });
    assert.deepEqual(rest.thresholds, thresholds);
    assert.equal(rest.application, 'checkout');
    assert.deepEqual(rest.accounts, { metrics: 'prometheus', configuration: 's3', storage: 's3' });
  });

  it('measures Error for a config that is not there, whose look-up is an empty array', async () => {
    const { kayenta } = makeKayenta(() => makeRun());
    const api = makeApi({ kayenta });

    assert.equal((await measure(api, '/kayenta', { ...metric, canaryConfigName: 'x' })).phase, 'Error');
    const { status, body } = await request(api.handler).get('/kayenta/canaryConfig?application=pay');
    assert.deepEqual([status, body], [200, []]);
  });

  it('takes values as Argo writes them into addresses, which is as they are', async () => {
    const odd = {
      ...metric,
      application: 'checkout',
      storageAccountName: "a:b/c@d'e;f=[g]&unknown=1&empty=",
    };
    const { kayenta, asked } = makeKayenta(() => concluded('pass'));

    assert.equal((await measure(makeApi({ kayenta }), '/kayenta', odd)).phase, 'Successful');
    assert.equal(asked[0]?.accounts.storage, "a:b/c@d'e;f=[g]");
  });

  it('takes empty accounts, numbers as strings and no Content-Type', async () => {
    const { kayenta, asked } = makeKayenta(() => makeRun());
    const body = startBody(metric, at).replaceAll(':60', ':"60"').replace(':90', ':"90"');

    const { status } = await request(makeApi({ kayenta }).handler)
      .post('/kayenta/canary/template-http?application=checkout&metricsAccountName=&storageAccountName=')
      .set('Content-Type', '')
      .send(body);

    assert.equal(status, 200);
    assert.equal(asked[0]?.scopes['default']?.control.step, 60_000);
    assert.deepEqual(asked[0]?.thresholds, thresholds);
    assert.deepEqual(asked[0]?.accounts, { metrics: null, configuration: null, storage: null });
  });

  for (const [what, error, status] of [
    ['an unknown service', new SerinError('unknown_service', 'service: found "x"'), 400],
    ['a service outside the scope', new SerinError('forbidden', 'service: found "x"'), 403],
  ] as const)
    it(`measures Error for ${what}, with the reason where clients of Kayenta look for it`, async () => {
      const { kayenta } = makeKayenta(() => makeRun(), { start: () => Promise.reject(error) });
      const api = makeApi({ kayenta });

      assert.equal((await measure(api)).phase, 'Error');
      const answer = await request(api.handler)
        .post('/kayenta/canary/template-http')
        .send(JSON.parse(startBody(metric, at)));
      assert.equal(answer.status, status);
      assert.equal(answer.body.message, error.message);
    });

  it('measures Error for a bad token', async () => {
    const { kayenta } = makeKayenta(() => concluded('pass'));
    const identify = async () => ({ refused: 'unknown' as const, message: 'the token is not known' });

    const api = makeApi({ kayenta, authentication: { identify } });

    assert.equal((await measure(api, '/kayenta/t/wrong')).phase, 'Error');
  });

  it('refuses what it does not know in a request', async () => {
    const body = { ...JSON.parse(startBody(metric, at)), tresholds: {} };

    const answer = await request(makeApi().handler).post('/kayenta/canary/x').send(body);

    assert.equal(answer.status, 400);
    assert.match(answer.body.detail, /tresholds: unknown key; allowed are scopes, thresholds/);
  });
});

describe('the kayenta metric while Serin itself fails', () => {
  const away = new SerinError('store_unavailable', 'the database is away');

  it('goes on Running for the grace, is then Inconclusive, and starts anew after a success', async () => {
    let now = start;
    let isAway = true;
    const { kayenta } = makeKayenta(() => {
      if (isAway) throw away;
      return makeRun();
    });
    const api = makeApi({ kayenta, now: () => now });
    const poll = async (minutes: number): Promise<string> => {
      now = start + minutes * 60_000;
      return (await measure(api)).phase;
    };

    assert.equal(await poll(0), 'Running');
    assert.equal(await poll(14), 'Running');
    assert.equal(await poll(15), 'Inconclusive');
    isAway = false;
    assert.equal(await poll(16), 'Running');
    isAway = true;
    assert.equal(await poll(17), 'Running');
  });

  it('stays Running where the thresholds leave no room for inconclusive', async () => {
    let now = start;
    const tight = { pass: 90, marginal: 90 };
    const { kayenta } = makeKayenta(() => Promise.reject(away));
    const api = makeApi({ kayenta, now: () => now });

    for (const minutes of [0, 20, 40]) {
      now = start + minutes * 60_000;
      const { status, text } = await request(api.handler).get(`/kayenta/canary/${newExecutionId(tight)}`);
      assert.equal(assessPoll({ status, text }, tight).phase, 'Running');
    }
  });

  it('names the cause, but not the message of an unforeseen error', async () => {
    const { kayenta } = makeKayenta(() => Promise.reject(new TypeError('s3cr3t')));
    const { kayenta: known } = makeKayenta(() => Promise.reject(away));
    const path = `/kayenta/canary/${newExecutionId(thresholds)}`;

    const unforeseen = await request(makeApi({ kayenta }).handler).get(path);

    assert.doesNotMatch(unforeseen.text, /s3cr3t/);
    assert.match(unforeseen.body.reason, new RegExp(String(unforeseen.headers['x-request-id'])));
    assert.match(
      (await request(makeApi({ kayenta: known }).handler).get(path)).body.reason,
      /database is away/,
    );
  });

  it('keeps a request in the id it answers, when it cannot be stored', async () => {
    const { kayenta } = makeKayenta(() => makeRun(), {
      start: () => Promise.reject(away),
      defer: deferredId,
      get: () => Promise.reject(away),
    });

    assert.equal((await measure(makeApi({ kayenta }))).phase, 'Running');
  });

  it('answers an error for an id that is none of ours, and where a request is too long for an id', async () => {
    const { kayenta } = makeKayenta(() => Promise.reject(away), { start: () => Promise.reject(away) });
    const api = makeApi({ kayenta });

    assert.equal((await request(api.handler).get('/kayenta/canary/made-up')).status, 503);
    assert.equal((await measure(api)).phase, 'Error');
  });

  it('does not wait for a use case that hangs', async () => {
    const timers = makeTimers();
    const called = newSignal();
    const { kayenta } = makeKayenta(() => makeRun(), {
      get: () => {
        called.give();
        return new Promise(() => {});
      },
    });
    const { handler } = makeApi({ kayenta, after: timers.after });
    const polling = request(handler)
      .get(`/kayenta/canary/${newExecutionId(thresholds)}`)
      .then((answer) => answer);
    await called.given;
    timers.fire(8_000);

    const { status, text } = await polling;

    assert.equal(assessPoll({ status, text }, thresholds).phase, 'Running');
    assert.match(text, /within 8s/);
  });

  it('goes on when a token of ours cannot be checked, and for no other credential', async () => {
    const { kayenta } = makeKayenta(() => makeRun());
    const api = makeApi({ kayenta, authentication: { identify: () => Promise.reject(away) } });
    const phases = [];
    for (const token of [makeToken(randomBytes), 'serin_typo', 'else']) {
      const address = `/kayenta/t/${token}/canary/${newExecutionId(thresholds)}`;
      const { status, text } = await request(api.handler).get(address);
      phases.push(assessPoll({ status, text }, thresholds).phase);
    }

    assert.deepEqual(phases, ['Running', 'Error', 'Error']);
  });
});

describe('the status of an execution', () => {
  it('has everything that orca reads, and no null', async () => {
    const findings = [
      makeFinding({ metric: 'p99-latency', verdict: 'fail', effect: 0.5, critical: true }),
      makeFinding({ metric: 'cpu', verdict: 'pass', effect: null }),
      makeFinding({ metric: 'gone', verdict: 'inconclusive', obstacle: 'no_data' }),
      makeFinding({ metric: 'broken', verdict: 'inconclusive', obstacle: 'error' }),
    ];
    const run = concluded('fail', {
      reason: 'p99 latency: slower',
      judgement: { ...makeJudgement('fail'), findings },
    });
    const execution = makeExecution({
      metrics: [{ name: 'p99 latency', planName: 'p99-latency', groups: ['latency'] }],
      parentPipelineExecutionId: 'pipeline-1',
      request: { scopes: { default: {} }, thresholds },
    });
    const { kayenta } = makeKayenta(() => run, { get: async () => ({ execution, run }) });

    const { body, text } = await request(makeApi({ kayenta }).handler).get(
      `/kayenta/canary/${execution.id}?storageAccountName=s3`,
    );

    assert.doesNotMatch(text, /null|NaN/);
    assert.equal(body.complete, true);
    assert.equal(body.status, 'succeeded');
    assert.equal(body.application, 'checkout');
    assert.equal(body.parentPipelineExecutionId, 'pipeline-1');
    assert.deepEqual(body.canaryExecutionRequest, { scopes: { default: {} }, thresholds });
    assert.equal(body.startTimeIso, '2026-01-01T00:00:00.000Z');
    assert.equal(body.endTimeIso, '2026-01-01T00:10:30.000Z');
    const { judgeResult, canaryDuration } = body.result;
    assert.equal(canaryDuration, 'PT10M');
    assert.deepEqual(judgeResult.score, {
      score: 50,
      classification: 'Fail',
      classificationReason: 'p99 latency: slower',
    });
    assert.deepEqual(
      judgeResult.results.map((one: Record<string, unknown>) => [
        one['name'],
        one['classification'],
        one['critical'],
      ]),
      [
        ['p99 latency', 'High', true],
        ['cpu', 'Pass', false],
        ['gone', 'Nodata', false],
        ['broken', 'Error', false],
      ],
    );
    assert.deepEqual(judgeResult.results[0].resultMetadata, { ratio: 1.5 });
    assert.deepEqual(judgeResult.results[1].resultMetadata, {});
    assert.equal(judgeResult.results[0].controlMetadata.stats.count, 3);
    assert.deepEqual(judgeResult.groupScores, [
      { name: 'latency', score: 0, classification: '', classificationReason: '' },
    ]);
  });
});
