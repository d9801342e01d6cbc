import type { ArmStatistics } from '../../judge/kayenta/arm.ts';
import type { KayentaFinding, KayentaJudgement } from '../../judge/kayenta/judge-kayenta.ts';
import type { JudgeName } from '../../judge/kayenta/parse-config.ts';
import type { ArmSummary, Finding, Verdict } from '../../judge/types.ts';
import type { ToldScore } from './thresholds.ts';

/** Figures of one arm; what is not known is left out, for clients take neither null nor NaN. */
export type ResultStats = Partial<ArmStatistics> & {
  readonly count: number;
  readonly median?: number;
  readonly p95?: number;
};

/** One metric in Kayenta's words (CanaryAnalysisResult). */
export type MetricResult = {
  readonly name: string;
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly classification: string;
  readonly classificationReason: string;
  readonly critical: boolean;
  readonly muted: boolean;
  readonly experimentMetadata: { readonly stats: ResultStats };
  readonly controlMetadata: { readonly stats: ResultStats };
  readonly resultMetadata: { readonly ratio?: number };
};

type GroupScore = {
  readonly name: string;
  readonly score: number;
  readonly classification: string;
  readonly classificationReason: string;
};

/** What a judge says in Kayenta's words (CanaryJudgeResult). */
export type JudgeResult = {
  readonly judgeName: string;
  readonly results: readonly MetricResult[];
  readonly groupScores: readonly GroupScore[];
  readonly score: {
    readonly score: number;
    readonly classification: string;
    readonly classificationReason: string;
  };
};

/** Without members that are no finite number. */
function known<T extends string>(
  values: Readonly<Record<T, number | null | undefined>>,
): Partial<Record<T, number>> {
  const entries = Object.entries(values) as [T, number | null | undefined][];
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value === 'number' && Number.isFinite(value)),
  ) as Partial<Record<T, number>>;
}

function statsOf({ count, mean, median, p95 }: ArmSummary): ResultStats {
  return { count, ...known({ mean, median, p95 }) };
}

/** Kayenta has no word for "not known": `Nodata` counts for nothing, which is what it means. */
function classify({ verdict, effect, obstacle }: Pick<Finding, 'verdict' | 'effect' | 'obstacle'>): string {
  if (verdict === 'pass') return 'Pass';
  if (verdict === 'fail') return (effect ?? 0) < 0 ? 'Low' : 'High';
  return obstacle === 'error' ? 'Error' : 'Nodata';
}

/** What of a finding is told, whether it comes from a run or over a wire. */
export type ToldFinding = Pick<
  Finding,
  'verdict' | 'effect' | 'critical' | 'reason' | 'canary' | 'baseline'
> & { readonly obstacle?: Finding['obstacle'] };

/** A finding in Kayenta's words, under the name and groups that its config gave it. */
export function metricResult(
  finding: ToldFinding,
  { name, id, tags, groups }: Pick<MetricResult, 'name' | 'id' | 'tags' | 'groups'>,
): MetricResult {
  const { effect } = finding;
  return {
    name,
    id,
    tags,
    groups,
    classification: classify({ ...finding, obstacle: finding.obstacle ?? null }),
    classificationReason: finding.reason,
    critical: finding.critical && finding.verdict === 'fail',
    muted: false,
    experimentMetadata: { stats: statsOf(finding.canary) },
    controlMetadata: { stats: statsOf(finding.baseline) },
    resultMetadata: known({ ratio: effect === null ? null : effect + 1 }),
  };
}

function scoreGroups(results: readonly MetricResult[]): readonly GroupScore[] {
  const names = [...new Set(results.flatMap(({ groups }) => groups))];
  return names.map((name) => {
    const members = results.filter(({ groups }) => groups.includes(name));
    const passed = members.filter(({ classification }) => classification === 'Pass').length;
    const score = Math.round((10_000 * passed) / members.length) / 100;
    return { name, score, classification: '', classificationReason: '' };
  });
}

/** A verdict with its metrics in Kayenta's words. */
export function judgeResult(
  judgeName: JudgeName,
  results: readonly MetricResult[],
  { score, classification, note }: ToldScore,
  reason: string,
): JudgeResult {
  const classificationReason = note === null ? reason : `${reason}; ${note}`;
  return {
    judgeName,
    results,
    groupScores: scoreGroups(results),
    score: { score, classification, classificationReason },
  };
}

function kayentaMetricResult(finding: KayentaFinding, index: number): MetricResult {
  const { name, tags, groups, classification, critical, muted, ratio } = finding;
  const reason = [finding.classificationReason ?? '', ...finding.warnings].filter((text) => text !== '');
  return {
    name,
    id: finding.id ?? String(index + 1),
    tags,
    groups,
    classification,
    classificationReason: reason.join('; '),
    critical,
    muted,
    experimentMetadata: { stats: finding.experiment },
    controlMetadata: { stats: finding.control },
    resultMetadata: known({ ratio }),
  };
}

/** What Kayenta's rule says, in its own words and with its own score; warnings stand behind the reasons. */
export function kayentaResult(judgement: KayentaJudgement, judgeName: JudgeName): JudgeResult {
  const { score, classification, classificationReason, warnings } = judgement;
  const reasons = [classificationReason, ...warnings].filter((text) => text !== '');
  return {
    judgeName,
    results: judgement.findings.map(kayentaMetricResult),
    groupScores: judgement.groupScores.map((group) => ({
      name: group.name,
      score: group.score,
      classification: '',
      classificationReason: '',
    })),
    score: { score, classification, classificationReason: reasons.join('; ') },
  };
}

/** A verdict that is one: what is still open is not known. */
export function settled(verdict: Verdict): Exclude<Verdict, 'running'> {
  return verdict === 'running' ? 'inconclusive' : verdict;
}
