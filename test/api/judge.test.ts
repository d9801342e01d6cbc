import assert from 'node:assert/strict';
import request from 'supertest';
import { judgeText } from '../../src/judge-text.ts';
import { createJudging } from '../../src/judging.ts';
import { counts, flat, noisy } from '../judge/inputs.ts';
import { makeApi } from '../support/api.ts';

const total = flat(1000);
const plan = {
  metrics: [
    { name: 'errors', kind: 'ratio', critical: true },
    { name: 'latency', kind: 'gauge' },
  ],
};

function body(errorsOfCanary: number, changes: Record<string, unknown> = {}) {
  return {
    plan,
    stepSeconds: 60,
    samples: {
      errors: {
        canary: { events: counts(1, errorsOfCanary), total },
        baseline: { events: counts(2, 10), total },
      },
      latency: { canary: noisy(3, 100, 0.05), baseline: noisy(4, 100, 0.05) },
    },
    ...changes,
  };
}

describe('POST /v1/judge', () => {
  const { judging, close } = createJudging();
  const { handler } = makeApi({ judging });
  after(close);
  const post = (value: unknown) =>
    request(handler)
      .post('/v1/judge')
      .send(value as object);

  it('judges samples at hand', async () => {
    const answer = await post(body(10)).expect(200);
    assert.equal(answer.body.verdict, 'pass');
    assert.equal(answer.body.findings.length, 2);
    assert.equal(answer.body.findings[0].metric, 'errors');
    assert.equal('trajectory' in answer.body, false);
  });

  it('gives the trajectory, overall and of each metric, and the look that fails', async () => {
    const { body: answer } = await post(body(60, { looks: 'each' })).expect(200);
    assert.equal(answer.verdict, 'fail');
    assert.equal(answer.trajectory.length, 30);
    assert.equal(answer.trajectory[answer.failedAt - 1].verdict, 'fail');
    assert.equal(answer.findings[0].failedAt, answer.failedAt);
    assert.equal(answer.findings[1].failedAt, null);
  });

  it('says what the command line says, to the letter', async () => {
    const text = JSON.stringify(body(20, { looks: 'each' }));
    const { body: answer } = await post(JSON.parse(text)).expect(200);
    const reply = judgeText({ text, looks: null });
    assert.equal(reply.kind === 'judged' ? reply.text : reply.kind, JSON.stringify(answer));
  });

  it('judges histograms, limits, pods, and by Kayenta’s rule', async () => {
    const le = [0.1, 0.5, '+Inf'];
    const buckets = flat([700, 250, 50]);
    const answer = await post({
      plan: {
        metrics: [
          { name: 'spread', kind: 'histogram' },
          { name: 'availability', kind: 'limit', max: 0.01 },
          { name: 'cpu', kind: 'gauge', per: 'pod', margin: 0.1 },
        ],
      },
      stepSeconds: 60,
      samples: {
        spread: { canary: { le, buckets }, baseline: { le, buckets } },
        availability: { canary: flat(0.001) },
        cpu: {
          canary: { pods: { a: noisy(1, 1, 0.05), b: noisy(2, 1, 0.05) } },
          baseline: { pods: { c: noisy(3, 1, 0.05), d: noisy(4, 1, 0.05) } },
        },
      },
    }).expect(200);
    assert.equal(answer.body.verdict, 'pass', answer.body.reason);
    assert.deepEqual(answer.body.findings[2].noise.pods, { canary: 2, baseline: 2 });
    const kayenta = await post(body(60, { plan: { ...plan, judge: 'kayenta' } })).expect(200);
    assert.equal(kayenta.body.verdict, 'fail');
    assert.match(kayenta.body.reason, /Kayenta's score is 0, Fail/);
  });

  it('names what is wrong by its path', async () => {
    const wrong = body(10);
    (wrong.samples.errors.canary.events as unknown[])[3] = 'many';
    const answer = await post(wrong).expect(400);
    assert.equal(answer.type, 'application/problem+json');
    assert.match(JSON.stringify(answer.body.errors), /samples\.errors\.canary\.events\[3\]/);
    await post({ ...body(10), samples: {} }).expect(400);
    await post({ ...body(10), plan: { metrics: [] } }).expect(400);
  });
});
