import { createHash } from 'node:crypto';
import type { InputIssue } from '../errors.ts';
import {
  type ChangeFacts,
  changeKinds,
  type FailureClass,
  failureClasses,
  type Outcome,
  outcomes,
} from './change.ts';
import { makeKey, type NewEvent } from './recording.ts';

/** What a source says of one change. Times in milliseconds. */
export type ChangeReport = {
  readonly source: string;
  readonly externalId: string;
  readonly service: string;
  readonly environment: string;
  readonly targets: readonly string[];
  readonly facts: Partial<ChangeFacts>;
  /** When it was done, well or ill; without an outcome it was done well. */
  readonly finishedAt?: number | undefined;
  /** `finishedAt` is only about right; whoever knows it better prevails. */
  readonly finishedAtEstimated?: boolean | undefined;
  /** `succeeded`: it is out, and still to be observed. `pending`: nothing more is known. */
  readonly outcome?: Outcome | undefined;
  readonly failureClass?: FailureClass | undefined;
};

/** Clocks differ; what lies further ahead than this, in milliseconds, is a mistake. */
export const clockTolerance = 300_000;

/** Adds an issue when a time is none, lies in the future, or before 1970, as times do that a program never set. */
export function checkInstant(
  value: number | null | undefined,
  path: string,
  now: number,
  issues: InputIssue[],
): void {
  if (value === undefined || value === null) return;
  if (!Number.isSafeInteger(value)) {
    issues.push({ path, message: `found ${value}; allowed are whole milliseconds` });
  } else if (value < 0) {
    issues.push({ path, message: `found ${new Date(value).toISOString()}; allowed are times from 1970 on` });
  } else if (value > now + clockTolerance) {
    const [found, latest] = [value, now].map((time) => new Date(time).toISOString());
    issues.push({ path, message: `found ${found}; allowed are times up to now, ${latest}` });
  }
}

/** Adds an issue when a word is not one of those allowed. */
export function checkWord(
  value: string | undefined,
  allowed: readonly string[],
  path: string,
  issues: InputIssue[],
): void {
  if (value === undefined || allowed.includes(value)) return;
  issues.push({ path, message: `found "${value}"; allowed are ${allowed.join(', ')}` });
}

/** Adds an issue when a class of failure stands beside an outcome that is none. */
export function checkFailureClass(
  outcome: Outcome | undefined,
  failureClass: FailureClass | null | undefined,
  at: string,
  issues: InputIssue[],
): void {
  checkWord(failureClass ?? undefined, failureClasses, `${at}failureClass`, issues);
  if (failureClass && outcome !== 'failed')
    issues.push({
      path: `${at}failureClass`,
      message: `found "${failureClass}"; only a failed change has one`,
    });
}

function checkNames(report: ChangeReport, at: string, issues: InputIssue[]): void {
  for (const key of ['source', 'externalId', 'service', 'environment'] as const)
    if (report[key] === '') issues.push({ path: `${at}${key}`, message: 'is empty; a name is needed' });
  const { url } = report.facts;
  if (url && !/^https?:\/\//i.test(url))
    issues.push({ path: `${at}url`, message: 'allowed are http and https addresses' });
}

function checkTimes(
  { facts, finishedAt, finishedAtEstimated }: ChangeReport,
  at: string,
  now: number,
  issues: InputIssue[],
): void {
  checkInstant(facts.committedAt, `${at}committedAt`, now, issues);
  checkInstant(facts.startedAt, `${at}startedAt`, now, issues);
  checkInstant(finishedAt, `${at}finishedAt`, now, issues);
  if (finishedAtEstimated === true && finishedAt === undefined)
    issues.push({ path: `${at}finishedAtEstimated`, message: 'is said of a finishedAt that is missing' });
  if (finishedAt !== undefined && facts.startedAt && finishedAt < facts.startedAt)
    issues.push({
      path: `${at}finishedAt`,
      message: 'is before startedAt; allowed is the same time or later',
    });
}

/** What is wrong with a report, each with its path under `at` (`""`, or `[3].`). Empty when it may be recorded. */
export function checkReport(report: ChangeReport, at: string, now: number): InputIssue[] {
  const issues: InputIssue[] = [];
  checkNames(report, at, issues);
  checkTimes(report, at, now, issues);
  checkWord(report.facts.kind, changeKinds, `${at}kind`, issues);
  checkWord(report.outcome, outcomes, `${at}outcome`, issues);
  checkFailureClass(report.outcome, report.failureClass, at, issues);
  return issues;
}

function digestOf(facts: Partial<ChangeFacts>): string {
  const told = Object.entries(facts).filter(([, value]) => value !== undefined && value !== null);
  const text = JSON.stringify(told.sort(([left], [right]) => (left < right ? -1 : 1)));
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The end that a report tells of. The source's word has the rank of a controller's final event. */
function endOf(report: ChangeReport, target: string | null, now: number): NewEvent[] {
  const { source, externalId, outcome, finishedAt, failureClass = null } = report;
  if (finishedAt === undefined && (outcome === undefined || outcome === 'pending')) return [];
  const at = finishedAt ?? now;
  const type = outcome === 'failed' ? 'failed' : outcome === 'abandoned' ? 'cancelled' : 'completed';
  // Without a time the same word said again cannot be told from a repetition, so it is one.
  const key = (...parts: readonly string[]): string =>
    makeKey(
      externalId,
      type,
      target,
      finishedAt ?? null,
      ...parts,
      ...(report.finishedAtEstimated ? ['estimated'] : []),
    );
  const estimated = report.finishedAtEstimated === true ? ({ estimated: true } as const) : {};
  const common = { source, at, target, facts: {}, reason: null, ...estimated };
  return type === 'failed'
    ? [{ ...common, type, failureClass, dedupeKey: key(failureClass ?? '') }]
    : [{ ...common, type, dedupeKey: key() }];
}

function startOf({ source, externalId, facts }: ChangeReport, target: string | null): NewEvent[] {
  const at = facts.startedAt;
  if (at === undefined || at === null) return [];
  return [
    { source, type: 'started', at, target, facts: {}, dedupeKey: makeKey(externalId, 'started', target, at) },
  ];
}

/** The time a report tells of, from its start to its end; now where it says neither. */
export function spanOfReport(
  { facts, finishedAt }: ChangeReport,
  now: number,
): { readonly from: number; readonly to: number } {
  return { from: facts.startedAt ?? finishedAt ?? now, to: finishedAt ?? facts.startedAt ?? now };
}

/**
 * The events that a report comes to: what it says of the change, its start and its end, for each target. Their dedupe
 * keys hold what is said and not when it arrived, so that a report may be repeated.
 */
export function eventsOfReport(report: ChangeReport, now: number): NewEvent[] {
  const { source, externalId, facts } = report;
  const at = spanOfReport(report, now).to;
  const targets = report.targets.length === 0 ? [null] : [...new Set(report.targets)];
  return targets.flatMap((target): NewEvent[] => [
    {
      source,
      type: 'reported',
      at,
      target,
      facts,
      dedupeKey: makeKey(externalId, 'reported', target, digestOf(facts)),
    },
    ...startOf(report, target),
    ...endOf(report, target, now),
  ]);
}
