import type { UnreadWindow } from './backtest.ts';
import { type DeployRow, type DeploySummary, describeDeploy, summariseDeploys } from './deploy-summary.ts';
import type { Deploy, SkippedChange } from './deploys.ts';
import { alphaOf, type HarmlessSummary, summariseHarmless } from './harmless-summary.ts';
import type { HarmRequest, JudgedWindow } from './judged-window.ts';
import { fingerprint, type NamedPlan } from './past-window.ts';

/** What was asked for, as the report's head tells it. */
export type ReportSubject = {
  readonly service: string;
  readonly environment: string;
  readonly from: number;
  readonly to: number;
  /** Harmless windows; `null` when only past deploys were judged. */
  readonly harmless: {
    readonly every: number;
    readonly quiet: number;
    /** How much earlier the baseline was read; 0 = at the same time. */
    readonly offset: number;
    readonly canary: Readonly<Record<string, string>>;
    readonly baseline: Readonly<Record<string, string>>;
    readonly planned: number;
    /** Windows left out because something was rolled out or broken; `null` when that was not known. */
    readonly busy: number | null;
  } | null;
  readonly harm: HarmRequest | null;
};

/** A plan as the report's head tells it; durations in milliseconds. */
export type ReportPlan = {
  readonly label: string;
  readonly fingerprint: string;
  readonly duration: number;
  readonly step: number;
  /** What one run may spend on false alarms; `null` where its judge knows no such limit. */
  readonly alpha: number | null;
};

/** All that a backtest found, ready to be written as JSON or Markdown. */
export type Report = {
  readonly subject: ReportSubject;
  readonly plans: readonly ReportPlan[];
  /** False when the backtest was stopped before its last window. */
  readonly complete: boolean;
  readonly harmless: readonly HarmlessSummary[];
  readonly deploys: { readonly rows: readonly DeployRow[]; readonly plans: readonly DeploySummary[] } | null;
  readonly skipped: readonly {
    readonly changeId: string;
    readonly version: string | null;
    readonly why: string;
  }[];
  readonly unread: readonly UnreadWindow[];
  readonly windows: readonly JudgedWindow[];
};

/** What a report is made from. */
export type ReportSources = {
  readonly subject: ReportSubject;
  readonly plans: readonly NamedPlan[];
  /** `null` when no past deploys were asked for. */
  readonly deploys: { readonly judged: readonly Deploy[]; readonly skipped: readonly SkippedChange[] } | null;
  readonly judged: readonly JudgedWindow[];
  readonly unread: readonly UnreadWindow[];
  readonly isStopped: boolean;
};

function describePlan({ label, plan }: NamedPlan): ReportPlan {
  const { duration, step } = plan;
  return { label, fingerprint: fingerprint(plan).slice(0, 12), duration, step, alpha: alphaOf(plan) };
}

function makeDeploys({ deploys, plans, judged }: ReportSources): Report['deploys'] {
  if (deploys === null) return null;
  const labels = plans.map(({ label }) => label);
  const rows = deploys.judged.map((deploy) => describeDeploy(deploy, labels, judged));
  const summaries = plans.map(({ label, plan }) =>
    summariseDeploys(
      label,
      plan.metrics.map(({ name }) => name),
      rows,
    ),
  );
  return { rows, plans: summaries };
}

/** Adds up what was judged. The same sources give the same report. */
export function makeReport(sources: ReportSources): Report {
  const { subject, plans, judged, deploys } = sources;
  const harmless = judged.filter(({ changeId }) => changeId === null);
  const every = subject.harmless?.every ?? 0;
  return {
    subject,
    plans: plans.map(describePlan),
    complete: !sources.isStopped,
    harmless:
      subject.harmless === null
        ? []
        : plans.map((named) =>
            summariseHarmless(
              named,
              harmless.filter(({ plan }) => plan === named.label),
              every,
              subject.harm !== null,
            ),
          ),
    deploys: makeDeploys(sources),
    skipped: (deploys?.skipped ?? []).map(({ change: { id, version }, why }) => ({
      changeId: id,
      version,
      why,
    })),
    unread: sources.unread,
    windows: judged,
  };
}
