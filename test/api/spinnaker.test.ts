import assert from 'node:assert/strict';
import request from 'supertest';
import { SerinError } from '../../src/errors.ts';
import { makeApi, makeRuns, recordStarts } from '../support/api.ts';
import { knowCallers, makeCaller } from '../support/callers.ts';
import { makeRun } from '../support/plans.ts';

const path = '/v1/hooks/spinnaker/analysis';
const body = { key: '01JD/canary', service: 'checkout', environment: 'production' };
const { id } = makeRun();

describe("the request of Spinnaker's webhook stage", () => {
  it('is answered 201 with an absolute address under the public one, in body and Location', async () => {
    const { runs, started } = recordStarts();

    const answer = await request(makeApi({ runs }).handler).post(path).send(body);

    assert.equal(answer.status, 201);
    assert.equal(answer.body.statusUrl, `https://serin.example${path}/${id}`);
    assert.equal(answer.headers['location'], answer.body.statusUrl);
    assert.equal(answer.body.reportUrl, `https://serin.example/analyses/${id}`);
    assert.deepEqual([answer.body.status, typeof answer.body.progress], ['running', 'string']);
    assert.deepEqual([started[0]?.key, started[0]?.polled], ['01JD/canary', true]);
  });

  it('gets an address under the host that was asked where no public one is configured', async () => {
    const { handler } = makeApi({ publicUrl: null, hostNames: null });
    const answer = await request(handler).post(path).set('Host', 'serin.shop.svc:8080').send(body);

    assert.equal(answer.body.statusUrl, `http://serin.shop.svc:8080${path}/${id}`);
  });

  it('is a 503 while Serin cannot judge, which orca repeats', async () => {
    const away = new SerinError('store_unavailable', 'the database is away');
    const runs = makeRuns({ start: () => Promise.reject(away), find: () => Promise.reject(away) });
    const { handler } = makeApi({ runs });

    assert.equal((await request(handler).post(path).send(body)).status, 503);
    assert.equal((await request(handler).get(`${path}/${id}`)).status, 503);
  });
});

describe("the status of Spinnaker's webhook stage", () => {
  for (const verdict of ['running', 'pass', 'fail', 'inconclusive'] as const)
    it(`says ${verdict} as one word, and how far it is as text`, async () => {
      const runs = makeRuns({}, [makeRun({ verdict, looks: 1, reason: 'errors: fine' })]);

      const answer = await request(makeApi({ runs }).handler).get(`${path}/${id}`);

      assert.equal(answer.status, 200);
      assert.equal(answer.body.status, verdict);
      assert.equal(answer.body.progress, `1 look, ${verdict}: errors: fine`);
    });

  it('is a 404 only where there is no such analysis, and a 403 outside the scope', async () => {
    const authentication = knowCallers([makeCaller('read', ['search'])]);

    const unknown = await request(makeApi().handler).get(`${path}/nope`);
    const foreign = await request(makeApi({ authentication }).handler)
      .get(`${path}/${id}`)
      .set('Authorization', 'Bearer read');

    assert.deepEqual([unknown.status, foreign.status], [404, 403]);
  });
});

describe("the cancellation of Spinnaker's webhook stage", () => {
  it('cancels the analysis of that key, and takes one of which there is nothing', async () => {
    const cancelled: string[] = [];
    const runs = makeRuns(
      {
        cancel: async (one) => {
          cancelled.push(one);
          return makeRun();
        },
      },
      [makeRun({ key: '01JD/canary' })],
    );
    const { handler } = makeApi({ runs });

    const known = await request(handler).post(`${path}/cancel`).send(body);
    const unknown = await request(handler)
      .post(`${path}/cancel`)
      .send({ ...body, key: 'other' });

    assert.deepEqual([known.status, unknown.status], [202, 202]);
    assert.deepEqual(cancelled, [id]);
  });
});
