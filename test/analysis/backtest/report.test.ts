import assert from 'node:assert/strict';
import type { Deploy } from '../../../src/analysis/backtest/deploys.ts';
import type { JudgedWindow } from '../../../src/analysis/backtest/judged-window.ts';
import { makeReport, type ReportSources, type ReportSubject } from '../../../src/analysis/backtest/report.ts';
import { writeMarkdown } from '../../../src/analysis/backtest/report-text.ts';
import type { Change } from '../../../src/ledger/change.ts';
import { start } from '../../support/plans.ts';
import { makeJudged, makeMetric } from './judged.ts';
import { day, hour, makeChange, makeNamedPlan, makeWindow, minute } from './past.ts';

const harmless = {
  every: hour,
  quiet: 2 * hour,
  offset: 0,
  canary: { zone: 'a' },
  baseline: { zone: 'b' },
  planned: 100,
  busy: 4,
};

function makeSources(
  changes: Partial<ReportSources> = {},
  subject: Partial<ReportSubject> = {},
): ReportSources {
  return {
    subject: {
      service: 'checkout',
      environment: 'production',
      from: start,
      to: start + 14 * day,
      harmless,
      harm: null,
      ...subject,
    },
    plans: [makeNamedPlan()],
    deploys: null,
    judged: [],
    unread: [],
    isStopped: false,
    ...changes,
  };
}

/** `count` windows alike, one an hour. */
function times(count: number, changes: Partial<JudgedWindow> = {}): JudgedWindow[] {
  return Array.from({ length: count }, (_, index) => makeJudged({ start: start + index * hour, ...changes }));
}

function makeDeploy(id: string, outcome: 'succeeded' | 'failed', changes: Partial<Deploy> = {}): Deploy {
  const failure = outcome === 'failed' ? ({ failureClass: 'escaped' } as const) : {};
  const change: Change = makeChange({ id, version: `v-${id}`, outcome, ...failure });
  const windows = [makeWindow({ changeId: id })];
  return { change, startedAt: start, harmful: outcome === 'failed', toldByJudge: false, windows, ...changes };
}

function reportOf(changes: Partial<ReportSources> = {}, subject: Partial<ReportSubject> = {}): string {
  return writeMarkdown(makeReport(makeSources(changes, subject)));
}

