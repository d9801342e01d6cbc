import { expandTemplate } from '../../src/analysis/kayenta/queries/expand.ts';
import { translateQuery } from '../../src/analysis/kayenta/queries/translate.ts';
import { scopeVariables } from '../../src/analysis/kayenta/scope.ts';
import { type StandaloneScope, standaloneScopes } from '../../src/analysis/kayenta/standalone.ts';
import { fillGaps, prepareArm, summarise } from '../../src/judge/kayenta/arm.ts';
import { classifyMetric } from '../../src/judge/kayenta/classify.ts';
import { type EffectMeasure, effectDefaults, kayentaMetric } from '../../src/judge/kayenta/config.ts';
import { commonLanguage, effectOf, meanRatio } from '../../src/judge/kayenta/effect.ts';
import { judgeKayenta } from '../../src/judge/kayenta/judge-kayenta.ts';
import { fences, withoutOutliers } from '../../src/judge/kayenta/outliers.ts';
import { parseKayentaConfig, parseKayentaThresholds } from '../../src/judge/kayenta/parse-config.ts';
import { Reader } from '../../src/judge/kayenta/reader.ts';
import { type Scored, scoreGroups, summariseScores } from '../../src/judge/kayenta/score.ts';
import { shiftInterval, standardise } from '../../src/judge/kayenta/shift-interval.ts';
import { normalQuantile } from '../../src/judge/statistics/normal-quantile.ts';
import { percentile } from '../../src/judge/statistics/percentile.ts';
import { ascending } from '../../src/judge/statistics/rank-order.ts';
import { rankSum } from '../../src/judge/statistics/rank-sum.ts';
import type { Direction } from '../../src/judge/types.ts';
import { escapePromql } from '../../src/metrics/prometheus/promql.ts';
import { parseTemplate, renderTemplate } from '../../src/metrics/template.ts';
import { differences, type Vector } from './vector.ts';

type Input = Vector['input'];
type Samples = {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly confidenceLevel: number;
};
type Values = {
  readonly values: readonly number[];
  readonly factor: number;
  readonly reduceSensitivity: boolean;
};
type Arms = { readonly experiment: readonly number[]; readonly control: readonly number[] };
type Classifier = Arms & {
  readonly params: {
    readonly tolerance: number;
    readonly confLevel: number;
    readonly effectSizeThresholds: readonly [number, number];
    readonly criticalThresholds: readonly [number, number];
    readonly effectSizeMeasure: EffectMeasure;
  };
  readonly metricName: string;
  readonly experimentLabel: string;
  readonly controlLabel: string;
  readonly direction: Direction;
  readonly nanStrategy: 'remove' | 'replace';
  readonly isCriticalMetric: boolean;
  readonly isDataRequired: boolean;
};
type Judged = {
  readonly canaryConfig: unknown;
  readonly thresholds: unknown;
  readonly metricSetPairs: readonly { readonly name: string; readonly values: Arms }[];
};

const plain = kayentaMetric('m');
const armOf = (values: readonly number[]) => prepareArm(values, plain);

function statisticAt(x: readonly number[], y: readonly number[], shift: number): number | null {
  return standardise(rankSum(ascending(x), ascending(y), shift), x.length, y.length);
}

function replayIntermediate({ x, y, confidenceLevel }: Samples): unknown {
  const zqUpper = normalQuantile((1 - confidenceLevel) / 2);
  const muMin = Math.min(...x) - Math.max(...y);
  const muMax = Math.max(...x) - Math.min(...y);
  const [least, most] = [statisticAt(x, y, muMin) ?? 0, statisticAt(x, y, muMax) ?? 0];
  const interval = shiftInterval(ascending(x), ascending(y), confidenceLevel);
  return {
    muMin,
    muMax,
    zqLower: -zqUpper,
    zqUpper,
    fLower1: least + zqUpper,
    fUpper1: most + zqUpper,
    fLower2: least - zqUpper,
    fUpper2: most - zqUpper,
    ciLower: interval?.lower,
    ciUpper: interval?.upper,
    estimate: interval?.estimate,
  };
}

/** The names of the arms are the test's there; ours are those of Kayenta's judge. */
function renameArms(reason: string | null, { experimentLabel, controlLabel }: Classifier): string | null {
  return reason?.replace('Canary and Baseline', `${experimentLabel} and ${controlLabel}`) ?? null;
}

