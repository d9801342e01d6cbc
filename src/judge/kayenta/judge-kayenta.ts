import { invalidInput } from '../../errors.ts';
import { writeNumber } from '../words.ts';
import { type Arm, type ArmStatistics, prepareArm } from './arm.ts';
import { type Classification, classifyMetric } from './classify.ts';
import type {
  EffectMeasure,
  KayentaConfig,
  KayentaMetric,
  KayentaThresholds,
  MetricSetPair,
} from './config.ts';
import {
  type GroupScore,
  labelScore,
  type ScoreLabel,
  scoreGroups,
  summariseScores,
  weightsOf,
} from './score.ts';
import type { ShiftInterval } from './shift-interval.ts';
import { warningsOf } from './warnings.ts';

/** What the judge says of one pair of series. Every number is finite. */
export type KayentaFinding = {
  readonly name: string;
  readonly id: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly classification: Classification;
  /** In Kayenta's words; `null` where Kayenta gives none. */
  readonly classificationReason: string | null;
  /** True where the metric by itself fails the canary. */
  readonly critical: boolean;
  readonly muted: boolean;
  readonly experiment: ArmStatistics;
  readonly control: ArmStatistics;
  /** Ratio of the means whatever the measure of effect; `null` when unknown. */
  readonly ratio: number | null;
  /** The shift canary − baseline in the metric's unit, at 98 %; `null` where the arms were not compared. */
  readonly interval: ShiftInterval | null;
  readonly effect: { readonly measure: EffectMeasure; readonly size: number | null };
  /** What to know before believing the classification. Kayenta has no such thing. */
  readonly warnings: readonly string[];
};

/** What the judge says of all pairs together. */
export type KayentaJudgement = {
  /** In the order of the pairs; metrics without a pair at the end. */
  readonly findings: readonly KayentaFinding[];
  readonly groupScores: readonly GroupScore[];
  /** 0–100, two decimals. */
  readonly score: number;
  readonly classification: ScoreLabel;
  /** In Kayenta's words; empty where no rule but the thresholds decided. */
  readonly classificationReason: string;
  readonly warnings: readonly string[];
};

const noValues: ArmStatistics = { min: 0, max: 0, mean: 0, std: 0, count: 0 };

/** Sums of the largest numbers overflow; such figures are not shown. The metric is an `Error` then. */
function shownStatistics({ statistics }: Arm): ArmStatistics {
  return Object.values(statistics).every(Number.isFinite)
    ? statistics
    : { ...noValues, count: statistics.count };
}

function findingOf(metric: KayentaMetric, pair: MetricSetPair): KayentaFinding {
  const experiment = prepareArm(pair.experiment, metric);
  const control = prepareArm(pair.control, metric);
  const classified = classifyMetric(metric, experiment, control);
  const { comparison } = classified;
  return {
    name: metric.name,
    id: pair.id ?? null,
    tags: pair.tags ?? {},
    groups: metric.groups,
    classification: classified.classification,
    classificationReason: classified.reason,
    critical: classified.critical,
    muted: metric.muted,
    experiment: shownStatistics(experiment),
    control: shownStatistics(control),
    ratio: classified.ratio,
    interval: comparison?.interval ?? null,
    effect: { measure: metric.effectSize.measure, size: comparison?.effect ?? null },
    warnings: warningsOf({ metric, experiment, control, classified }),
  };
}

/** Nothing was handed in at all: not even `replace` takes that for zeros. */
function findingWithoutPair(metric: KayentaMetric): KayentaFinding {
  return findingOf({ ...metric, nanStrategy: 'remove' }, { name: metric.name, control: [], experiment: [] });
}

function metricOf({ metrics }: KayentaConfig, { name }: MetricSetPair, index: number): KayentaMetric {
  const metric = metrics.find((one) => one.name === name);
  if (metric !== undefined) return metric;
  const known = metrics.map((one) => one.name).join(', ');
  throw invalidInput([
    {
      path: `metricSetPairs[${index}].name`,
      message: `found ${JSON.stringify(name)}; the metrics are ${known}`,
    },
  ]);
}

function warnOfWeights(groups: readonly GroupScore[], weights: ReadonlyMap<string, number>): string[] {
  const total = weightsOf(groups, weights).reduce((sum, weight) => sum + weight, 0);
  if (groups.length === 0 || Math.abs(total - 100) < 1e-9) return [];
  return [
    `the weights of the groups that were scored add up to ${writeNumber(total)}, not 100, and with them the best possible score`,
  ];
}

/**
 * Judges as Kayenta's NetflixACAJudge-v1.0 does: same transforms, interval, labels, reasons and scores, weaknesses
 * included, of which the warnings tell. Not followed is what would pass by chance or by mistake: what cannot be
 * compared (`Error`) counts as failed and stays critical, two constant arms are judged by their difference and not by
 * random noise, infinite values are left out, and a metric of the config that has no pair has no data.
 *
 * A pure function: the same input gives the same judgement.
 *
 * @param config from `parseKayentaConfig`, or built of `kayentaMetric`
 * @param thresholds scores from which on the canary passes and is marginal
 * @param pairs one for each metric and set of tags
 * @throws `invalid_input` for a pair whose metric the config does not know
 */
export function judgeKayenta(
  config: KayentaConfig,
  thresholds: KayentaThresholds,
  pairs: readonly MetricSetPair[],
): KayentaJudgement {
  const given = pairs.map((pair, index) => findingOf(metricOf(config, pair, index), pair));
  const missing = config.metrics
    .filter(({ name }) => pairs.every((pair) => pair.name !== name))
    .map(findingWithoutPair);
  const findings = [...given, ...missing];
  const scored = findings
    .filter(({ muted }) => !muted)
    .map((finding) => ({ ...finding, reason: finding.classificationReason }));
  const groupScores = scoreGroups(scored);
  const { score, reason } = summariseScores(scored, groupScores, config.groupWeights);
  return {
    findings,
    groupScores,
    score,
    classification: labelScore(score, thresholds),
    classificationReason: reason,
    warnings: warnOfWeights(groupScores, config.groupWeights),
  };
}
