import type { Run } from '../../analysis/run.ts';
import type { KeptSeries } from '../../analysis/run-store.ts';
import { formatDuration } from '../../duration.ts';
import type { ArmSummary, EdgeFinding, Finding, NoiseSources } from '../../judge/types.ts';
import type { components } from '../schema.gen.ts';
import { writeInstant, writeInstantOrNull } from '../times.ts';

type Schemas = components['schemas'];

/** A number as JSON can say it: an infinite or undefined one is `null`. */
function writeNumber(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The same where a number must stand: infinity is the largest number there is, what is none is 0. */
export function writeBounded(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

/** A score within 0–100; 50, which says nothing, where there is none. */
export function writeScore(score: number): number {
  return Number.isFinite(score) ? Math.min(Math.max(score, 0), 100) : 50;
}

/** Address of the page for people: absolute where the public address is known. */
export function pageOf(runId: string, publicUrl: string | null): string {
  const path = `/analyses/${encodeURIComponent(runId)}`;
  return publicUrl === null ? path : `${publicUrl.replace(/\/+$/, '')}${path}`;
}

function writeArm(arm: ArmSummary): Schemas['ArmSummary'] {
  return {
    count: arm.count,
    missing: arm.missing,
    mean: writeNumber(arm.mean),
    median: writeNumber(arm.median),
    p95: writeNumber(arm.p95),
    events: writeNumber(arm.events),
    total: writeNumber(arm.total),
  };
}

function writeAcceptable({ relative, absolute }: Finding['acceptable']): Schemas['Acceptable'] {
  return { ...(relative === undefined ? {} : { relative }), ...(absolute === undefined ? {} : { absolute }) };
}

function writeNoise({ historySteps, earlierRuns, pods, podOffset, autocorrelation }: NoiseSources) {
  return {
    historySteps,
    earlierRuns,
    pods: pods === null ? null : { canary: pods.canary, baseline: pods.baseline },
    podOffset: writeBounded(podOffset),
    autocorrelation: writeNumber(autocorrelation),
  };
}

function writeEdge({ le, canary, baseline, effect, logE }: EdgeFinding): Schemas['EdgeFinding'] {
  return {
    le: writeBounded(le),
    canary: writeNumber(canary),
    baseline: writeNumber(baseline),
    effect: writeNumber(effect),
    logE: writeBounded(logE),
  };
}

function writeInterval(
  interval: readonly [number | null, number | null] | null | undefined,
): [number | null, number | null] | null {
  return interval === null || interval === undefined
    ? null
    : [writeNumber(interval[0]), writeNumber(interval[1])];
}

/**
 * What explains a finding: effects in other units, comparisons of ranks, and what is particular to a kind. Findings kept
 * by earlier versions have none of it.
 */
function writeExplanation(finding: Partial<Finding>) {
  const { noise = null, edges = null, limit = null } = finding;
  return {
    effectAbsolute: writeNumber(finding.effectAbsolute ?? null),
    intervalAbsolute: writeInterval(finding.intervalAbsolute),
    anytimeInterval: writeInterval(finding.anytimeInterval),
    cliffsDelta: writeNumber(finding.cliffsDelta ?? null),
    shift: writeNumber(finding.shift ?? null),
    mannWhitneyP: writeNumber(finding.mannWhitneyP ?? null),
    noise: noise === null ? null : writeNoise(noise),
    edges: edges === null ? null : edges.map(writeEdge),
    limit: limit === null ? null : { max: writeNumber(limit.max), min: writeNumber(limit.min) },
  };
}

/** A finding in the form of the API. */
export function writeFinding(finding: Finding): Schemas['Finding'] {
  const { remainingSeconds } = finding;
  return {
    metric: finding.metric,
    kind: finding.kind,
    verdict: finding.verdict,
    critical: finding.critical,
    weight: finding.weight,
    direction: finding.direction,
    effect: writeNumber(finding.effect),
    interval: writeInterval(finding.interval),
    intervalLevel: finding.intervalLevel,
    ...writeExplanation(finding),
    margin: finding.margin,
    acceptable: writeAcceptable(finding.acceptable),
    logE: writeBounded(finding.logE),
    pValue: writeBounded(finding.pValue),
    adjustedPValue: writeBounded(finding.adjustedPValue),
    canary: writeArm(finding.canary),
    baseline: writeArm(finding.baseline),
    minimumDetectableEffect: writeNumber(finding.minimumDetectableEffect),
    remaining:
      writeNumber(remainingSeconds) === null
        ? null
        : formatDuration(Math.round(remainingSeconds ?? 0) * 1000),
    reason: finding.reason,
    error: finding.error,
  };
}

function writeOverride({ override }: Run): Schemas['Override'] | null {
  return override === undefined ? null : { ...override, at: writeInstant(override.at) };
}

function writeEvidence(run: Run): Schemas['Evidence'] {
  return {
    logE: writeBounded(run.judgement?.evidence.logE ?? 0),
    pValue: writeBounded(run.judgement?.evidence.pValue ?? 1),
    alpha: run.alpha,
    analysesOfChange: run.analysesOfChange,
  };
}

function writeTimes(
  run: Run,
): Pick<Schemas['Analysis'], 'createdAt' | 'startedAt' | 'endsAt' | 'nextLookAt' | 'concludedAt'> {
  return {
    createdAt: writeInstant(run.createdAt),
    startedAt: writeInstant(run.start),
    endsAt: writeInstant(run.end + run.plan.delay),
    nextLookAt: writeInstantOrNull(run.nextLookAt),
    concludedAt: writeInstantOrNull(run.concludedAt),
  };
}

/** A run in the form of the API. */
export function writeAnalysis(run: Run, publicUrl: string | null): Schemas['Analysis'] {
  return {
    id: run.id,
    key: run.key,
    attempt: run.attempt,
    service: run.service,
    environment: run.environment,
    target: run.target,
    changeId: run.changeId,
    version: run.version === '' ? null : run.version,
    rollout: run.rollout === null ? null : { ...run.rollout },
    dryRun: run.dryRun,
    phase: run.phase,
    verdict: run.verdict,
    judgedVerdict: run.judgedVerdict,
    override: writeOverride(run),
    requestedBy: run.requestedBy ?? null,
    score: writeScore(run.score),
    reason: run.reason,
    evidence: writeEvidence(run),
    looks: run.looks,
    ...writeTimes(run),
    findings: (run.judgement?.findings ?? []).map(writeFinding),
    links: { self: `/v1/analyses/${encodeURIComponent(run.id)}`, page: pageOf(run.id, publicUrl) },
  };
}

/** A kept series in the form of the API. */
export function writeSeries({ metric, arm, field, member, series }: KeptSeries): Schemas['Series'] {
  return {
    metric,
    arm,
    field,
    member,
    start: writeInstant(series.start),
    step: formatDuration(series.step),
    values: series.values.map(writeNumber),
  };
}
