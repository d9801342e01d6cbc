import { clean } from '../clean.ts';
import { combinationWeights } from '../sequential/combine.ts';
import { describeGaps, findGaps } from '../sequential/gaps.ts';
import { describeRanks } from '../sequential/ranks.ts';
import { summarise, summariseCounts } from '../sequential/summary.ts';
import type { ArmSummary, Finding, JudgeInput, Judgement, MetricInput, Samples, Verdict } from '../types.ts';
import { cutSentence, writeList, writeNumber } from '../words.ts';
import type { KayentaConfig, KayentaThresholds } from './config.ts';
import { judgeKayenta, type KayentaFinding, type KayentaJudgement } from './judge-kayenta.ts';

const longestReason = 300;
/** The level of Kayenta's interval. */
const level = 0.98;

/** What a metric gives Kayenta to compare: one value a step and arm. */
type Compared = {
  readonly metric: MetricInput;
  readonly canary: Samples;
  readonly baseline: Samples;
  readonly summaries: { readonly canary: ArmSummary; readonly baseline: ArmSummary };
  readonly error: string | null;
};

/** Events per total; absent events are none while the total is there. */
function rates(events: Samples, total: Samples): Samples {
  return total.map((all, step) => (all !== null && all > 0 ? (events[step] ?? 0) / all : null));
}

function compared(metric: MetricInput): Compared {
  const error = metric.error ?? null;
  if (metric.kind === 'gauge') {
    const [canary, baseline] = [clean(metric.canary.values).values, clean(metric.baseline.values).values];
    return {
      metric,
      canary,
      baseline,
      summaries: { canary: summarise(canary), baseline: summarise(baseline) },
      error,
    };
  }
  if (metric.kind === 'ratio' || metric.kind === 'count') {
    const arm = ({ events, total }: typeof metric.canary) => {
      const [found, all] = [clean(events).values, clean(total).values];
      return {
        values: rates(found, all),
        summary: summariseCounts(
          found.map((value) => value ?? 0),
          all,
        ),
      };
    };
    const [canary, baseline] = [arm(metric.canary), arm(metric.baseline)];
    return {
      metric,
      canary: canary.values,
      baseline: baseline.values,
      summaries: { canary: canary.summary, baseline: baseline.summary },
      error,
    };
  }
  const nothing = summarise([]);
  return {
    metric,
    canary: [],
    baseline: [],
    summaries: { canary: nothing, baseline: nothing },
    error: `${metric.name} is a ${metric.kind}, which Kayenta's judge does not know`,
  };
}

type Trouble = Pick<Finding, 'obstacle' | 'error'> & { readonly sentence: string | null };

/** What Kayenta does not look at and a pass must not overlook: a metric that was not read, a canary that fell silent. */
function troubleOf({ canary, baseline, error }: Compared): Trouble {
  if (error !== null) return { obstacle: 'error', error, sentence: `could not be judged: ${error}` };
  const gaps = findGaps(canary, baseline);
  const found = gaps.silent ? describeGaps(gaps) : null;
  return { obstacle: found?.obstacle ?? null, error: null, sentence: found?.trouble ?? null };
}

function verdictOf({ classification, critical }: KayentaFinding, obstacle: Finding['obstacle']): Verdict {
  if (classification === 'Nodata') return critical ? 'fail' : 'inconclusive';
  if (classification !== 'Pass') return 'fail';
  return obstacle === null ? 'pass' : 'inconclusive';
}

function reasonOf(finding: KayentaFinding, { sentence }: Trouble): string {
  const said = finding.classificationReason ?? `${finding.name} was classified as ${finding.classification}`;
  const muted = finding.muted ? ['it is muted'] : [];
  const told = sentence === null ? [] : [sentence];
  return [said, ...told, ...muted, ...finding.warnings].join('; ');
}

