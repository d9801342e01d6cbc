import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judge } from '../../src/judge/judge.ts';
import { meanOfPods } from '../../src/judge/pods.ts';
import { trajectory } from '../../src/judge/trajectory.ts';
import type { Judgement, MetricInput, Samples, Verdict } from '../../src/judge/types.ts';
import { counts, flat, gauge, histogram, input, limit, noisy, ratio, requests } from './inputs.ts';

const steps = 16;
const kinds = ['gauge', 'pods', 'ratio', 'count', 'histogram', 'limit'] as const;
type Kind = (typeof kinds)[number];

/** From far better to far worse, so that passes, fails and what lies between are all among the runs. */
const factors = [0.5, 0.8, 1, 1.05, 1.3, 3] as const;

function gaugeOf(seed: number, factor: number): MetricInput {
  return gauge(noisy(seed, 100 * factor, 0.05, steps, 0.3), noisy(seed + 1, 100, 0.05, steps, 0.3));
}

function podsOf(seed: number, factor: number): MetricInput {
  const pods = (from: number, level: number, n: number) =>
    Array.from({ length: 4 }, (_, pod) => noisy(seed + from + pod, level, 0.06, n, 0.3));
  const arm = (some: number[][]) => ({ values: meanOfPods(some), pods: some });
  const historyPods = pods(20, 100, 40);
  const [canary, baseline] = [arm(pods(0, 100 * factor, steps)), arm(pods(10, 100, steps))];
  return { ...gauge([], []), canary, baseline, history: meanOfPods(historyPods), historyPods };
}

function makeMetric(kind: Kind, seed: number, factor: number): MetricInput {
  const total = flat(1000, steps);
  const [more, usual] = [counts(seed, 20 * factor, steps), counts(seed + 1, 20, steps)];
  switch (kind) {
    case 'gauge':
      return gaugeOf(seed, factor);
    case 'pods':
      return podsOf(seed, factor);
    case 'ratio':
      return ratio([more, total], [usual, total]);
    case 'count':
      return ratio([more, total], [usual, total], { kind: 'count' });
    case 'histogram':
      return histogram(requests(seed, 80, { steps, factor }), requests(seed + 1, 80, { steps }));
    case 'limit':
      return limit(noisy(seed, 60 * factor, 0.05, steps, 0.3), { max: 100 });
  }
}

const run = fc
  .tuple(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(...factors))
  .map(([kind, seed, factor]) => makeMetric(kind, seed, factor));
const whole = (metric: MetricInput, final = true) =>
  judge(input([{ ...metric, name: 'm' }], { plannedSteps: steps, final }));

type Arm = { readonly values?: Samples; readonly events?: Samples; readonly buckets?: readonly unknown[] };

/** Every series of an arm through `change`, whatever the kind. */
function mapArm<T extends Arm>(arm: T, change: (series: readonly unknown[]) => readonly unknown[]): T {
  const changed = Object.entries(arm).map(([key, value]) => {
    if (key === 'le' || value === undefined) return [key, value];
    return [key, key === 'pods' ? (value as Samples[]).map(change) : change(value as Samples)];
  });
  return Object.fromEntries(changed) as T;
}

function mapArms(
  metric: MetricInput,
  canary: (series: readonly unknown[]) => readonly unknown[],
  baseline = canary,
): MetricInput {
  if (metric.kind === 'limit') return { ...metric, canary: mapArm(metric.canary, canary) };
  return {
    ...metric,
    canary: mapArm(metric.canary as Arm, canary),
    baseline: mapArm(metric.baseline as Arm, baseline),
  } as MetricInput;
}

const times = (c: number) => (series: readonly unknown[]) =>
  series.map((value) => (typeof value === 'number' ? value * c : value));

/** The metric in a unit of which `c` make one of before. */
function inUnit(metric: MetricInput, c: number): MetricInput {
  switch (metric.kind) {
    case 'gauge': {
      const { history, historyPods } = metric;
      return {
        ...(mapArms(metric, times(c)) as typeof metric),
        history: history && (times(c)(history) as Samples),
        historyPods: historyPods?.map((pod) => times(c)(pod) as Samples),
      };
    }
    case 'limit':
      return { ...(mapArms(metric, times(c)) as typeof metric), max: (metric.max ?? 0) * c };
    case 'histogram': {
      const arm = ({ le, buckets }: typeof metric.canary) => ({ le: le.map((edge) => edge * c), buckets });
      return { ...metric, canary: arm(metric.canary), baseline: arm(metric.baseline) };
    }
    default: {
      const arm = ({ events, total }: typeof metric.canary) => ({
        events,
        total: times(c)(total) as Samples,
      });
      const acceptable = { relative: 0.5, absolute: 0.001 / c };
      return { ...metric, acceptable, canary: arm(metric.canary), baseline: arm(metric.baseline) };
    }
  }
}

