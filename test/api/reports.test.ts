import assert from 'node:assert/strict';
import request from 'supertest';
import type { ChangeFailureReport } from '../../src/ledger/report.ts';
import type { ChangeFailureQuery } from '../../src/ledger/reports.ts';
import { makeApi } from '../support/api.ts';
import { start } from '../support/plans.ts';

const rates = {
  changes: 23,
  failed: 4,
  escaped: 1,
  caughtInCanary: 3,
  failedToDeploy: 0,
  rate: 4 / 23,
  interval: [0.069787, 0.371376] as const,
  enough: true,
  deploymentsPerDay: 0.77,
  leadTimeSeconds: { p50: 100, p90: null },
  recoverySeconds: { p50: null, p90: null },
  reworkRate: 0,
};
const none = {
  ...rates,
  changes: 0,
  failed: 0,
  escaped: 0,
  caughtInCanary: 0,
  rate: null,
  interval: null,
  enough: false,
  reworkRate: null,
};
const report: ChangeFailureReport = {
  definition: 'settled changes in production',
  from: start,
  to: start + 86_400_000,
  tz: 'Europe/Zurich',
  totals: rates,
  previous: null,
  difference: null,
  buckets: [{ start, ...none }],
  groups: [{ key: 'checkout', ...rates }],
  pending: 2,
  abandoned: 1,
  unattributedIncidents: null,
};

function recordQueries(): {
  readonly reports: { changeFailure(query: ChangeFailureQuery): Promise<ChangeFailureReport> };
  readonly asked: ChangeFailureQuery[];
} {
  const asked: ChangeFailureQuery[] = [];
  const changeFailure = async (query: ChangeFailureQuery): Promise<ChangeFailureReport> => {
    asked.push(query);
    return report;
  };
  return { reports: { changeFailure }, asked };
}

function definedOf(query: ChangeFailureQuery | undefined): object {
  return Object.fromEntries(Object.entries(query ?? {}).filter(([, value]) => value !== undefined));
}

describe('GET /v1/reports/change-failure', () => {
  it('leaves to the report what is not asked for', async () => {
    const { reports, asked } = recordQueries();

    const answer = await request(makeApi({ reports }).handler).get('/v1/reports/change-failure');

    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(definedOf(asked[0]), {});
  });

  it('hands every parameter on', async () => {
    const { reports, asked } = recordQueries();

    const answer = await request(makeApi({ reports }).handler).get(
      '/v1/reports/change-failure?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&service=checkout&team=shop&environment=production&tier=1&bucket=day&tz=Europe/Zurich&groupBy=service&count=escaped&includeRollbacks=true&format=json',
    );

    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(definedOf(asked[0]), {
      from: start,
      to: start + 86_400_000,
      service: 'checkout',
      team: 'shop',
      environment: 'production',
      tier: '1',
      bucket: 'day',
      tz: 'Europe/Zurich',
      groupBy: 'service',
      count: 'escaped',
      includeRollbacks: true,
    });
  });

  it('writes times in RFC 3339 and no rate as null, never 0', async () => {
    const { reports } = recordQueries();

    const { body } = await request(makeApi({ reports }).handler).get(
      '/v1/reports/change-failure?includeRollbacks=false',
    );

    assert.equal(body.from, '2026-01-01T00:00:00.000Z');
    assert.deepEqual(body.totals.interval, [0.069787, 0.371376]);
    assert.equal(body.buckets[0].start, '2026-01-01T00:00:00.000Z');
    assert.equal(body.buckets[0].rate, null);
    assert.equal(body.buckets[0].interval, null);
    assert.equal(body.groups[0].key, 'checkout');
    assert.equal(body.previous, null);
    assert.deepEqual([body.pending, body.abandoned, body.unattributedIncidents], [2, 1, null]);
  });

  for (const [query, path] of [
    ['bucket=year', 'bucket'],
    ['groupBy=moon', 'groupBy'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
    ['includeRollbacks=perhaps', 'includeRollbacks'],
    ['format=xlsx', 'format'],
  ] as const) {
    it(`refuses ${query}`, async () => {
      const answer = await request(makeApi().handler).get(`/v1/reports/change-failure?${query}`);

      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.body.errors[0].path, path);
    });
  }
});
