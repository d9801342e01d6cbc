import { logSumExp } from '../statistics/log-sum-exp.ts';
import type { JudgeInput, MetricInput } from '../types.ts';
import { writeNumber, writePercent, writeRatio } from '../words.ts';
import type { Assessment, Glance, Weighing } from './assessment.ts';
import { total } from './count-steps.ts';
import { gapsOf } from './gaps.ts';
import { earliest, type Fault, type ReadyHistogram, readyHistogram } from './histogram-arm.ts';
import { chooseEdges } from './histogram-edges.ts';
import { pool, shiftAt, summariseHistogram } from './histogram-quantile.ts';
import { assessEdge, type EdgeAssessment, type EdgeRatio, edgeRatio } from './histogram-ratio.ts';
import { troubleOf } from './obstacle.ts';

type HistogramInput = Extract<MetricInput, { kind: 'histogram' }>;
type Arms = { readonly canary: ReadyHistogram; readonly baseline: ReadyHistogram };

/** A histogram made ready to be weighed. */
type Ready = {
  readonly arms: Arms;
  /** The first step (from 0) with requests in both arms, which chose the edges. */
  readonly chosenAt: number;
  readonly edges: readonly EdgeRatio[];
  readonly fault: Fault | null;
};

type Evidence = Pick<Assessment, 'logE' | 'onset' | 'logPass'> & {
  /** ln E of each edge. */
  readonly logEs: readonly number[];
};

const nothing: Evidence = { logE: 0, onset: 1, logPass: Number.NEGATIVE_INFINITY, logEs: [] };

function makeReady(metric: HistogramInput, input: JudgeInput): Ready {
  const arms = {
    canary: readyHistogram(metric.canary, metric.name),
    baseline: readyHistogram(metric.baseline, metric.name),
  };
  const { chosen, fault } = chooseEdges(arms.canary, arms.baseline, metric.edges, metric.name);
  const chosenAt = chosen?.step ?? 0;
  const edges = (chosen?.edges ?? []).map((le) => edgeRatio(metric, arms, le, input));
  return { arms, chosenAt, edges, fault: earliest([arms.canary.fault, arms.baseline.fault, fault]) };
}

function faultAfter({ fault }: Ready, steps: number): string | null {
  return fault !== null && fault.from <= steps ? fault.sentence : null;
}

/** The mean of the edges' evidence; a pass needs all of them. What makes no sense is no evidence. */
function weigh({ edges }: Ready, steps: number, fault: string | null): Evidence {
  if (edges.length === 0 || fault !== null) return nothing;
  const each = edges.map((edge) => edge.weigh(steps));
  const logEs = each.map(({ logE }) => logE);
  const strongest = logEs.indexOf(Math.max(...logEs));
  return {
    logE: logSumExp(logEs) - Math.log(edges.length),
    onset: each[strongest]?.onset ?? 1,
    logPass: Math.min(...each.map(({ logPass }) => logPass)),
    logEs,
  };
}

function describe(name: string, leading: EdgeAssessment | null): string {
  if (leading === null) return `${name}: no requests to compare yet`;
  const { finding, effect, interval } = leading;
  const [canary, baseline] = [finding.canary ?? 0, finding.baseline ?? 0];
  const levels = `${name}: ${writePercent(canary)} of requests slower than ${finding.le} in the canary against ${writePercent(baseline)}`;
  if (effect === null || interval === null) {
    const requests = writeNumber(Math.round(total(leading.edge.steps.canaryTotal)));
    return `${levels} (of ${requests} canary requests)`;
  }
  const [low, high] = interval;
  return `${levels}, ${writeRatio(1 + effect)}× (90 % interval ${writeRatio(1 + low)}–${writeRatio(1 + high)})`;
}

/**
 * How much longer requests take, at the leading edge and in the metric's own units. The interval is that of the ratio of
 * shares carried over along the canary's own distribution, so an approximation.
 */
function shiftOf(
  { arms, chosenAt }: Ready,
  { finding: { le, baseline }, effect, interval }: EdgeAssessment,
): Pick<Assessment, 'effectAbsolute' | 'intervalAbsolute'> {
  // Where no request of the baseline is slower, the edge marks no share of them.
  if (baseline === null || baseline === 0) return { effectAbsolute: null, intervalAbsolute: null };
  const canary = pool(arms.canary, chosenAt);
  const [low, high] = (interval ?? []).map((end) =>
    shiftAt(canary, le, baseline, (1 + end) / (1 + (effect ?? 0))),
  );
  return {
    effectAbsolute: shiftAt(canary, le, baseline),
    intervalAbsolute:
      low === undefined || high === undefined || low === null || high === null ? null : [low, high],
  };
}

