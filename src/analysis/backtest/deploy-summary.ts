import type { Deploy } from './deploys.ts';
import type { JudgedWindow } from './judged-window.ts';
import { median, type Rate, rateOf } from './rate.ts';

/** What a plan's verdict on a change comes to, against what became of it. */
export type Reading =
  | 'caught'
  | 'missed'
  | 'harm undecided'
  | 'false alarm'
  | 'right pass'
  | 'undecided'
  | 'no data'
  | 'not read';

/** What one plan says of one change. */
export type PlanOnDeploy = {
  readonly plan: string;
  readonly reading: Reading;
  /** Minutes from the beginning of the change to the fail or the last conclusion; `null` when nothing was judged. */
  readonly minutes: number | null;
  /** The metrics found guilty. */
  readonly by: readonly string[];
  readonly reason: string;
};

export type DeployRow = {
  readonly changeId: string;
  readonly version: string | null;
  readonly kind: string;
  readonly startedAt: number;
  readonly outcome: string;
  readonly failureClass: string | null;
  readonly toldByJudge: boolean;
  readonly plans: readonly PlanOnDeploy[];
};

/** How a plan did over the past deploys. Changes that the judge itself had stopped are in none of the rates. */
export type DeploySummary = {
  readonly plan: string;
  /** Of the harmful changes with data. */
  readonly caught: Rate;
  readonly missed: Rate;
  /** Of the harmless changes with data. */
  readonly falseAlarms: Rate;
  readonly rightPasses: Rate;
  /** Median minutes from the beginning of a harmful change to its fail. */
  readonly minutes: number | null;
  /** Changes that the judge itself had stopped, and how many of them this plan fails. */
  readonly toldByJudge: { readonly count: number; readonly failed: number };
  readonly metrics: readonly {
    readonly metric: string;
    readonly caught: number;
    readonly falseAlarms: number;
  }[];
};

const minute = 60_000;

function readVerdict(verdict: JudgedWindow['verdict'], harmful: boolean): Reading {
  if (verdict === 'fail') return harmful ? 'caught' : 'false alarm';
  if (verdict === 'pass') return harmful ? 'missed' : 'right pass';
  return harmful ? 'harm undecided' : 'undecided';
}

/** The window that decides: the first that fails, else the first that is undecided, else the last. */
function decisive(windows: readonly JudgedWindow[]): JudgedWindow | undefined {
  const first = (verdict: JudgedWindow['verdict']): JudgedWindow | undefined =>
    windows.find((window) => window.verdict === verdict);
  return first('fail') ?? first('inconclusive') ?? windows.at(-1);
}

/** What a plan says of a change out of what it says of the windows of its analyses. */
export function readPlan(deploy: Deploy, plan: string, windows: readonly JudgedWindow[]): PlanOnDeploy {
  const own = windows
    .filter((window) => window.plan === plan && window.changeId === deploy.change.id)
    .sort((left, right) => left.start - right.start);
  const judged = own.filter(({ isEmpty }) => !isEmpty);
  const window = decisive(judged);
  if (window === undefined) {
    const reading = own.length === 0 ? 'not read' : 'no data';
    return { plan, reading, minutes: null, by: [], reason: own[0]?.reason ?? '' };
  }
  const guilty = window.verdict === 'fail' ? window.metrics.filter(({ verdict }) => verdict === 'fail') : [];
  return {
    plan,
    reading: readVerdict(window.verdict, deploy.harmful),
    minutes: (window.start - deploy.startedAt) / minute + window.minutes,
    by: guilty.map(({ metric }) => metric),
    reason: window.reason,
  };
}

/** The line of a change, with what each plan says of it. */
export function describeDeploy(
  deploy: Deploy,
  plans: readonly string[],
  windows: readonly JudgedWindow[],
): DeployRow {
  const { id, version, kind, outcome, failureClass } = deploy.change;
  return {
    changeId: id,
    version,
    kind,
    startedAt: deploy.startedAt,
    outcome,
    failureClass,
    toldByJudge: deploy.toldByJudge,
    plans: plans.map((plan) => readPlan(deploy, plan, windows)),
  };
}

/** How often a plan was right about changes whose fate is known. */
export function summariseDeploys(
  plan: string,
  metrics: readonly string[],
  rows: readonly DeployRow[],
): DeploySummary {
  const own = (chosen: readonly DeployRow[]): PlanOnDeploy[] =>
    chosen.flatMap((row) => row.plans.filter((one) => one.plan === plan));
  const told = own(rows.filter(({ toldByJudge }) => toldByJudge));
  const said = own(rows.filter(({ toldByJudge }) => !toldByJudge));
  const count = (reading: Reading): number => said.filter((one) => one.reading === reading).length;
  const harmful = count('caught') + count('missed') + count('harm undecided');
  const harmless = count('false alarm') + count('right pass') + count('undecided');
  const blamed = (reading: Reading, metric: string): number =>
    said.filter((one) => one.reading === reading && one.by.includes(metric)).length;
  const caught = said.filter(({ reading }) => reading === 'caught');
  return {
    plan,
    caught: rateOf(count('caught'), harmful),
    missed: rateOf(count('missed'), harmful),
    falseAlarms: rateOf(count('false alarm'), harmless),
    rightPasses: rateOf(count('right pass'), harmless),
    minutes: median(caught.flatMap(({ minutes }) => (minutes === null ? [] : [minutes]))),
    toldByJudge: {
      count: told.length,
      failed: told.filter(({ reading }) => reading === 'caught').length,
    },
    metrics: metrics.map((metric) => ({
      metric,
      caught: blamed('caught', metric),
      falseAlarms: blamed('false alarm', metric),
    })),
  };
}