function replayClassifier(one: Classifier): unknown {
  const { params } = one;
  const metric = kayentaMetric(one.metricName, {
    direction: one.direction,
    nanStrategy: one.nanStrategy,
    critical: one.isCriticalMetric,
    mustHaveData: one.isDataRequired,
    effectSize: {
      ...effectDefaults(params.effectSizeMeasure),
      allowedDecrease: params.effectSizeThresholds[0],
      allowedIncrease: params.effectSizeThresholds[1],
      criticalDecrease: params.criticalThresholds[0],
      criticalIncrease: params.criticalThresholds[1],
    },
  });
  const [experiment, control] = [prepareArm(one.experiment, metric), prepareArm(one.control, metric)];
  const strictness = { level: params.confLevel, tolerance: params.tolerance };
  const classified = classifyMetric(metric, experiment, control, strictness);
  const interval = shiftInterval(experiment.sorted, control.sorted, params.confLevel);
  const reason = renameArms(classified.reason, one);
  return {
    classification: classified.classification,
    reason,
    reasonNotEmpty: reason !== null && reason !== '',
    critical: classified.critical,
    deviation: classified.ratio,
    effectSize: effectOf(params.effectSizeMeasure, experiment, control),
    lowerConfidence: interval?.lower,
    upperConfidence: interval?.upper,
    estimate: interval?.estimate,
  };
}

function replayScore({ groupWeights, metrics }: Input): unknown {
  const weights = new Map(Object.entries(groupWeights as Record<string, number>));
  const scored = (metrics as Omit<Scored, 'reason'>[]).map((metric) => ({ ...metric, reason: 'a reason' }));
  const groups = scoreGroups(scored);
  return {
    summaryScore: summariseScores(scored, groups, weights).score,
    groupScores: Object.fromEntries(groups.map(({ name, score }) => [name, score])),
  };
}

function replayJudge({ canaryConfig, thresholds, metricSetPairs }: Judged): unknown {
  const judged = judgeKayenta(
    parseKayentaConfig(canaryConfig),
    parseKayentaThresholds(thresholds),
    metricSetPairs.map(({ name, values }) => ({ name, ...values })),
  );
  return {
    judgeName: 'NetflixACAJudge-v1.0',
    score: {
      score: judged.score,
      classification: judged.classification,
      classificationReason: judged.classificationReason,
    },
    groupScores: judged.groupScores,
    results: judged.findings.map((finding) => ({
      ...finding,
      experimentStats: finding.experiment,
      controlStats: finding.control,
    })),
  };
}

const variables = (bindings: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(bindings).map(([name, value]) => [`scope.${name}`, String(value)]));

type Query = {
  readonly templates: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly scope: {
    readonly scope: string | null;
    readonly location: string;
    readonly extendedScopeParams: Readonly<Record<string, unknown>> | null;
  };
};

/** The query as the provider would send it. */
function replayQuery({ templates, query, scope }: Query): unknown {
  const reader = new Reader();
  const place = { path: 'query', value: { type: 'prometheus', ...query } };
  const translated = reader.finish(translateQuery(reader, place, templates));
  const asked = { ...scope, scope: scope.scope ?? '', start: 0, end: 0, step: null };
  const extended = Object.entries(scope.extendedScopeParams ?? {}).map(([name, value]) => [
    name,
    String(value),
  ]);
  const bound = scopeVariables({ ...asked, extendedScopeParams: Object.fromEntries(extended) }, null);
  return { query: renderTemplate(parseTemplate(translated.query), variables(bound), escapePromql) };
}

type Template = { readonly template: string | null; readonly bindings: Readonly<Record<string, string>> };

function replayTemplate({ template, bindings }: Template): unknown {
  if (template === null) return { value: null };
  const reader = new Reader();
  const text = reader.finish(expandTemplate(template, { path: '', value: template }, reader));
  return { value: renderTemplate(parseTemplate(text), variables(bindings), (value) => value) };
}

type Lifetime = {
  readonly startMin: number;
  readonly endMin: number | null;
  readonly lifetimeDurationMins: number | null;
};

