import assert from 'node:assert/strict';
import type { Catalog } from '../../src/analysis/catalog.ts';
import { resolveRequest } from '../../src/analysis/request.ts';
import type { StartRequest } from '../../src/analysis/runs.ts';
import { SerinError } from '../../src/errors.ts';
import { makeRequest } from '../support/analysis-house.ts';
import { makePlan, start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

const service = {
  name: 'checkout',
  aliases: ['shop/checkout'],
  team: null,
  tier: null,
  environment: 'production',
  template: 'http',
  scopes: { canary: { scenario: 'harmless' }, baseline: { scenario: 'harmless', role: 'stable' } },
  inlinePlans: false,
  callerMayLoosen: false,
};
const catalog: Catalog = {
  services: [service, { ...service, name: 'bare', aliases: [], template: null }],
  templates: new Map([['http', makePlan({ name: 'http' })]]),
  rejoinAfter: 600_000,
};
const provider = makeProvider(() => 1);
const find = (name: string) => (name === 'synthetic' ? provider : null);

function request(changes: Partial<StartRequest> = {}): StartRequest {
  return makeRequest({ key: null, change: { version: 'v1' }, ...changes });
}

function refusal(changes: Partial<StartRequest>, of: Partial<Catalog> = {}): string {
  try {
    resolveRequest(request(changes), { ...catalog, ...of }, find, start);
  } catch (error) {
    assert.ok(error instanceof SerinError, String(error));
    return `${error.code} ${error.message}`;
  }
  return 'accepted';
}

describe('resolveRequest', () => {
  it('takes template and scopes from the service', () => {
    const resolved = resolveRequest(request(), catalog, find, start);
    assert.equal(resolved.plan.name, 'http');
    assert.deepEqual(resolved.baseline, { scenario: 'harmless', role: 'stable' });
    assert.equal(resolved.start, null);
  });

  it('finds a service by an alias and calls it by its name', () => {
    assert.equal(
      resolveRequest(request({ service: 'shop/checkout' }), catalog, find, start).service,
      'checkout',
    );
  });

  it('derives the same key from the same fields and another from others', () => {
    const key = (changes: Partial<StartRequest> = {}) =>
      resolveRequest(request(changes), catalog, find, start).key;
    assert.equal(key(), key());
    assert.notEqual(key(), key({ change: { version: 'v2' } }));
    assert.notEqual(key(), key({ canary: { scenario: 'x' } }));
    assert.equal(key({ key: 'mine' }), 'mine');
  });

  it('has another digest for another plan or scopes, nor for polling', () => {
    const digest = (changes: Partial<StartRequest> = {}) =>
      resolveRequest(request({ key: 'k', ...changes }), catalog, find, start).digest;
    assert.equal(digest(), digest({ polled: true }));
    for (const change of [
      { template: 'http' },
      { duration: 1_200_000 },
      { canary: { scenario: 'x' } },
      {
        plan: {
          duration: '10m',
          metrics: [{ name: 'e', kind: 'gauge', provider: 'synthetic', query: 'cpu' }],
        },
      },
    ]) {
      assert.notEqual(digest(), digest(change));
    }
  });

  it('takes a window in the past from start and end', () => {
    const resolved = resolveRequest(
      request({ start: start - 7_200_000, end: start - 3_600_000 }),
      catalog,
      find,
      start,
    );
    assert.deepEqual([resolved.start, resolved.plan.duration], [start - 7_200_000, 3_600_000]);
  });

  const metric = { name: 'e', kind: 'gauge', provider: 'synthetic', query: 'cpu' };
  const bad: readonly (readonly [string, Partial<StartRequest>, RegExp])[] = [
    [
      'an unknown service without template',
      { service: 'nope' },
      /^unknown_service service: found "nope"; configured are checkout, bare/,
    ],
    [
      'an unknown template',
      { template: 'nope' },
      /^unknown_template template: found "nope"; configured are http/,
    ],
    ['a service without a template', { service: 'bare' }, /^unknown_template service "bare" has no template/],
    [
      'an unknown key in a plan',
      { plan: { duration: '10m', metrics: [metric], foo: 1 } },
      /^invalid_input plan: unknown key "foo"/,
    ],
    [
      'a plan beside a template',
      { template: 'http', plan: {} },
      /^invalid_input plan: is given beside template/,
    ],
    [
      'an unknown provider',
      { plan: { duration: '10m', metrics: [{ ...metric, provider: 'x' }] } },
      /^unknown_provider plan\.metrics\[0\]\.provider: found "x"/,
    ],
    [
      'an unknown variable',
      { plan: { duration: '10m', metrics: [{ ...metric, query: '{{scope.pod}}' }] } },
      /^invalid_input plan\.metrics\[0\]\.query: .*scope\.pod.*canary/,
    ],
    ['a duration below the interval', { duration: 30_000 }, /^invalid_input duration/],
    ['an end before the start', { start, end: start - 1 }, /^invalid_input end: .*must be after start/],
    ['an end alone', { end: start }, /^invalid_input end: is given without start/],
    [
      'start, end and duration',
      { start: start - 3_600_000, end: start, duration: 3_600_000 },
      /^invalid_input duration: is given beside/,
    ],
    ['a start far ahead', { start: start + 86_400_000 }, /^invalid_input start/],
    [
      'arms that select the same',
      { canary: { a: 'x' }, baseline: { a: 'x' } },
      /^invalid_input canary: selects the same as baseline/,
    ],
  ];
  for (const [what, changes, message] of bad) {
    it(`refuses ${what}`, () => {
      assert.match(refusal(changes), message);
    });
  }

  it('needs no baseline for limits alone', () => {
    const limit = { name: 'cpu', kind: 'limit', provider: metric.provider, query: '{{scope.a}}', max: 1 };
    const alone = { plan: { duration: '10m', metrics: [limit] }, canary: { a: 'x' }, baseline: {} };
    assert.equal(refusal(alone), 'accepted');
    assert.equal(refusal({ ...alone, baseline: { a: 'x' } }), 'accepted');
  });

  it('lets only admins bring plans, shorten them or run dry, unless the service says otherwise', () => {
    const plan = { duration: '10m', metrics: [metric] };
    const by = { name: 'token:ci', isAdmin: false };
    for (const changes of [{ plan }, { duration: 300_000 }, { dryRun: true }]) {
      assert.match(refusal({ ...changes, by }), /^forbidden/);
      assert.equal(refusal(changes), 'accepted');
      const open = [{ ...service, inlinePlans: true, callerMayLoosen: true }];
      assert.equal(refusal({ ...changes, by }, { services: open }), 'accepted');
    }
    assert.equal(refusal({ duration: 1_200_000, by }), 'accepted');
  });
});
