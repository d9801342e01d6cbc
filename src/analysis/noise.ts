import { createHash } from 'node:crypto';
import { learnFrom } from '../judge/learn.ts';
import { recallNoise } from '../judge/sequential/noise-profile.ts';
import { wideGrid } from '../judge/sequential/whiten.ts';
import type { LearnedNoise, NoisePlace, NoiseStore } from './noise-store.ts';
import { noiseFrom, type Plan, type PlanMetric } from './plan.ts';
import type { Readings } from './readings.ts';
import type { Run, RunNoise } from './run.ts';
import { judgeInput } from './samples.ts';
import { endsAt } from './window.ts';

/** Earlier runs that a run learns from; older ones tell of a service that has changed since. */
const mostRuns = 8;

/** What of a metric says how its values are judged, not how they come about. */
const judgedBy: readonly string[] = [
  'direction',
  'margin',
  'acceptable',
  'weight',
  'critical',
  'podOffsetGuard',
];

/**
 * Tells metrics apart by name, provider, queries and step: only where all agree are the values of another run values
 * of the same thing. What was learned on another grid of autocorrelations is of no use either.
 */
function fingerprintOf(metric: PlanMetric, { step }: Plan): string {
  const measured = Object.entries(metric)
    .filter(([key, value]) => value !== undefined && !judgedBy.includes(key))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([measured, step, wideGrid]))
    .digest('hex')
    .slice(0, 32);
}

/** Judged through its planned end, which a run that passed early or was ended by its rollout is not, and not failed. */
function mayBeLearnedFrom(run: Run): boolean {
  if (run.phase !== 'concluded' || run.lookedThrough === null) return false;
  if (run.verdict === 'fail' || run.judgedVerdict === 'fail') return false;
  return run.lookedThrough >= endsAt(run);
}

function wasJudged(run: Run, metric: string): boolean {
  const finding = run.judgement?.findings.find((one) => one.metric === metric);
  return finding !== undefined && finding.obstacle === null && finding.verdict !== 'fail';
}

/**
 * What a run tells later ones of its metrics' noise; nothing before it is over, when it failed, or when it ended
 * before its planned end. A metric that failed, could not be read or had too little data tells nothing. Dry runs
 * tell as much as others: their data are as real. Pure.
 */
export function learn(run: Run, readings: Readings): readonly LearnedNoise[] {
  if (run.lookedThrough === null || !mayBeLearnedFrom(run)) return [];
  const { id: runId, changeId, service, environment, target, start, end, plan } = run;
  const { metrics } = judgeInput(run, readings, run.lookedThrough);
  return plan.metrics.flatMap((metric) => {
    const judged = metrics.find(({ name }) => name === metric.name);
    if (judged === undefined || !wasJudged(run, metric.name)) return [];
    const profile = learnFrom(judged);
    if (profile === null) return [];
    const fingerprint = fingerprintOf(metric, plan);
    const place = { service, environment, target };
    return [{ ...place, runId, changeId, metric: metric.name, fingerprint, from: start, to: end, profile }];
  });
}

/** The newest windows that do not overlap: what two runs saw at once is told once. */
function newestApart(learned: readonly LearnedNoise[]): readonly LearnedNoise[] {
  const taken: LearnedNoise[] = [];
  let since = Number.POSITIVE_INFINITY;
  for (const one of [...learned].sort((left, right) => right.to - left.to)) {
    if (one.to > since || taken.length === mostRuns) continue;
    taken.push(one);
    since = one.from;
  }
  return taken;
}

/**
 * The noise that a run which begins at `start` is to be judged with: of each gauge what up to 8 earlier runs told,
 * where there are at least two, and nothing where the plan wants none of it. Their windows lie before the run's own, so that nothing is weighed twice.
 */
export async function recall(
  store: NoiseStore,
  place: NoisePlace,
  plan: Plan,
  start: number,
): Promise<readonly RunNoise[]> {
  const gauges = plan.metrics
    .filter(({ kind }) => kind === 'gauge')
    .map((metric) => ({ metric: metric.name, fingerprint: fingerprintOf(metric, plan) }));
  if (gauges.length === 0 || !noiseFrom(plan).earlierRuns) return [];
  const { service, environment, target } = place;
  const fingerprints = gauges.map(({ fingerprint }) => fingerprint);
  const learned = await store.recall({ service, environment, target }, fingerprints, start);
  return gauges.flatMap(({ metric, fingerprint }) => {
    const own = newestApart(learned.filter((one) => one.fingerprint === fingerprint));
    const profile = recallNoise(own.map((one) => one.profile));
    return profile === null ? [] : [{ metric, profile }];
  });
}
