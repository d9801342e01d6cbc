import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Writable } from 'node:stream';
import request from 'supertest';
import { judgeRequest } from '../../src/analysis/judging.ts';
import type { Judging } from '../../src/api/judge.ts';
import { writeJudgement } from '../../src/api/judgement.ts';
import { SerinError } from '../../src/errors.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { counts, flat, noisy } from '../judge/inputs.ts';
import { listen, makeApi } from '../support/api.ts';

type Body = Record<string, unknown>;
type Issue = { readonly path: string; readonly message: string };

const arm = (seed: number) => ({ events: counts(seed, 10), total: flat(1000) });
const good: Body = {
  plan: { metrics: [{ name: 'errors', kind: 'ratio' }] },
  stepSeconds: 60,
  samples: { errors: { canary: arm(1), baseline: arm(2) } },
};

/** Judges in this thread; `asked` is what it was given. */
function judgeHere(): { readonly judging: Judging; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    judging: async (body) => {
      asked.push(body);
      return writeJudgement(judgeRequest(body));
    },
  };
}

const post = (body: string | object, judging: Judging = judgeHere().judging) =>
  request(makeApi({ judging }).handler)
    .post('/v1/judge')
    .set('Content-Type', 'text/plain')
    .send(typeof body === 'string' ? body : JSON.stringify(body));

const issuesOf = async (body: object): Promise<readonly string[]> => {
  const answer = await post(body);
  assert.equal(answer.status, 400);
  return (answer.body.errors as Issue[]).map(({ path, message }) => `${path}: ${message}`);
};

describe('what POST /v1/judge takes', () => {
  it('is JSON whatever its type, numbers as text, and "" as absent', async () => {
    const { judging, asked } = judgeHere();
    const texts = { events: counts(1, 10).map(String), total: flat('1000') };
    const samples = { errors: { canary: texts, baseline: arm(2) } };

    const answer = await post({ ...good, samples, stepSeconds: '60', looks: '', history: null }, judging);

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(answer.body, (await post(good)).body);
    assert.deepEqual(Object.keys(asked[0] as object).sort(), ['plan', 'samples', 'stepSeconds']);
  });

  it('may be larger than other bodies, up to 4 MiB', async () => {
    const steps = 20_000;
    const latency = { canary: noisy(1, 100, 0.1, steps), baseline: noisy(2, 100, 0.1, steps) };
    const plan = { metrics: [{ name: 'latency', kind: 'gauge' }] };
    const large = JSON.stringify({ plan, stepSeconds: 60, samples: { latency } });
    assert.ok(large.length > 512 * 1024);

    const answer = await post(large);
    const tooLarge = await post(large.padEnd(4 * 1024 * 1024 + 1));
    const elsewhere = await request(makeApi().handler).post('/v1/analyses').send(large);

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.steps, steps);
    assert.deepEqual([tooLarge.status, elsewhere.status], [413, 413]);
    assert.match(tooLarge.body.detail, /at most 4096 KiB/);
    assert.match(elsewhere.body.detail, /at most 256 KiB/);
  });

  it('is refused in the words of every other request where its frame is wrong', async () => {
    const { plan: _, ...planless } = good;

    assert.deepEqual(await issuesOf({ ...good, lokks: 'each' }), [
      'lokks: unknown key; allowed are plan, samples, stepSeconds, looks, history',
    ]);
    assert.deepEqual(await issuesOf(planless), ['plan: is missing']);
    assert.deepEqual(await issuesOf({ ...good, looks: 'all' }), [
      'looks: found "all"; allowed are each, last',
    ]);
    assert.deepEqual(await issuesOf({ ...good, stepSeconds: 0 }), ['stepSeconds: found 0; must be >= 1']);
  });

  it('is told once what several shapes object to', async () => {
    const samples = { errors: { canary: 5, baseline: arm(2) } };

    assert.deepEqual(await issuesOf({ ...good, samples }), [
      'samples.errors.canary: found 5; must be array',
      'samples.errors.canary: found 5; must be object',
    ]);
  });

  it('is refused by the judge where the samples or the plan are wrong', async () => {
    const samples = { errors: { canary: { ...arm(1), total: flat(true) }, baseline: arm(2) }, x: {} };
    const plan = { metrics: [{ name: 'errors', kind: 'ratios' }] };

    const issues = await issuesOf({ ...good, samples });
    assert.deepEqual(issues.slice(0, 2), [
      'samples.x: is not a metric of the plan; its metrics are errors',
      'samples.errors.canary.total[0]: found true; a finite number or null is needed',
    ]);
    assert.deepEqual(await issuesOf({ ...good, plan }), [
      'plan.metrics[0].kind: found "ratios"; allowed are gauge, ratio, count, histogram, limit',
    ]);
  });
});

describe('POST /v1/judge when it cannot judge', () => {
  it('asks to come again when too many wait', async () => {
    const answer = await post(good, () => Promise.reject(new SerinError('overloaded', 'too many wait')));

    assert.equal(answer.status, 503);
    assert.equal(answer.body.code, 'overloaded');
    assert.equal(answer.headers['retry-after'], '5');
  });

  it('lets go of what waits when the server drains, and when the caller leaves', async () => {
    const signals: AbortSignal[] = [];
    const logged: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk));
        done();
      },
    });
    const judging: Judging = (_body, signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new SerinError('shutting_down', 'ask again')));
      });
    };
    const api = makeApi({ judging, logger: createLogger('error', stream) });
    const server = await listen(api);
    const ask = () => {
      const asked = httpRequest(`${server.url}/v1/judge`, { method: 'POST' });
      asked.on('error', () => {});
      asked.end(JSON.stringify(good));
      return asked;
    };
    const untilAsked = async (count: number): Promise<AbortSignal> => {
      while (signals.length < count) await new Promise((resolve) => setImmediate(resolve));
      const signal = signals[count - 1];
      assert.ok(signal !== undefined);
      return signal;
    };
    try {
      const leaving = ask();
      const signal = await untilAsked(1);
      leaving.destroy();
      if (!signal.aborted) await once(signal, 'abort');
      const staying = ask();
      await untilAsked(2);
      assert.deepEqual(logged, []);

      api.drain();
      const [answer] = await once(staying, 'response');

      assert.equal(answer.statusCode, 503);
    } finally {
      await server.close();
    }
  });
});
