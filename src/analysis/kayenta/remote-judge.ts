import { invalidInput } from '../../errors.ts';
import type { KayentaConfig, KayentaMetric, MetricSetPair } from '../../judge/kayenta/config.ts';
import { judgeKayenta } from '../../judge/kayenta/judge-kayenta.ts';
import {
  type JudgeName,
  parseKayentaConfig,
  parseKayentaThresholds,
} from '../../judge/kayenta/parse-config.ts';
import type { Verdict } from '../../judge/types.ts';
import { judgeOf, sequentialTerms, weightOf } from './config-plan.ts';
import {
  type JudgeResult,
  judgeResult,
  kayentaResult,
  metricResult,
  settled,
  type ToldFinding,
} from './judge-result.ts';
import { type MetricPairs, readMetricPairs } from './metric-pairs.ts';
import { parseThresholds, tellScore } from './thresholds.ts';

/** What the sequential judge says of samples at hand. */
export type SamplesJudged = {
  readonly verdict: Verdict;
  readonly score: number;
  readonly reason: string;
  readonly findings: readonly ToldFinding[];
};

/** Judges a body of `POST /v1/judge`, wherever that is done. */
export type JudgeSamples = (body: unknown) => Promise<SamplesJudged>;

type Request = {
  readonly canaryConfig?: unknown;
  readonly scoreThresholds?: unknown;
  readonly metricSetPairList?: unknown;
};

function judgeNameOf(config: unknown): JudgeName {
  const judge = (config as { readonly judge?: { readonly name?: JudgeName } } | undefined)?.judge;
  return judge?.name ?? 'NetflixACAJudge-v1.0';
}

function metricOf({ metrics }: KayentaConfig, pair: MetricSetPair, index: number): KayentaMetric {
  const found = metrics.find(({ name }) => name === pair.name);
  if (found !== undefined) return found;
  const known = metrics.map(({ name }) => name).join(', ');
  throw invalidInput([
    {
      path: `metricSetPairList[${index}].name`,
      message: `found ${JSON.stringify(pair.name)}; the metrics of the config are ${known}`,
    },
  ]);
}

type JudgedPair = { readonly metric: KayentaMetric; readonly pair: MetricSetPair };

/** Every pair of a metric that is not muted, and a pair without values for each metric that has none. */
function pairsToJudge(config: KayentaConfig, pairs: readonly MetricSetPair[]): readonly JudgedPair[] {
  const given = pairs.map((pair, index) => ({ metric: metricOf(config, pair, index), pair }));
  const missing = config.metrics
    .filter(({ name }) => pairs.every((pair) => pair.name !== name))
    .map((metric) => ({ metric, pair: { name: metric.name, control: [], experiment: [] } }));
  return [...given, ...missing].filter(({ metric }) => !metric.muted);
}

function armOf(values: MetricSetPair['control'], length: number): readonly (number | null)[] {
  const finite = values.map((value) => (value !== null && Number.isFinite(value) ? value : null));
  return [...finite, ...new Array<null>(length - finite.length).fill(null)];
}

/** The body of `POST /v1/judge` that asks the same of the sequential judge; metrics are named by their place. */
function bodyOf(config: KayentaConfig, judged: readonly JudgedPair[], stepSeconds: number): unknown {
  const longest = Math.max(1, ...judged.flatMap(({ pair }) => [pair.control.length, pair.experiment.length]));
  const metrics = judged.map(({ metric }, index) => ({
    name: `m${index}`,
    kind: 'gauge',
    direction: metric.direction,
    critical: metric.critical,
    weight: weightOf(metric, config),
    ...sequentialTerms(metric, []),
  }));
  const samples = judged.map(({ pair }, index) => [
    `m${index}`,
    { canary: armOf(pair.experiment, longest), baseline: armOf(pair.control, longest) },
  ]);
  return { plan: { metrics }, samples: Object.fromEntries(samples), stepSeconds };
}

async function judgeSequentially(
  config: KayentaConfig,
  { pairs, stepSeconds }: MetricPairs,
  request: Request,
  judgeName: JudgeName,
  judgeSamples: JudgeSamples,
): Promise<JudgeResult> {
  const thresholds = parseThresholds(request.scoreThresholds, 'scoreThresholds');
  const judged = pairsToJudge(config, pairs);
  if (judged.length === 0)
    throw invalidInput([
      { path: 'canaryConfig.metrics', message: 'are all muted; at least one must be judged' },
    ]);
  const { verdict, score, reason, findings } = await judgeSamples(bodyOf(config, judged, stepSeconds));
  const results = judged.flatMap(({ metric, pair }, index) => {
    const finding = findings[index];
    if (finding === undefined) return [];
    const { id = String(index + 1), tags = {} } = pair;
    return [metricResult(finding, { name: metric.name, id, tags, groups: metric.groups })];
  });
  return judgeResult(judgeName, results, tellScore(settled(verdict), score, thresholds), reason);
}

/**
 * Answers Kayenta's RemoteJudge: pairs of series judged by the judge that the config names, Kayenta's own rule for
 * `NetflixACAJudge-v1.0` and the sequential judge for the others. The series are all there is, so what they cannot tell
 * is marginal.
 *
 * @throws `invalid_input` with every issue by its path
 */
export async function judgeRemotely(request: Request, judgeSamples: JudgeSamples): Promise<JudgeResult> {
  const config = parseKayentaConfig(request.canaryConfig, 'canaryConfig');
  const pairs = readMetricPairs(request.metricSetPairList, 'metricSetPairList');
  const judgeName = judgeNameOf(request.canaryConfig);
  if (judgeOf({ judgeName }, 'kayenta') === 'sequential')
    return judgeSequentially(config, pairs, request, judgeName, judgeSamples);
  const thresholds = parseKayentaThresholds(request.scoreThresholds, 'scoreThresholds');
  return kayentaResult(judgeKayenta(config, thresholds, pairs.pairs), judgeName);
}
