import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judge } from '../../src/judge/judge.ts';
import { firstSteps } from '../../src/judge/sequential/first-steps.ts';
import { trajectory } from '../../src/judge/trajectory.ts';
import type { Direction, JudgeInput, MetricInput } from '../../src/judge/types.ts';
import { counts, flat, gauge, input, noisy, ratio } from './inputs.ts';

/** Each look judged alone, as if the run had only now been heard of. */
function alone(run: JudgeInput, steps: number, all: number) {
  const metrics = run.metrics.map((metric) => firstSteps(metric, steps));
  return judge({ ...run, metrics, final: run.final && steps === all });
}

const value = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: 50, max: 150, noNaN: true }) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom(900, 0, -3, Number.NaN) },
);
const number = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, Number.NaN, -1) },
);
const requests = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 900, max: 1100 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, 0) },
);
const direction = fc.constantFrom<Direction>('increase', 'decrease', 'either');
const steps = fc.integer({ min: 1, max: 24 });

function arms<T>(arbitrary: fc.Arbitrary<T>, n: number, count: number): fc.Arbitrary<T[][]> {
  return fc.array(fc.array(arbitrary, { minLength: n, maxLength: n }), {
    minLength: count,
    maxLength: count,
  });
}

const run: fc.Arbitrary<JudgeInput> = steps.chain((n) =>
  fc
    .tuple(arms(value, n, 4), arms(number, n, 2), arms(requests, n, 2), direction, fc.boolean(), fc.boolean())
    .map(([gauges, events, totals, side, earlyPass, final]) => {
      const [one = [], other = [], third = [], fourth = []] = gauges;
      const plain = gauge(one, other, { direction: side });
      const perPod: MetricInput = {
        ...gauge(one, other, { name: 'by pod' }),
        canary: { values: one, pods: [one, third] },
        baseline: { values: other, pods: [other, fourth] },
      };
      const errors = ratio([events[0] ?? [], totals[0] ?? []], [events[1] ?? [], totals[1] ?? []], {
        direction: side,
      });
      return input([plain, perPod, errors], { earlyPass, final, plannedSteps: final ? n : 30 });
    }),
);

describe('trajectory', () => {
  it('says at every look what the look alone would say', () => {
    fc.assert(
      fc.property(run, (whole) => {
        const all = whole.metrics.length === 0 ? 0 : firstLength(whole);
        const seen = trajectory(whole, { goOn: true });
        assert.equal(seen.looks.length, all);
        let latched = false;
        for (const { minute, logE, verdict } of seen.looks) {
          const expected = alone(whole, minute, all);
          assert.equal(logE, expected.evidence.logE, `look ${minute}`);
          if (!latched) assert.equal(verdict, expected.verdict, `look ${minute}`);
          latched ||= verdict !== 'running';
          seen.metrics.forEach(({ looks }, index) => {
            const own = looks.find((look) => look.minute === minute)?.logE ?? Number.NaN;
            assert.equal(
              Math.max(-1e6, Math.min(1e6, own)),
              expected.findings[index]?.logE,
              `look ${minute}`,
            );
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('stops at the verdict, and says what is said there', () => {
    const broken = ratio([counts(1, 60), flat(1000)], [counts(2, 10), flat(1000)]);
    const stopped = trajectory(input([broken]));
    assert.equal(stopped.failedAt, stopped.looks.length);
    assert.ok((stopped.failedAt ?? 0) <= 3);
    assert.equal(stopped.judgement.verdict, 'fail');
    const whole = trajectory(input([broken]), { goOn: true });
    assert.equal(whole.looks.length, 30);
    assert.equal(whole.failedAt, stopped.failedAt);
    assert.equal(whole.looks.at(-1)?.verdict, 'fail');
    assert.deepEqual(whole.judgement, stopped.judgement);
  });

  it('begins with the look it is told to begin with', () => {
    const { looks } = trajectory(input([gauge(noisy(1, 100, 0.05), noisy(2, 100, 0.05))]), { from: 5 });
    assert.deepEqual(
      looks.map(({ minute }) => minute),
      Array.from({ length: 26 }, (_, index) => index + 5),
    );
  });

  it('ends with the verdict of the planned end, for the run and each metric', () => {
    const fine = trajectory(input([gauge(noisy(1, 100, 0.05), noisy(2, 100, 0.05))]));
    assert.equal(fine.looks.at(-1)?.verdict, 'pass');
    assert.equal(fine.looks.at(-2)?.verdict, 'running');
    assert.equal(fine.metrics[0]?.looks.at(-1)?.verdict, 'pass');
    assert.equal(fine.failedAt, null);
  });

  it('has no look at a run without a step', () => {
    const { looks, judgement } = trajectory(input([gauge([], [])]));
    assert.deepEqual(looks, []);
    assert.equal(judgement.verdict, 'inconclusive');
  });

  it('judges long runs look by look as alone, too', () => {
    const long = input([gauge(noisy(3, 100, 0.05, 150), noisy(4, 100, 0.05, 150))], { plannedSteps: 150 });
    const { looks } = trajectory(long, { goOn: true });
    for (const minute of [64, 65, 100, 149])
      assert.equal(looks[minute - 1]?.logE, alone(long, minute, 150).evidence.logE);
  });
});

function firstLength({ metrics: [first] }: JudgeInput): number {
  return first?.kind === 'gauge' ? first.canary.values.length : 0;
}