describe('the report on harmless windows', () => {
  const guilty = [makeMetric({ verdict: 'fail' }), makeMetric({ metric: 'latency' })];
  const judged = [
    ...times(94),
    ...times(2, { verdict: 'inconclusive' }),
    makeJudged({ verdict: 'fail', minutes: 4.5, reason: 'errors: 5 % against 1 %', metrics: guilty }),
    makeJudged({ verdict: 'fail', minutes: 8.5, reason: 'errors: 3 % against 1 %', metrics: guilty }),
    ...times(5, { isEmpty: true, verdict: 'inconclusive', metrics: [makeMetric({ obstacle: 'no_data' })] }),
  ];

  it('counts false alarms among the windows with data, with Wilson’s interval and the median minute', () => {
    const [summary] = makeReport(makeSources({ judged })).harmless;

    assert.ok(summary);
    assert.deepEqual([summary.judged, summary.empty, summary.minutes, summary.overlap], [98, 5, 6.5, false]);
    const { count, of, interval } = summary.falseAlarms;
    assert.deepEqual([count, of], [2, 98]);
    // Newcombe's formula, worked out for 2 of 98: 0.0056 … 0.0714.
    assert.deepEqual(
      interval?.map((bound) => bound.toFixed(4)),
      ['0.0056', '0.0714'],
    );
    assert.deepEqual([summary.passed.count, summary.inconclusive.count], [94, 2]);
    assert.deepEqual(
      summary.metrics.map(({ metric, failed, minutes, noData }) => [metric, failed, minutes, noData]),
      [
        ['errors', 2, 6.5, 0],
        ['latency', 0, null, 0],
      ],
    );
  });

  it('lists each failing window with its time and reason', () => {
    const text = reportOf({ judged });

    assert.match(text, /^# Backtest of checkout in production\n/);
    assert.match(text, /\| web \| 98 \| 5 \| 2 of 98: 2 % \(0\.6–7\.1 %\) \| .* \| 6\.5 \|/);
    assert.match(text, /as it should be \(the plan allows 5 %\); so few windows do not prove it/);
    assert.match(text, /\| 2026-01-01 00:00:00Z \| web \| 4\.5 \| errors: 5 % against 1 % \|/);
    assert.match(text, /100 planned; 4 left out, with a change under way then or within 2h before/);
    assert.match(text, /canary zone=a against baseline zone=b, at the same time/);
  });

  it('says how the rate stands to what the plan allows', () => {
    const says = (fails: number, all: number): string => {
      const text = reportOf({ judged: [...times(all - fails), ...times(fails, { verdict: 'fail' })] });
      return /failed\. (That[^.]*)/.exec(text)?.[1] ?? '';
    };

    assert.match(says(0, 1_000), /^That is as it should be \(the plan allows 5 %\)$/);
    assert.match(says(1, 20), /so few windows do not prove it$/);
    assert.match(says(2, 30), /more than it should be .* but may be chance/);
    assert.match(
      says(20, 100),
      /too many .*: something in these metrics is not what the judge takes for noise/,
    );
    assert.match(reportOf({ judged: times(3, { isEmpty: true }) }), /no window had data/);
  });

  it('holds a plan of several stages to its share of alpha', () => {
    const plans = [makeNamedPlan({ stages: 2 })];

    assert.match(reportOf({ judged: times(10), plans }), /the plan allows 2\.5 %/);
  });

  it('holds a judge that knows no alpha to none', () => {
    const text = reportOf({ judged: times(10), plans: [makeNamedPlan({ judge: 'kayenta' })] });

    assert.match(text, /web \([0-9a-f]{12}\): 30m in steps of 1m, Kayenta's rule \|/);
    assert.match(text, /has no limit to hold that against/);
  });

  it('widens the intervals where windows overlap, and says so', () => {
    const apart = makeReport(makeSources({ judged })).harmless[0]?.falseAlarms.interval;
    const overlapping = makeSources({ judged }, { harmless: { ...harmless, every: 10 * minute } });
    const [summary] = makeReport(overlapping).harmless;

    assert.ok(apart && summary?.falseAlarms.interval);
    assert.equal(summary.falseAlarms.count, 2);
    assert.ok(summary.falseAlarms.interval[1] > 1.5 * apart[1]);
    assert.match(writeMarkdown(makeReport(overlapping)), /windows overlap.*intervals are widened/);
    assert.doesNotMatch(reportOf({ judged }), /overlap/);
  });

  it('tells verdicts that are the plan’s answer to an inconclusive end', () => {
    const byPolicy = times(3, { verdict: 'fail', judgedVerdict: 'inconclusive' });

    assert.match(reportOf({ judged: byPolicy }), /3 verdicts are the plan's `onInconclusive`/);
  });

  it('tells what harm that was put in would have been caught, and that it was put in', () => {
    const harmed = (caught: boolean) => [{ metric: 'errors', caught, minutes: caught ? 6 : null }];
    const judged = [...times(3, { harmed: harmed(true) }), ...times(1, { harmed: harmed(false) })];

    const text = reportOf({ judged }, { harm: { factor: 1.2, after: 0 } });

    assert.match(text, /caught at ×1\.2 from the start \(put in\)/);
    assert.match(text, /\| errors \| 0 \| – \| 0 \| 0 \| 0 \| 3 of 4: 75 % \(30–95 %\) \| 6 \|/);
    assert.match(text, /\| latency \| 0 \| – \| 0 \| 0 \| 0 \| none \| – \|/);
    assert.match(text, /was not measured/);
    const later = reportOf({ judged }, { harm: { factor: 2, after: 10 * minute } });
    assert.match(later, /caught at ×2 from minute 10/);
    assert.doesNotMatch(reportOf({ judged }), /put in/);
  });

  it('calls a comparison with another time what it is', () => {
    const text = reportOf({ judged }, { harmless: { ...harmless, offset: day } });

    assert.match(text, /zone=b against itself 1d earlier/);
    assert.match(text, /as a rule the rate is an upper bound/);
    assert.doesNotMatch(text, /The arms are two populations/);
  });

  it('says when deploys were not known', () => {
    const text = reportOf({ judged }, { harmless: { ...harmless, busy: null } });

    assert.match(text, /the ledger was not asked for deploys/);
    assert.match(text, /What was rolled out meanwhile is not known/);
  });

  it('keeps a long list readable and the JSON whole', () => {
    const failing = times(60, { verdict: 'fail', reason: 'a reason' });
    const report = makeReport(makeSources({ judged: failing }));

    assert.equal(writeMarkdown(report).split('a reason').length - 1, 50);
    assert.match(writeMarkdown(report), /10 more are in the JSON/);
    assert.equal(report.windows.length, 60);
  });

  it('lets no text of a backend break the table', () => {
    const judged = times(1, { verdict: 'fail', reason: 'a | b\n<script>\u202E' });

    assert.match(reportOf({ judged }), /\| a \\\| b &lt;script> \|\n/);
  });
});

describe('the report on past deploys', () => {
  const deploys = {
    judged: [
      makeDeploy('bad', 'failed'),
      makeDeploy('worse', 'failed'),
      makeDeploy('good', 'succeeded'),
      makeDeploy('fine', 'succeeded'),
      makeDeploy('dark', 'succeeded'),
      makeDeploy('told', 'failed', { toldByJudge: true }),
      makeDeploy('lost', 'succeeded'),
    ],
    skipped: [{ change: makeChange({ version: 'v9' }), why: 'its window is not over' }],
  };
  const fail = { verdict: 'fail', metrics: [makeMetric({ verdict: 'fail' })] } as const;
  const judged = [
    makeJudged({ changeId: 'bad', ...fail, minutes: 4.5, reason: 'errors: ×5' }),
    makeJudged({ changeId: 'worse', verdict: 'pass' }),
    makeJudged({ changeId: 'good', verdict: 'pass' }),
    makeJudged({ changeId: 'fine', ...fail, minutes: 9.5 }),
    makeJudged({ changeId: 'dark', isEmpty: true, verdict: 'inconclusive' }),
    makeJudged({ changeId: 'told', ...fail, minutes: 3.5 }),
  ];
  const unread = [{ plan: 'web', start, changeId: 'lost', reason: 'away' }];
  const sources = makeSources({ deploys, judged, unread }, { harmless: null });

  it('holds what the plan says against what became of each change', () => {
    const report = makeReport(sources);
    const readings = report.deploys?.rows.map(({ changeId, plans }) => [changeId, plans[0]?.reading]);

    assert.deepEqual(readings, [
      ['bad', 'caught'],
      ['worse', 'missed'],
      ['good', 'right pass'],
      ['fine', 'false alarm'],
      ['dark', 'no data'],
      ['told', 'caught'],
      ['lost', 'not read'],
    ]);
    const [summary] = report.deploys?.plans ?? [];
    assert.ok(summary);
    const { caught, missed, falseAlarms, rightPasses } = summary;
    assert.deepEqual(
      [caught, missed, falseAlarms, rightPasses].map(({ count, of }) => [count, of]),
      [
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    );
    assert.deepEqual([summary.minutes, summary.toldByJudge], [4.5, { count: 1, failed: 1 }]);
    assert.deepEqual(summary.metrics[0], { metric: 'errors', caught: 1, falseAlarms: 1 });
    assert.deepEqual(report.harmless, []);
  });

  it('writes a line for each, the reasons, and what was left out', () => {
    const text = writeMarkdown(makeReport(sources));

    assert.match(text, /\| v-bad \| failed: escaped \| caught by errors, minute 4\.5 \|/);
    assert.match(text, /\| v-told \| failed: escaped, by the judge's own verdict \|/);
    assert.match(text, /\| web \| 1 of 2: 50 % \(9\.5–91 %\) \| 4\.5 \|.*\| 1 of 1 \|/);
    assert.match(text, /\| v-bad \| web \| caught \| errors: ×5 \|/);
    assert.match(text, /\| change v9 \| its window is not over \|/);
    assert.match(text, /\| 2026-01-01 00:00:00Z under web \| could not be read: away \|/);
    assert.doesNotMatch(text, /## Harmless windows/);
    assert.match(text, /Harm that nobody noticed counts as none/);
  });

  it('takes the first of several analyses that fails, and counts from the beginning of the change', () => {
    const second = start + 40 * minute;
    const staged = makeDeploy('bad', 'failed', { startedAt: start - 5 * minute });
    const said = (first: JudgedWindow['verdict'], then: JudgedWindow['verdict']) => {
      const windows = [
        makeJudged({ changeId: 'bad', start: second, verdict: then, minutes: 2.5 }),
        makeJudged({ changeId: 'bad', verdict: first }),
      ];
      const own = makeSources(
        { deploys: { judged: [staged], skipped: [] }, judged: windows },
        { harmless: null },
      );
      const one = makeReport(own).deploys?.rows[0]?.plans[0];
      return [one?.reading, one?.minutes];
    };

    assert.deepEqual(said('pass', 'fail'), ['caught', 47.5]);
    assert.deepEqual(said('inconclusive', 'fail'), ['caught', 47.5]);
    assert.deepEqual(said('inconclusive', 'pass'), ['harm undecided', 35.5]);
    assert.deepEqual(said('pass', 'pass'), ['missed', 47.5]);
  });

  it('says when the ledger has nothing to judge', () => {
    const none = makeSources({ deploys: { judged: [], skipped: [] }, judged: times(1) });

    assert.match(writeMarkdown(makeReport(none)), /no change of this range that can be judged/);
  });
});

describe('any report', () => {
  it('says that it is of a part when it was stopped', () => {
    const report = makeReport(makeSources({ judged: times(3), isStopped: true }));

    assert.equal(report.complete, false);
    assert.match(writeMarkdown(report), /\*\*Stopped before the end/);
    assert.doesNotMatch(reportOf({ judged: times(3) }), /Stopped/);
  });

  it('tells plans apart by a fingerprint of all they say', () => {
    const print = (changes: Record<string, unknown>) =>
      makeReport(makeSources({ plans: [makeNamedPlan(changes)] })).plans[0]?.fingerprint;

    assert.match(print({}) ?? '', /^[0-9a-f]{12}$/);
    assert.equal(print({}), print({}));
    assert.notEqual(print({}), print({ earlyPass: true }));
  });

  it('can be written as JSON and read back', () => {
    const report = makeReport(makeSources({ judged: times(2) }));

    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
  });

  it('compares several plans over the same windows', () => {
    const plans = [makeNamedPlan(), makeNamedPlan({}, 'strict')];
    const judged = [...times(4), ...times(4, { plan: 'strict', verdict: 'fail' })];

    const text = reportOf({ plans, judged });

    assert.match(text, /\| web \| 4 \| 0 \| 0 of 4/);
    assert.match(text, /\| strict \| 4 \| 0 \| 4 of 4/);
    assert.match(text, /### Metrics under strict/);
  });
});
