import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judge } from '../../src/judge/judge.ts';
import { closedMean } from '../../src/judge/statistics/closed-mean.ts';
import type { Direction, Judgement, MetricInput } from '../../src/judge/types.ts';
import { gauge, input, ratio } from './inputs.ts';

const anything = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: 1e-3, max: 1e4, noNaN: true }) },
  fc.constantFrom<number | null>(
    null,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -1,
    1e308,
    5e-324,
  ),
);
const direction = fc.constantFrom<Direction>('increase', 'decrease', 'either');
const steps = fc.integer({ min: 0, max: 34 });
const pair = steps.chain((n) =>
  fc.tuple(
    fc.array(anything, { minLength: n, maxLength: n }),
    fc.array(anything, { minLength: n, maxLength: n }),
  ),
);
const four = steps.chain((n) => {
  const arm = fc.array(anything, { minLength: n, maxLength: n });
  return fc.tuple(arm, arm, arm, arm);
});
const anyMetric: fc.Arbitrary<MetricInput> = fc.oneof(
  fc.tuple(pair, direction).map(([[canary, baseline], side]) => gauge(canary, baseline, { direction: side })),
  fc.tuple(four, direction).map(([[a, b, c, d], side]) => ratio([a, b], [c, d], { direction: side })),
  four.map(([a, b, c, d]) => ratio([a, b], [c, d], { kind: 'count', name: 'jobs' })),
);

function everyNumber(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyNumber) : [];
}

const positive = fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 12, maxLength: 12 });
const events = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 12, maxLength: 12 });
const total = Array.from({ length: 12 }, () => 1000);
const close = (one: number, other: number) => Math.abs(one - other) <= 1e-7 * (1 + Math.abs(other));
const logE = (judged: Judgement) => judged.evidence.logE;

