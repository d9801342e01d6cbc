import assert from 'node:assert/strict';
import fc from 'fast-check';
import request from 'supertest';
import { readQuery } from '../../src/api/flagger/prometheus.ts';
import { hasCode, SerinError } from '../../src/errors.ts';
import { makeApi, makeRuns } from '../support/api.ts';
import { knowCallers, makeCaller } from '../support/callers.ts';
import { makeRun, start } from '../support/plans.ts';

const path = '/v1/flagger/prometheus/api/v1/query';

/** As Flagger's provider reads an answer: a text in a pair, the last result; `null` is ErrNoValuesFound. */
function readAsFlagger(text: string): number | null {
  const { data } = JSON.parse(text) as { data: { result: { value: unknown[] }[] } };
  let value: number | null = null;
  for (const one of data.result) {
    assert.equal(one.value.length, 2, 'a shorter pair would make Flagger panic');
    if (typeof one.value[1] === 'string') value = Number(one.value[1]);
  }
  return value === null || Number.isNaN(value) ? null : value;
}

const rollout = { uid: 'u', revision: '1', namespace: 'test', name: 'podinfo' };

describe("the façade for Flagger's provider prometheus", () => {
  it('is online: vector(1) is 1', async () => {
    const answer = await request(makeApi().handler).get(path).query({ query: 'vector(1)' });

    assert.deepEqual(answer.body, {
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: {}, value: [start / 1000, '1'] }] },
    });
    assert.equal(readAsFlagger(answer.text), 1);
  });

  for (const [verdict, value, title] of [
    ['pass', 1, 'reads 1 when the newest analysis says pass'],
    ['running', 1, 'reads 1 when the newest analysis says running'],
    ['fail', 0, 'reads 0 when the newest analysis says fail'],
    ['inconclusive', null, 'reads no value when the newest analysis says inconclusive'],
  ] as const)
    it(title, async () => {
      const runs = makeRuns({}, [makeRun({ verdict, rollout }), makeRun({ verdict: 'pass', rollout })]);

      const answer = await request(makeApi({ runs }).handler)
        .get(path)
        .query({ query: 'verdict(service="checkout", namespace="test",name="podinfo")' });

      assert.equal(answer.status, 200);
      assert.equal(readAsFlagger(answer.text), value);
    });

  it('reads no value where none has begun for that rollout', async () => {
    const runs = makeRuns({}, [makeRun({ verdict: 'pass', rollout: { ...rollout, name: 'other' } })]);

    const answer = await request(makeApi({ runs }).handler)
      .get(path)
      .query({ query: 'verdict(service="checkout",name="podinfo")' });

    assert.equal(readAsFlagger(answer.text), null);
  });

  for (const query of [
    'up',
    'vector(2)',
    'verdict()',
    'verdict(service="a"',
    'verdict(servcie="a")',
    'verdict(service=a)',
  ])
    it(`refuses ${query} as Prometheus would, with what is understood`, async () => {
      const answer = await request(makeApi().handler).get(path).query({ query });

      assert.equal(answer.status, 400);
      assert.equal(answer.body.status, 'error');
      assert.match(answer.body.error, /allowed are vector\(1\) and verdict\(service="…"\)/);
    });

  it('is a failed check, not a value, while Serin cannot judge', async () => {
    const away = new SerinError('store_unavailable', 'the database is away');
    const runs = makeRuns({ list: () => Promise.reject(away) });

    const answer = await request(makeApi({ runs }).handler)
      .get(path)
      .query({ query: 'verdict(service="a")' });

    assert.equal(answer.status, 503);
  });

  it('is a failed check without a credential, where one is needed', async () => {
    const answer = await request(makeApi({ authentication: knowCallers([makeCaller('read')]) }).handler)
      .get(path)
      .query({ query: 'vector(1)' });

    assert.equal(answer.status, 401);
  });

  it('reads back every label that was quoted, and never fails in another way than it says', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (value) => {
        const quoted = value.replace(/["\\]/g, '\\$&');
        assert.deepEqual(readQuery(`verdict(service="${quoted}")`), { service: value });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          readQuery(`verdict(${text})`);
        } catch (error) {
          assert.ok(hasCode(error, 'invalid_input'));
        }
      }),
    );
  });
});
