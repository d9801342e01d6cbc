import assert from 'node:assert/strict';
import {
  counts,
  findByKeys,
  type IncidentMapping,
  listKeys,
  toReport,
} from '../../../src/api/incidents/mapping.ts';
import { makeTold } from '../../../src/api/incidents/told.ts';

const mapping: IncidentMapping = {
  serviceLabels: ['service', 'app'],
  environmentLabels: ['environment', 'env'],
  versionLabels: ['version'],
  commitLabels: ['commit'],
  services: { PABC123: 'checkout', constructor: 'search' },
  severities: { alertmanager: ['critical', 'page'] },
};
const places: Readonly<Record<string, { service: string; environment: string }>> = {
  checkout: { service: 'checkout', environment: 'production' },
  cart: { service: 'checkout', environment: 'production' },
  'shop/web': { service: 'web', environment: 'live' },
  search: { service: 'search', environment: 'production' },
};
const findPlace = (name: string) => (Object.hasOwn(places, name) ? (places[name] ?? null) : null);
const now = Date.UTC(2026, 10, 23);
const deps = { mapping, findPlace, now };

describe('listKeys(told, mapping)', () => {
  it('looks at the labels made for it in their order, with their namespace first, then at other names', () => {
    const told = makeTold('a', {
      labels: { app: 'web', service: 'x', namespace: 'shop' },
      names: ['PABC123', 'x'],
    });
    assert.deepEqual(listKeys(told, mapping), ['shop/x', 'shop/web', 'x', 'web', 'PABC123']);
  });

  it('leaves out what is empty', () => {
    assert.deepEqual(listKeys(makeTold('a', { labels: { service: ' ' }, names: [''] }), mapping), []);
  });
});

describe('findByKeys(keys, deps)', () => {
  it('takes the first key that is a service, an alias or mapped to one', () => {
    assert.equal(findByKeys(['unknown', 'cart', 'search'], deps)?.service, 'checkout');
    assert.equal(findByKeys(['PABC123'], deps)?.service, 'checkout');
    assert.equal(findByKeys(['shop/web'], deps)?.environment, 'live');
  });

  it('finds none among names that nobody configured, also those that every object has', () => {
    assert.equal(findByKeys(['toString', '__proto__', 'unknown'], deps), null);
    assert.equal(findByKeys(['constructor'], deps)?.service, 'search');
  });
});

describe('counts(source, told, mapping)', () => {
  it('lets only the configured severities of a source count, whatever their case', () => {
    const of = (severity: string | null) => counts('alertmanager', makeTold('a', { severity }), mapping);
    assert.equal(of('Critical'), true);
    assert.equal(of('warning'), false);
    assert.equal(of(null), true);
  });

  it('lets all of another source count', () => {
    assert.equal(counts('pagerduty', makeTold('a', { severity: 'low' }), mapping), true);
  });
});

describe('toReport(source, told, deps)', () => {
  it('puts an incident to its service, in the environment that its labels name', () => {
    const labels = { service: 'cart', env: 'staging', version: 'v7' };
    const { facts } = toReport('grafana', makeTold('a', { labels }), deps);
    assert.equal(facts.service, 'checkout');
    assert.equal(facts.environment, 'staging');
    assert.equal(facts.link?.version, 'v7');
    assert.deepEqual(facts.serviceKeys, ['cart']);
  });

  it('takes the environment configured for the service where no label names one', () => {
    const { facts } = toReport('grafana', makeTold('a', { labels: { app: 'search' } }), deps);
    assert.equal(facts.environment, 'production');
  });

  it('keeps what maps to nothing, with what it was called', () => {
    const { facts } = toReport('grafana', makeTold('a', { names: ['billing'] }), deps);
    assert.equal(facts.service, null);
    assert.equal(facts.environment, null);
    assert.deepEqual(facts.serviceKeys, ['billing']);
  });

  it('takes times ahead for now, and an end before the beginning for the beginning', () => {
    const told = makeTold('a', { status: 'resolved', at: now + 9, openedAt: now - 5, resolvedAt: now - 7 });
    const report = toReport('grafana', told, deps);
    assert.equal(report.at, now);
    assert.equal(report.resolvedAt, now - 5);
    assert.equal(toReport('grafana', makeTold('a', {}), deps).at, now);
  });

  it('cuts long texts and leaves out addresses that a page must not link', () => {
    const told = makeTold('x'.repeat(600), {
      title: 't'.repeat(2000),
      url: 'javascript:alert(1)',
      labels: Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`l${index}`, 'v'.repeat(2000)])),
    });
    const { externalId, facts } = toReport('grafana', told, deps);
    assert.equal(externalId.length, 500);
    assert.equal(facts.title?.length, 1000);
    assert.equal(facts.url, null);
    assert.equal(Object.keys(facts.labels ?? {}).length, 100);
    assert.equal(facts.labels?.['l0']?.length, 1000);
  });
});