/** What a pass lacks at the rarest of the edges that are in its way; `null` where more data would not help. */
function lackingOf(edges: readonly EdgeAssessment[]): string | null {
  const open = edges.findLast(({ excluded }) => !excluded);
  const lacking = open?.lacking() ?? null;
  return open === undefined || lacking === null ? null : `${lacking} for the edge ${open.finding.le}`;
}

type Effect = Pick<
  Assessment,
  'effect' | 'interval' | 'effectAbsolute' | 'intervalAbsolute' | 'anytimeInterval'
>;

function effectOf(ready: Ready, leading: EdgeAssessment | null): Effect {
  if (leading === null) {
    const none = { effect: null, interval: null, anytimeInterval: null };
    return { ...none, effectAbsolute: null, intervalAbsolute: null };
  }
  const { effect, interval, anytimeInterval } = leading;
  return { effect, interval, anytimeInterval, ...shiftOf(ready, leading) };
}

/** The edge that speaks for the metric: that with the most evidence for harm. */
function leadingOf(edges: readonly EdgeAssessment[]): EdgeAssessment | null {
  return edges.reduce<EdgeAssessment | null>(
    (best, edge) => (best === null || edge.logE > best.logE ? edge : best),
    null,
  );
}

function stepsNeeded(edges: readonly EdgeAssessment[], chosenAt: number): number | null {
  const found = edges.map((edge) => edge.stepsNeeded).filter((steps) => steps !== null);
  return found.length === 0 ? null : Math.min(...found) + chosenAt;
}

function assessAll(metric: HistogramInput, ready: Ready, input: JudgeInput): Assessment {
  const { arms, chosenAt } = ready;
  const gaps = gapsOf(arms.canary.total, arms.baseline.total)(arms.canary.total.length);
  const fault = faultAfter(ready, gaps.steps);
  const { logEs, ...evidence } = weigh(ready, gaps.steps, fault);
  const share = { ...input, alpha: input.alpha / Math.max(1, logEs.length) };
  const edges = logEs.flatMap((logE, index) => {
    const edge = ready.edges[index];
    return edge === undefined || edge.steps.canary.length === 0 ? [] : [assessEdge(edge, logE, share)];
  });
  const leading = leadingOf(edges);
  const excluded = edges.length > 0 && edges.every((edge) => edge.excluded);
  return {
    ...evidence,
    excluded,
    ...effectOf(ready, leading),
    values: { canary: [], baseline: [] },
    noise: null,
    edges: edges.map(({ finding }) => finding),
    canary: summariseHistogram(arms.canary),
    baseline: summariseHistogram(arms.baseline),
    minimumDetectableEffect: leading?.minimumDetectableEffect ?? null,
    stepsNeeded: stepsNeeded(edges, chosenAt),
    lacking: excluded || !input.final ? null : lackingOf(edges),
    ...troubleOf(metric, gaps, 0, fault),
    comparison: describe(metric.name, leading),
    wentSilent: fault === null && gaps.wentSilent,
  };
}

/**
 * A histogram made ready: at each compared edge (`chooseEdges`) the share of requests slower than it is judged as a
 * ratio, with `latencyGrid` for the harms considered. Evidence is the mean of the edges' evidence, which is evidence
 * under any dependence among them (Vovk & Wang 2021); a pass needs every edge to exclude the acceptable worsening of
 * its share. Effect and comparison are those of the edge with the most evidence; the effect in the metric's units is
 * how much longer the canary takes for the share of requests that the baseline answers by that edge.
 */
export function weighHistogram(metric: HistogramInput, input: JudgeInput): Weighing {
  const ready = makeReady(metric, input);
  const gapsAfter = gapsOf(ready.arms.canary.total, ready.arms.baseline.total);
  const glance = (steps: number): Glance => {
    const fault = faultAfter(ready, steps);
    const gaps = gapsAfter(steps);
    const { logEs: _, ...evidence } = weigh(ready, steps, fault);
    return {
      ...evidence,
      // Only the planned end asks for it, and that is assessed in full.
      excluded: false,
      ...troubleOf(metric, gaps, 0, fault),
      wentSilent: fault === null && gaps.wentSilent,
    };
  };
  return { glance, assess: () => assessAll(metric, ready, input) };
}