const close = (one: number, other: number) => Math.abs(one - other) <= 1e-6 * (1 + Math.abs(other));
const logE = (judged: Judgement) => judged.evidence.logE;
const badness: Readonly<Record<Verdict, number>> = { pass: 0, running: 1, inconclusive: 1, fail: 2 };

function everyNumber(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyNumber) : [];
}

type Spot = readonly [step: number, value: number | null];

/** A series with other values in some places; of a histogram in all buckets. */
function spoiled(spots: readonly Spot[]): (series: readonly unknown[]) => readonly unknown[] {
  const other = new Map(spots);
  const put = (value: unknown, instead: number | null) =>
    Array.isArray(value) && instead !== null ? value.map(() => instead) : instead;
  return (series) =>
    series.map((value, step) => (other.has(step) ? put(value, other.get(step) ?? null) : value));
}

/** The same with so many times the canary's errors, or values so many times as high. */
function worsened(metric: MetricInput, factor: number): MetricInput {
  if (metric.kind !== 'ratio' && metric.kind !== 'count')
    return mapArms(metric, times(factor), (series) => series);
  const events = metric.canary.events.map((count) => Math.round((count ?? 0) * factor));
  return { ...metric, canary: { ...metric.canary, events } };
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

describe('whatever the kind of metric', function () {
  this.timeout(20_000);

  it('all verdicts are among the runs that are tried here', () => {
    for (const kind of kinds) {
      const verdicts = new Set(factors.map((factor) => whole(makeMetric(kind, 7, factor)).verdict));
      assert.ok(verdicts.has('pass') && verdicts.has('fail'), `${kind}: ${[...verdicts]}`);
    }
  });

  it('a unit in which both arms are measured does not matter, and only what has a unit changes with it', () => {
    const scalable = run.filter(({ kind }) => kind !== 'ratio');
    fc.assert(
      fc.property(scalable, fc.constantFrom(1e-6, 0.1, 60, 1000, 1e6), (metric, c) => {
        const [one, other] = [whole(metric), whole(inUnit(metric, c))];
        assert.ok(close(logE(one), logE(other)), `${logE(one)} is not ${logE(other)}`);
        assert.equal(one.verdict, other.verdict);
        assert.equal(one.score, other.score);
        const [first, second] = [one.findings[0]!, other.findings[0]!];
        assert.ok(close(first.effect ?? 0, second.effect ?? 0));
        assert.ok(close(first.cliffsDelta ?? 0, second.cliffsDelta ?? 0));
        const unit = metric.kind === 'count' ? 1 / c : c;
        assert.ok(close((first.effectAbsolute ?? 0) * unit, second.effectAbsolute ?? 0));
        assert.ok(close((first.canary.median ?? 0) * unit, second.canary.median ?? 0));
      }),
      { numRuns: 40 },
    );
  });

  it('it says the same of the same bit for bit, whatever was judged in between, and leaves its input alone', () => {
    fc.assert(
      fc.property(run, run, fc.boolean(), (metric, other, final) => {
        const first = whole(freeze(metric), final);
        whole(freeze(other), !final);
        assert.deepEqual(whole(metric, final), first);
        assert.deepEqual(whole(structuredClone(metric), final), first);
      }),
      { numRuns: 20 },
    );
  });

  it('metrics in whatever order get the same verdict, evidence and blame', () => {
    const some = fc
      .uniqueArray(fc.constantFrom(...kinds), { minLength: 2 })
      .chain((chosen) =>
        fc.tuple(
          fc.tuple(...chosen.map((kind) => run.map((metric) => ({ metric, kind })))),
          fc.shuffledSubarray([...chosen.keys()], { minLength: chosen.length }),
        ),
      );
    fc.assert(
      fc.property(some, ([metrics, order]) => {
        const named = metrics.map(({ metric, kind }, index) => ({
          ...metric,
          name: kind,
          weight: 1 + index,
          critical: index === 1,
        }));
        const one = judge(input(named, { plannedSteps: steps }));
        const other = judge(
          input(
            order.map((index) => named[index]!),
            { plannedSteps: steps },
          ),
        );
        assert.equal(one.verdict, other.verdict);
        assert.equal(one.score, other.score);
        assert.ok(close(logE(one), logE(other)));
        for (const finding of one.findings) {
          const same = other.findings.find(({ metric }) => metric === finding.metric)!;
          assert.equal(finding.verdict, same.verdict);
          assert.equal(finding.logE, same.logE);
          assert.ok(close(finding.adjustedPValue, same.adjustedPValue));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('up to two minutes missing in both arms at the end change nothing that is said of the arms', () => {
    fc.assert(
      fc.property(run, fc.integer({ min: 1, max: 2 }), fc.boolean(), (metric, gap, final) => {
        const longer = mapArms(metric, (series) => [...series, ...flat(null, gap)]);
        const planned = { plannedSteps: steps + 2, final };
        const [one, other] = [judge(input([metric], planned)), judge(input([longer], planned))];
        assert.equal(one.verdict, other.verdict);
        assert.ok(close(logE(one), logE(other)), `${logE(one)} is not ${logE(other)}`);
        const [first, second] = [one.findings[0]!, other.findings[0]!];
        for (const key of ['effect', 'interval', 'shift', 'cliffsDelta', 'mannWhitneyP'] as const)
          assert.deepEqual(first[key], second[key], key);
        assert.equal(second.canary.missing, first.canary.missing + gap);
      }),
      { numRuns: 40 },
    );
  });

  it('minutes missing in both arms in the midst never turn fail and pass into each other', () => {
    fc.assert(
      fc.property(
        run,
        fc.integer({ min: 1, max: steps - 1 }),
        fc.integer({ min: 1, max: 4 }),
        (metric, at, gap) => {
          const gapped = mapArms(metric, (series) => [
            ...series.slice(0, at),
            ...flat(null, gap),
            ...series.slice(at),
          ]);
          const [one, other] = [whole(metric), whole(gapped)];
          assert.ok(
            Math.abs(badness[one.verdict] - badness[other.verdict]) < 2,
            `${one.verdict} ${other.verdict}`,
          );
          if (metric.kind === 'ratio' || metric.kind === 'count')
            assert.equal(one.findings[0]!.effect, other.findings[0]!.effect);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('what the baseline says while the canary says nothing is no evidence', () => {
    // Pods of the baseline still tell how much pods differ.
    const compared = run.filter((one) => one.kind !== 'limit' && !('history' in one));
    fc.assert(
      fc.property(compared, fc.integer({ min: 1, max: steps - 3 }), fc.boolean(), (metric, at, two) => {
        const gapped = (series: readonly unknown[]) =>
          series.map((value, step) => (step === at || (two && step === at + 1) ? null : value));
        const mute = mapArms(metric, gapped, (series) => series);
        assert.equal(logE(whole(mute)), logE(whole(mapArms(metric, gapped))));
      }),
      { numRuns: 40 },
    );
  });

  it('a canary that falls silent is never better off than judged by what it said before', () => {
    const compared = run.filter(({ kind }) => kind !== 'limit');
    fc.assert(
      fc.property(compared, fc.integer({ min: 1, max: steps - 1 }), (metric, from) => {
        const silent = (series: readonly unknown[]) =>
          series.map((value, step) => (step >= from ? null : value));
        const before = whole(mapArms(metric, (series) => series.slice(0, from))).verdict;
        const after = whole(mapArms(metric, silent, (series) => series)).verdict;
        assert.ok(badness[after] >= badness[before], `${before} became ${after}`);
        if (from <= steps - 3) assert.notEqual(after, 'pass');
      }),
      { numRuns: 40 },
    );
  });

  it('the evidence at every look is a number, and so is every other number of the judgement', () => {
    const small = [1e-300, 1e-310, Number.MIN_VALUE];
    const broken = fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e308, ...small);
    const places = fc.array(fc.tuple(fc.integer({ min: 0, max: steps - 1 }), broken), { maxLength: 6 });
    fc.assert(
      fc.property(run, places, places, fc.boolean(), (metric, here, there, earlyPass) => {
        const spoiledMetric = mapArms(metric, spoiled(here), spoiled(there));
        const one = input([spoiledMetric], { plannedSteps: steps, earlyPass });
        const { looks, metrics, judgement } = trajectory(one, { goOn: true });
        assert.equal(looks.length, steps);
        for (const look of [...looks, ...metrics.flatMap((own) => own.looks)])
          assert.ok(!Number.isNaN(look.logE), JSON.stringify(look));
        const { findings, ...rest } = judgement;
        const told = findings.map(({ limit: _, ...finding }) => finding);
        assert.ok([rest, told].flatMap(everyNumber).every(Number.isFinite), JSON.stringify(judgement));
      }),
      { numRuns: 50 },
    );
  });

  it('more harm never makes a verdict better', () => {
    const harmful = run.filter(({ kind }) => kind !== 'histogram');
    fc.assert(
      fc.property(harmful, fc.double({ min: 1, max: 4, noNaN: true }), (metric, factor) => {
        const [one, other] = [whole(metric).verdict, whole(worsened(metric, factor)).verdict];
        assert.ok(badness[other] >= badness[one], `${one} became ${other}`);
      }),
      { numRuns: 40 },
    );
  });

  it('arms changed over are as far apart, where either way is harm', () => {
    const compared = run.filter((one) => one.kind !== 'limit' && !('history' in one));
    fc.assert(
      fc.property(compared, (metric) => {
        if (metric.kind === 'limit') return;
        const either = { ...metric, direction: 'either' } as const;
        const swapped = { ...either, canary: metric.baseline, baseline: metric.canary } as MetricInput;
        const [one, other] = [whole(either), whole(swapped)];
        assert.ok(close(logE(one), logE(other)), `${logE(one)} is not ${logE(other)}`);
        assert.ok(close(one.findings[0]!.cliffsDelta ?? 0, -(other.findings[0]!.cliffsDelta ?? 0)));
      }),
      { numRuns: 40 },
    );
  });
});
