import { type InputIssue, invalidInput } from '../errors.ts';
import { wilson } from '../judge/statistics/wilson.ts';
import type { JudgedRun, JudgedRunStore } from './judged-run.ts';
import { type CellName, cellOf, cells, unresolved } from './judged-truth.ts';
import { z95 } from './newcombe.ts';
import { percentilesOf } from './percentiles.ts';
import { isWanted, type ReportOptions, type ServiceInfo } from './report.ts';
import { checkRange, defaultRange, type ReportScope } from './report-range.ts';

/** What is asked for; times in milliseconds. */
export type JudgeQualityQuery = ReportScope & {
  /** Whether to name the analyses behind each number; default false. */
  readonly cases?: boolean | undefined;
};

/** A share with its Wilson interval at 95 % and what it is of; `null` when it is of nothing. */
export type RateOf = {
  readonly rate: number;
  readonly interval: readonly [number, number];
  readonly n: number;
} | null;

/** The table of verdicts and truths, and what it comes to. */
export type JudgedCounts = {
  readonly passed: { readonly fine: number; readonly escaped: number; readonly unknown: number };
  readonly failed: { readonly harmful: number; readonly fine: number; readonly unknown: number };
  readonly inconclusive: number;
  readonly falsePassRate: RateOf;
  readonly falseAlarmRate: RateOf;
  readonly failRateWhenFine: RateOf;
  readonly inconclusiveRate: RateOf;
  readonly medianMinutesToFail: number | null;
};

/** The analyses behind one number: how many there are, and the newest. */
export type JudgedCases = {
  readonly number: string;
  readonly count: number;
  readonly items: readonly JudgedRun[];
};

export type JudgeQualityReport = JudgedCounts & {
  readonly definition: string;
  readonly from: number;
  readonly to: number;
  readonly overrides: number;
  readonly dryRuns: JudgedCounts;
  /** `null` unless asked for. */
  readonly cases: readonly JudgedCases[] | null;
};

export type JudgeQuality = {
  /** Rejects with `invalid_input` for a range without length. */
  report(query: JudgeQualityQuery): Promise<JudgeQualityReport>;
};

export type JudgeQualityDeps = {
  readonly store: JudgedRunStore;
  readonly production: (environment: string) => boolean;
  readonly serviceInfo: (service: string) => ServiceInfo | null;
  /** How long a change is watched before it counts as fine, milliseconds. */
  readonly observationWindow: () => number;
  readonly now: () => number;
};

/** A run with its place in the table. */
type Placed = { readonly run: JudgedRun; readonly cell: CellName };

const mostCases = 200;

/** Version 1; rises whenever a figure comes to mean something else. */
const definition = [
  'Definition 1.',
  'Analyses begun in the range that concluded, by what the judge said, against what became of their changes.',
  'False-pass rate: passed whose change escaped / passed whose change succeeded or escaped.',
  'False-alarm rate: failed that were overridden, ruled a false alarm, or shipped unchanged later and fine / all failed;',
  'what was stopped and mended is unknown, so that this is the least the rate can be.',
  'Fail rate when fine: failed among analyses whose change is known to be fine; a plan bounds it by its alpha.',
  'Minutes to fail: from the start of the window to the fail verdict.',
  'Dry runs are counted apart. Intervals: Wilson, 95 %.',
].join(' ');

function rateOf(part: number, n: number): RateOf {
  const interval = wilson(part, n, z95);
  return interval === null ? null : { rate: part / n, interval, n };
}

/** A window in the past is judged at once: there its end counts, not when it was judged. */
function minutesOf({ start, end, concludedAt }: JudgedRun): number {
  return Math.max(0, Math.min(end, concludedAt) - start) / 60_000;
}

function count(placed: readonly Placed[]): JudgedCounts {
  const of = (cell: CellName): number => placed.filter((one) => one.cell === cell).length;
  const passed = { fine: of('passed.fine'), escaped: of('passed.escaped'), unknown: of('passed.unknown') };
  const failed = { harmful: of('failed.harmful'), fine: of('failed.fine'), unknown: of('failed.unknown') };
  const inconclusive = of('inconclusive');
  const minutes = placed.filter(({ run }) => run.judged === 'fail').map(({ run }) => minutesOf(run) * 1000);
  return {
    ...{ passed, failed, inconclusive },
    falsePassRate: rateOf(passed.escaped, passed.fine + passed.escaped),
    falseAlarmRate: rateOf(failed.fine, failed.harmful + failed.fine + failed.unknown),
    failRateWhenFine: rateOf(failed.fine, failed.fine + passed.fine),
    inconclusiveRate: rateOf(inconclusive, placed.length),
    medianMinutesToFail: percentilesOf(minutes).p50,
  };
}

function listCases(placed: readonly Placed[]): JudgedCases[] {
  const named = (number: string, runs: readonly JudgedRun[]): JudgedCases => ({
    number,
    count: runs.length,
    items: runs.slice(0, mostCases),
  });
  const enforced = placed.filter(({ run }) => !run.dryRun);
  const dry = placed.filter(({ run }) => run.dryRun);
  const overridden = placed.filter(({ run }) => run.override !== null).map(({ run }) => run);
  const runsIn = (list: readonly Placed[], cell: CellName) =>
    list.filter((one) => one.cell === cell).map(({ run }) => run);
  return [
    ...cells.map((cell) => named(cell, runsIn(enforced, cell))),
    ...cells.map((cell) => named(`dryRuns.${cell}`, runsIn(dry, cell))),
    named('overrides', overridden),
  ].filter((one) => one.count > 0);
}

function readScope(query: JudgeQualityQuery, { production, serviceInfo, now }: JudgeQualityDeps) {
  const to = query.to ?? now();
  const from = query.from ?? to - defaultRange;
  const issues: InputIssue[] = [];
  checkRange(from, to, issues);
  if (issues.length > 0) throw invalidInput(issues);
  const { service = null, team = null, environment = null, tier = null } = query;
  const scope: Parameters<typeof isWanted>[0] & Pick<ReportOptions, 'from' | 'to'> = {
    ...{ from, to, service, team, environment, tier, production, serviceInfo },
  };
  return scope;
}

async function report(query: JudgeQualityQuery, deps: JudgeQualityDeps): Promise<JudgeQualityReport> {
  const scope = readScope(query, deps);
  const { from, to } = scope;
  const { service, environment } = query;
  const all = await deps.store.judged(from, to, { service, environment });
  const runs = all.filter((run) => isWanted(scope, run));
  const options = { now: deps.now(), observationWindow: deps.observationWindow() };
  const alike = await deps.store.alike(unresolved(runs, options));
  const placed = runs.map((run) => ({ run, cell: cellOf(run, alike, options) }));
  return {
    ...{ definition, from, to },
    ...count(placed.filter(({ run }) => !run.dryRun)),
    overrides: runs.filter(({ override }) => override !== null).length,
    dryRuns: count(placed.filter(({ run }) => run.dryRun)),
    cases: query.cases === true ? listCases(placed) : null,
  };
}

/** Joins the report on the judge with where its analyses come from. */
export function createJudgeQuality(deps: JudgeQualityDeps): JudgeQuality {
  return { report: (query) => report(query, deps) };
}
