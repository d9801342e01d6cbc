import assert from 'node:assert/strict';
import request from 'supertest';
import type { GateQuestion, Gates } from '../../src/gate/gates.ts';
import { makeApi } from '../support/api.ts';

const answer = {
  allowed: false,
  decision: 'restrict',
  verdict: null,
  reasons: ['there is no analysis of v2 of checkout in staging'],
  analysisId: null,
} as const;

function makeGatesApi() {
  const asked: GateQuestion[] = [];
  const evaluate: Gates['evaluate'] = async (question) => {
    asked.push(question);
    return answer;
  };
  return { api: makeApi({ gates: { evaluate } }), asked };
}

describe('POST /v1/gates/evaluate', () => {
  it('answers whether a change may go on, and why', async () => {
    const { api, asked } = makeGatesApi();
    const body = { service: 'checkout', environment: 'production', change: { version: 'v2' } };

    const response = await request(api.handler).post('/v1/gates/evaluate').send(body);

    assert.equal(response.status, 200);
    assert.deepEqual(response.body, answer);
    assert.deepEqual(asked, [{ ...body, analysisId: null }]);
  });

  it('takes an analysis instead of a change', async () => {
    const { api, asked } = makeGatesApi();
    const body = { service: 'checkout', environment: 'production', analysisId: 'a1' };
    const response = await request(api.handler).post('/v1/gates/evaluate').send(body);
    assert.equal(response.status, 200);
    assert.equal(asked[0]?.analysisId, 'a1');
  });

  it('refuses a question that names nothing, lacks its place, or says an unknown word', async () => {
    const { api, asked } = makeGatesApi();
    const place = { service: 'checkout', environment: 'production' };
    for (const [body, path] of [
      [place, 'change'],
      [{ ...place, change: { kind: 'hotfix' } }, 'change'],
      [{ environment: 'production', change: { version: 'v2' } }, 'service'],
      [{ ...place, change: { version: 'v2' }, policy: 'lax' }, 'policy'],
    ] as const) {
      const response = await request(api.handler).post('/v1/gates/evaluate').send(body);
      assert.equal(response.status, 400);
      assert.equal(response.body.errors[0].path, path);
    }
    assert.deepEqual(asked, []);
  });
});
