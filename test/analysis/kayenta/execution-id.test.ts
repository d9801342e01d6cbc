import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  deferredId,
  newExecutionId,
  readDeferred,
  thresholdsOfId,
} from '../../../src/analysis/kayenta/execution-id.ts';
import { makeCanaryRequest } from '../../support/canary-configs.ts';

describe('the id of an execution', () => {
  it('tells the thresholds, so that a poll can be answered without the database', () => {
    const percent = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(percent, percent, (a, b) => {
        const thresholds = { pass: Math.max(a, b), marginal: Math.min(a, b) };
        assert.deepEqual(thresholdsOfId(newExecutionId(thresholds)), thresholds);
      }),
    );
  });

  it('is one of its own each time, and may stand in a URL as it is', () => {
    const [one, other] = [1, 2].map(() => newExecutionId({ pass: 90.5, marginal: 75 }));

    assert.notEqual(one, other);
    assert.equal(encodeURIComponent(one ?? ''), one);
  });

  for (const id of ['', 'x', 'a_b_c', 'a_90', 'a_10_20', 'later_x', 'later_e30', '__proto__'])
    it(`is none of ours when it is ${JSON.stringify(id)}`, () => {
      assert.equal(thresholdsOfId(id), null);
    });
});

describe('a deferred request', () => {
  it('comes back whole from its id, under a short name that is always the same', () => {
    const request = makeCanaryRequest(10, { parentPipelineExecutionId: 'é 漢' });
    const id = deferredId(request) ?? '';

    const read = readDeferred(id);

    assert.equal(encodeURIComponent(id), id);
    assert.deepEqual(read?.request, request);
    assert.match(read?.keptAs ?? '', /^[0-9a-f]{32}$/);
    assert.equal(readDeferred(id)?.keptAs, read?.keptAs);
    assert.deepEqual(thresholdsOfId(id), { pass: 90, marginal: 75 });
  });

  it('is none when it is too long for a URL', () => {
    assert.equal(deferredId(makeCanaryRequest(10, { request: 'x'.repeat(6_000) })), null);
  });

  it('is not read where it has not the shape of a request', () => {
    const encode = (value: unknown) => `later_${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
    const whole = makeCanaryRequest();
    const { control } = whole.scopes['default']!;
    const wrong = [
      { ...whole, kind: 'standalone' },
      { ...whole, config: { body: {} } },
      { ...whole, scopes: { default: { control } } },
      { ...whole, scopes: { default: { control, experiment: { ...control, start: '0' } } } },
      { ...whole, scopes: { default: { control, experiment: { ...control, scope: {} } } } },
      { ...whole, accounts: { metrics: 1 } },
      [],
    ];

    assert.ok(readDeferred(encode(whole)) !== null);
    for (const one of wrong) assert.equal(readDeferred(encode(one)), null);
  });

  it('is not read from other ids, nor from one that was tampered with', () => {
    const id = deferredId(makeCanaryRequest()) ?? '';

    assert.equal(readDeferred(newExecutionId({ pass: 90, marginal: 75 })), null);
    assert.equal(readDeferred(`${id}=`), null);
    assert.equal(readDeferred('later_eyJ4'), null);
  });
});
