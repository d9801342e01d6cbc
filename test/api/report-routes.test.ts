import assert from 'node:assert/strict';
import request from 'supertest';
import { SerinError } from '../../src/errors.ts';
import type { JudgedCounts, JudgeQualityQuery } from '../../src/ledger/judge-quality.ts';
import { changeFailureReport } from '../../src/ledger/report.ts';
import type { StoredReport } from '../../src/ledger/stored-reports.ts';
import { makeOptions } from '../ledger/rows.ts';
import { makeApi } from '../support/api.ts';
import { start } from '../support/plans.ts';

const rate = { rate: 0.25, interval: [0.0456, 0.6994] as const, n: 4 };
const counts: JudgedCounts = {
  passed: { fine: 3, escaped: 1, unknown: 2 },
  failed: { harmful: 1, fine: 2, unknown: 3 },
  inconclusive: 4,
  falsePassRate: rate,
  falseAlarmRate: null,
  failRateWhenFine: rate,
  inconclusiveRate: rate,
  medianMinutesToFail: 12.5,
};

describe('GET /v1/reports/judge-quality', () => {
  function serve(cases: 'with' | 'without' = 'without') {
    const asked: JudgeQualityQuery[] = [];
    const run = {
      ...{ analysisId: 'a1', changeId: 'c1', service: 'checkout', environment: 'production' },
      ...{ judged: 'fail' as const, override: 'pass' as const, dryRun: false, change: null },
      ...{ start, end: start, concludedAt: start + 1000 },
    };
    const report = async (query: JudgeQualityQuery) => {
      asked.push(query);
      return {
        ...{
          definition: 'Definition 1.',
          from: start,
          to: start + 1,
          ...counts,
          overrides: 1,
          dryRuns: counts,
        },
        cases: cases === 'with' ? [{ number: 'failed.fine', count: 1, items: [run] }] : null,
      };
    };
    return { handler: makeApi({ judgeQuality: { report } }).handler, asked };
  }

  it('answers the counts and the rates as they are, null where there is none', async () => {
    const { handler } = serve();

    const { body, status } = await request(handler).get('/v1/reports/judge-quality');

    assert.equal(status, 200);
    assert.deepEqual(body, {
      definition: 'Definition 1.',
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T00:00:00.001Z',
      ...JSON.parse(JSON.stringify(counts)),
      overrides: 1,
      dryRuns: JSON.parse(JSON.stringify(counts)),
      cases: null,
    });
  });

  it('hands every parameter on, and names the analyses when asked', async () => {
    const { handler, asked } = serve('with');

    const { body } = await request(handler).get(
      '/v1/reports/judge-quality?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&service=s&team=t&environment=e&tier=1&cases=true',
    );

    const query = {
      from: start,
      to: start + 86_400_000,
      service: 's',
      team: 't',
      environment: 'e',
      tier: '1',
    };
    assert.deepEqual(asked, [{ ...query, cases: true }]);
    assert.deepEqual(body.cases[0].items[0], {
      ...{ analysisId: 'a1', changeId: 'c1', service: 'checkout', environment: 'production' },
      concludedAt: '2026-01-01T00:00:01.000Z',
      ...{ dryRun: false, overridden: true },
    });
  });

  it('refuses what it does not know', async () => {
    const { handler } = serve();

    for (const query of ['cases=perhaps', 'tz=UTC'])
      assert.equal((await request(handler).get(`/v1/reports/judge-quality?${query}`)).status, 400);
  });
});

describe('GET /v1/reports/stored', () => {
  const stored: StoredReport = {
    id: 's1',
    schedule: 'monthly',
    dueAt: start,
    createdAt: start + 1000,
    report: changeFailureReport([], makeOptions()),
  };
  const asked: unknown[] = [];
  const api = () =>
    makeApi({
      storedReports: {
        list: async (...query) => {
          asked.push(query);
          return { items: [stored], nextCursor: 'more' };
        },
        get: async (id) => {
          if (id !== 's1') throw new SerinError('not_found', 'no stored report has that id');
          return stored;
        },
      },
    }).handler;
  const entry = {
    id: 's1',
    schedule: 'monthly',
    dueAt: '2026-01-01T00:00:00.000Z',
    createdAt: '2026-01-01T00:00:01.000Z',
    from: '2026-11-02T00:00:00.000Z',
    to: '2026-11-30T00:00:00.000Z',
  };

  it('lists them, of one schedule, page by page', async () => {
    const { body } = await request(api()).get('/v1/reports/stored?schedule=monthly&limit=1&cursor=abc');

    assert.deepEqual(asked, [['monthly', 1, 'abc']]);
    assert.deepEqual(body, { items: [entry], nextCursor: 'more' });
  });

  it('gives one with its report, in the form that is asked for', async () => {
    const json = await request(api()).get('/v1/reports/stored/s1');
    const csv = await request(api()).get('/v1/reports/stored/s1').set('Accept', 'text/csv');
    const markdown = await request(api()).get('/v1/reports/stored/s1?format=markdown');

    assert.equal(json.status, 200, json.text);
    assert.equal(json.body.id, 's1');
    assert.equal(json.body.report.totals.changes, 0);
    assert.match(csv.text, /^section,key,start,/);
    assert.match(markdown.text, /^# Change-failure rate/);
  });

  it('says when there is none', async () => {
    assert.equal((await request(api()).get('/v1/reports/stored/s2')).status, 404);
  });
});
