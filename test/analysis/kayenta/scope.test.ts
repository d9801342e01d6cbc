import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CanaryScope, scopeVariables } from '../../../src/analysis/kayenta/scope.ts';

function read(scope: string, changes: Partial<CanaryScope> = {}) {
  const whole = { scope, location: null, start: 0, end: 1, step: null, extendedScopeParams: {}, ...changes };
  return scopeVariables(whole, null);
}

describe('a scope of Kayenta as variables', () => {
  it("reads Argo's pairs, its hash also under the name that Prometheus has for it", () => {
    assert.deepEqual(read('app=guestbook and rollouts-pod-template-hash=xxxx'), {
      app: 'guestbook',
      'rollouts-pod-template-hash': 'xxxx',
      rollouts_pod_template_hash: 'xxxx',
      pod_template_hash: 'xxxx',
      scope: 'app=guestbook and rollouts-pod-template-hash=xxxx',
    });
  });

  for (const [text, pairs] of [
    ['app:guestbook', { app: 'guestbook' }],
    ['app = "guest book", tier=\'web\'', { app: 'guest book', tier: 'web' }],
    ['a=b=c AND d=e', { a: 'b=c', d: 'e' }],
    ['app.kubernetes.io/name=shop', { 'app.kubernetes.io/name': 'shop', app_kubernetes_io_name: 'shop' }],
    ['server-group-v001', {}],
    ['http://host:80', {}],
    ['app=shop or tier=web', { app: 'shop or tier=web' }],
    ['=x', {}],
    ['', {}],
  ] as const)
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(read(text), { ...pairs, scope: text });
    });

  it('tells the region under both of its names', () => {
    const { location, region } = read('canary', { location: 'us-west-2' });

    assert.deepEqual([location, region], ['us-west-2', 'us-west-2']);
  });

  it('lets extended parameters win over pairs, and nothing over the text itself', () => {
    const variables = read('app=shop', { extendedScopeParams: { app: 'other', scope: 'x', pod: 'p' } });

    assert.deepEqual(variables, { app: 'other', pod: 'p', scope: 'app=shop' });
  });

  it('keeps what the configuration says of the arm where the request says nothing', () => {
    const scope = { scope: 'hash=a', location: null, start: 0, end: 1, step: null, extendedScopeParams: {} };

    assert.deepEqual(scopeVariables(scope, { namespace: 'shop', hash: 'configured' }), {
      namespace: 'shop',
      hash: 'a',
      scope: 'hash=a',
    });
  });

  it('always gives the whole text, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => read(text)['scope'] === text));
  });
});