function replayLifetime({ startMin, endMin, lifetimeDurationMins }: Lifetime): unknown {
  const times = { startTime: startMin * 60_000, endTime: endMin === null ? null : endMin * 60_000 };
  const scope: StandaloneScope = {
    ...{
      scopeName: 's',
      controlScope: 'c',
      experimentScope: 'e',
      controlLocation: null,
      experimentLocation: null,
    },
    ...{ controlOffsetInMinutes: 0, step: 60_000, extendedScopeParams: {}, ...times },
  };
  const terms = { scopes: [scope], lifetimeDurationMins, beginAfterMins: 0, lookbackMins: 0 };
  const pair = standaloneScopes(terms, 0)['s'];
  return { lifetimeMins: ((pair?.experiment.end ?? 0) - (pair?.experiment.start ?? 0)) / 60_000 };
}

const isOutside = ({ values, factor, reduceSensitivity }: Values): readonly boolean[] => {
  const limits = fences(ascending(values), factor, reduceSensitivity);
  return values.map((value) => limits !== null && (value < limits[0] || value > limits[1]));
};

/** By kind of vector, how to ask the same of our judge; the answer has the keys of Kayenta's. */
const replays: Readonly<Record<string, (input: never) => unknown>> = {
  wilcoxonDiff: ({ mu, quantile, x, y }: Samples & { mu: number; quantile: number }) => ({
    value: (statisticAt(x, y, mu) ?? Number.NaN) - quantile,
  }),
  normalQuantile: ({ p }: { p: number }) => ({ value: normalQuantile(p) }),
  mannWhitneyCI: ({ x, y, confidenceLevel }: Samples) =>
    shiftInterval(ascending(x), ascending(y), confidenceLevel),
  mannWhitneyIntermediate: replayIntermediate,
  metricClassifier: replayClassifier,
  metricClassifierDetail: replayClassifier,
  summaryStatistics: ({ values }: Values) => summarise(values),
  percentileR7: ({ values, p }: Values & { p: number }) => ({ value: percentile(ascending(values), p) }),
  meanRatio: ({ experiment, control }: Arms) => ({
    value: meanRatio(summarise(experiment), summarise(control)),
  }),
  cles: ({ experiment, control }: Arms) => ({ value: commonLanguage(armOf(experiment), armOf(control)) }),
  iqrDetect: (input: Values) => ({ outliers: isOutside(input) }),
  removeNaNs: ({ values }: Values) => ({ values: fillGaps(values, 'remove') }),
  replaceNaNs: ({ values }: Values) => ({ values: fillGaps(values, 'replace') }),
  removeOutliersIQR: ({ values, factor, reduceSensitivity }: Values) => ({
    values: withoutOutliers(values, ascending(values), factor, reduceSensitivity),
  }),
  weightedSumScore: replayScore,
  judge: replayJudge,
  prometheusBuildQuery: replayQuery,
  expandTemplate: replayTemplate,
  lifetime: replayLifetime,
};

function askedBy(vector: Vector, vectors: readonly Vector[]): Vector {
  return vectors.find(({ id }) => id === vector.sameInputAs) ?? vector;
}

/** True where our judge has something to ask the same of. */
export function isReplayable(vector: Vector, vectors: readonly Vector[]): boolean {
  const asked = askedBy(vector, vectors);
  return vector.kind in replays && asked.input['classifier'] !== 'MeanInequalityClassifier';
}

/** Our judge's answer to what a vector asks. Throws where our judge refuses the input. */
export function replay(vector: Vector, vectors: readonly Vector[]): unknown {
  return replays[vector.kind]?.(askedBy(vector, vectors).input as never);
}

/** Kayenta refuses what the vector asks. */
function isRefusal(expected: Vector['expected']): boolean {
  return 'error' in expected || 'errorContains' in expected;
}

/** How our answer differs from Kayenta's; empty where it does not. */
export function replayDifferences(vector: Vector, vectors: readonly Vector[]): readonly string[] {
  const expected =
    vector.nondeterministic === undefined ? vector.expected : classificationsOf(vector.expected);
  try {
    const answer = replay(vector, vectors);
    return isRefusal(expected)
      ? ['accepted where Kayenta refuses']
      : differences(answer, { ...vector, expected });
  } catch (error) {
    return isRefusal(expected) ? [] : [`refused: ${String(error)}`];
  }
}

/** What of an answer does not change from call to call. */
function classificationsOf(expected: Vector['expected']): Vector['expected'] {
  const { results, classification } = expected as {
    results?: readonly { classification: string }[];
    classification?: string;
  };
  if (results === undefined) return { classification };
  return { results: results.map((result) => ({ classification: result.classification })) };
}