describe('whatever the judge is given', () => {
  it('every number that comes out is finite, and reasons are short', () => {
    fc.assert(
      fc.property(
        fc.array(anyMetric, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.boolean(),
        (some, final, earlyPass) => {
          const metrics = some.map((metric, index) => ({ ...metric, name: `m${index}` }));
          const judged = judge(input(metrics, { final, earlyPass }));
          assert.ok(everyNumber(judged).every(Number.isFinite), JSON.stringify(judged));
          assert.ok([...judged.reason].length <= 300 && judged.reason.length > 0);
          assert.ok(judged.score >= 0 && judged.score <= 100);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('it says the same of the same', () => {
    fc.assert(
      fc.property(anyMetric, (metric) => assert.deepEqual(judge(input([metric])), judge(input([metric])))),
      { numRuns: 30 },
    );
  });

  it('it never passes what has fewer than three steps in both arms, an error, or no end yet', () => {
    fc.assert(
      fc.property(anyMetric, (metric) => {
        const { findings, verdict } = judge(input([metric]));
        if (findings[0]?.obstacle !== null) assert.notEqual(verdict, 'pass');
        assert.notEqual(judge(input([{ ...metric, error: 'unreadable' }])).verdict, 'pass');
        assert.notEqual(judge(input([metric], { final: false })).verdict, 'pass');
      }),
      { numRuns: 80 },
    );
  });

  it('it never fails arms that are alike', () => {
    fc.assert(
      fc.property(positive, events, direction, (values, counted, side) => {
        const metrics = [
          gauge(values, values, { direction: side }),
          ratio([counted, total], [counted, total], { direction: side }),
        ];
        assert.notEqual(judge(input(metrics)).verdict, 'fail');
      }),
      { numRuns: 60 },
    );
  });

  it('arms changed over and the direction turned give the same evidence', () => {
    fc.assert(
      fc.property(positive, positive, events, events, (left, right, more, less) => {
        const one = judge(input([gauge(left, right)]));
        const other = judge(input([gauge(right, left, { direction: 'decrease' })]));
        assert.ok(close(logE(one), logE(other)), `${logE(one)} is not ${logE(other)}`);
        const first = judge(input([ratio([more, total], [less, total])]));
        const second = judge(input([ratio([less, total], [more, total], { direction: 'decrease' })]));
        assert.ok(close(logE(first), logE(second)), `${logE(first)} is not ${logE(second)}`);
      }),
      { numRuns: 40 },
    );
  });

  it('a gauge’s unit does not matter', () => {
    fc.assert(
      fc.property(positive, positive, fc.constantFrom(1e-6, 0.1, 1000, 1e9), (left, right, unit) => {
        const scaled = (values: number[]) => values.map((value) => value * unit);
        assert.ok(
          close(
            logE(judge(input([gauge(left, right)]))),
            logE(judge(input([gauge(scaled(left), scaled(right))]))),
          ),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('no metric’s adjusted evidence is above its own', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: -50, max: 800, noNaN: true }),
            fc.double({ min: 0.01, max: 10, noNaN: true }),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        (some) => {
          const [logs, weights] = [some.map(([one]) => one), some.map(([, weight]) => weight)];
          for (const [index, adjusted] of closedMean(logs, weights).entries())
            assert.ok(adjusted <= (logs[index] ?? 0) + 1e-9);
        },
      ),
    );
  });

  it('a later look does not need the earlier ones', () => {
    fc.assert(
      fc.property(positive, positive, (left, right) => {
        const whole = judge(input([gauge(left, right)], { final: false }));
        judge(input([gauge(left.slice(0, 6), right.slice(0, 6))], { final: false }));
        assert.deepEqual(judge(input([gauge(left, right)], { final: false })), whole);
      }),
      { numRuns: 20 },
    );
  });

  it('more errors of the canary never make a fail a pass', () => {
    fc.assert(
      fc.property(events, events, events, (canary, baseline, more) => {
        const of = (errors: number[]) => judge(input([ratio([errors, total], [baseline, total])])).verdict;
        const worse = canary.map((count, step) => count + (more[step] ?? 0));
        assert.ok(of(canary) !== 'fail' || of(worse) !== 'pass');
        assert.ok(of(canary) === 'pass' || of(worse) !== 'pass');
      }),
    );
  });

  it('the order of the metrics does not matter', () => {
    fc.assert(
      fc.property(positive, positive, events, events, (left, right, canary, baseline) => {
        const metrics = [
          gauge(left, right),
          ratio([canary, total], [baseline, total], { critical: true }),
          gauge(right, left, { name: 'cpu', weight: 0.5 }),
        ];
        const [one, other] = [judge(input(metrics)), judge(input(metrics.toReversed()))];
        assert.equal(one.verdict, other.verdict);
        assert.equal(one.score, other.score);
        assert.ok(close(one.evidence.logE, other.evidence.logE));
        for (const finding of one.findings) {
          const same = other.findings.find(({ metric }) => metric === finding.metric);
          assert.equal(finding.reason, same?.reason);
          assert.ok(close(finding.adjustedPValue, same?.adjustedPValue ?? Number.NaN));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('minutes missing in both arms change no evidence', () => {
    const gap = [null, null];
    fc.assert(
      fc.property(positive, positive, events, events, (left, right, canary, baseline) => {
        const evidence = (metric: MetricInput) => logE(judge(input([metric], { final: false })));
        assert.ok(
          close(evidence(gauge([...left, ...gap], [...right, ...gap])), evidence(gauge(left, right))),
        );
        assert.ok(
          close(
            evidence(
              ratio(
                [
                  [...canary, ...gap],
                  [...total, ...gap],
                ],
                [
                  [...baseline, ...gap],
                  [...total, ...gap],
                ],
              ),
            ),
            evidence(ratio([canary, total], [baseline, total])),
          ),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('a canary gone silent never passes', () => {
    const silent = <T>(values: readonly T[], from: number) =>
      values.map((value, step) => (step >= from && step < from + 3 ? null : value));
    fc.assert(
      fc.property(positive, events, fc.integer({ min: 0, max: 9 }), (values, canary, from) => {
        const metrics = [
          gauge(silent(values, from), values),
          ratio([canary, silent(total, from)], [canary, total]),
        ];
        for (const metric of metrics) assert.notEqual(judge(input([metric])).verdict, 'pass');
      }),
      { numRuns: 50 },
    );
  });
});