function findingOf(one: Compared, finding: KayentaFinding, weight: number, final: boolean): Finding {
  const { metric, summaries } = one;
  const trouble = troubleOf(one);
  const { interval, ratio } = finding;
  const values = { canary: one.canary, baseline: one.baseline };
  return {
    metric: metric.name,
    kind: metric.kind,
    verdict: final ? verdictOf(finding, trouble.obstacle) : 'running',
    critical: metric.critical,
    weight,
    direction: metric.direction,
    effect: ratio === null ? null : ratio - 1,
    interval: null,
    intervalLevel: level,
    effectAbsolute: interval?.estimate ?? null,
    intervalAbsolute: interval === null ? null : [interval.lower, interval.upper],
    anytimeInterval: null,
    ...describeRanks({
      canary: values.canary.filter((value) => value !== null),
      baseline: values.baseline.filter((value) => value !== null),
    }),
    noise: null,
    edges: null,
    limit: null,
    margin: metric.margin,
    acceptable: metric.acceptable,
    logE: 0,
    pValue: 1,
    adjustedPValue: 1,
    canary: summaries.canary,
    baseline: summaries.baseline,
    minimumDetectableEffect: null,
    remainingSeconds: null,
    obstacle: trouble.obstacle ?? (finding.classification === 'Nodata' ? 'no_data' : null),
    reason: reasonOf(finding, trouble),
    error: trouble.error,
  };
}

/** What the plan fails a run for whatever its score: silence, or want of data. */
function isFailedByPlan(findings: readonly Finding[], { onCanarySilent, onNoData }: JudgeInput): boolean {
  const has = (which: Finding['obstacle']): boolean => findings.some(({ obstacle }) => obstacle === which);
  return (onCanarySilent === 'fail' && has('silent')) || (onNoData === 'fail' && has('no_data'));
}

/** The label as a verdict; what kept a metric from being judged keeps the canary from passing. */
function overall(
  { classification }: KayentaJudgement,
  counted: readonly Finding[],
  input: JudgeInput,
): Verdict {
  if (!input.final) return 'running';
  if (classification === 'Fail' || isFailedByPlan(counted, input)) return 'fail';
  const isBlocked = counted.some(({ obstacle }) => obstacle === 'error' || obstacle === 'silent');
  return classification === 'Pass' && !isBlocked ? 'pass' : 'inconclusive';
}

function overallReason(judged: KayentaJudgement, findings: readonly Finding[], input: JudgeInput): string {
  if (!input.final)
    return "Kayenta's rule is made for one look: it is asked at the planned end, so nothing is decided yet";
  const notable = findings.filter(({ verdict }) => verdict !== 'pass').map(({ reason }) => reason);
  const score = `Kayenta's score is ${writeNumber(judged.score)}, ${judged.classification}`;
  const told = judged.classificationReason === '' ? [] : [judged.classificationReason];
  const fine = notable.length === 0 ? [`${writeList(findings.map(({ metric }) => metric))} passed`] : [];
  return cutSentence([score, ...told, ...notable, ...fine, ...judged.warnings].join('; '), longestReason);
}

/**
 * Judges a run by Kayenta's rule (`judgeKayenta`) once, at its planned end: the rule is made for one look, and asked
 * again and again it fails harmless changes. Before the end it says `running`. Gauges are compared by their values,
 * ratios and counts by events per total of each step. Pass is `pass`, Marginal `inconclusive`, Fail `fail`. A metric
 * that could not be read, or whose canary fell silent, keeps a run from passing. Evidence is 0 and p-values are 1:
 * the rule has none.
 *
 * @param config one metric for each of the input's, by name
 */
export function judgeByKayenta(
  config: KayentaConfig,
  thresholds: KayentaThresholds,
  input: JudgeInput,
): Judgement {
  const all = input.metrics.map(compared);
  const pairs = all.map(({ metric, canary, baseline }) => ({
    name: metric.name,
    control: baseline,
    experiment: canary,
  }));
  const judged = judgeKayenta(config, thresholds, pairs);
  const weights = combinationWeights(input.metrics);
  const findings = all.flatMap((one, index) => {
    const finding = judged.findings[index];
    return finding === undefined ? [] : [findingOf(one, finding, weights[index] ?? 0, input.final)];
  });
  const muted = new Set(judged.findings.filter((finding) => finding.muted).map(({ name }) => name));
  return {
    verdict: overall(
      judged,
      findings.filter(({ metric }) => !muted.has(metric)),
      input,
    ),
    score: input.final ? judged.score : 50,
    reason: overallReason(judged, findings, input),
    evidence: { logE: 0, pValue: 1, alpha: input.alpha },
    findings,
  };
}
