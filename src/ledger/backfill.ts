import { hasCode, type InputIssue, type SerinError } from '../errors.ts';
import type { Actor } from './actor.ts';
import { type ChangeReport, checkReport } from './change-report.ts';
import type { IncidentReport } from './incident.ts';
import { holdPlaces } from './places.ts';
import type { LedgerPolicy } from './policy.ts';
import { type Stores, takeChange } from './take-change.ts';
import { checkIncidentReport, takeIncident } from './take-incident.ts';

/** One thing of the past: what is told of it, or why that could not be read. */
export type BackfillLine =
  | { readonly kind: 'change'; readonly report: ChangeReport }
  | { readonly kind: 'incident'; readonly report: IncidentReport }
  | { readonly kind: 'change' | 'incident'; readonly errors: readonly InputIssue[] };

export type Taken = {
  readonly result: 'made' | 'changed' | 'joined' | 'unchanged';
  /** `null`: it would be made. */
  readonly id: string | null;
};

/** What became of a line. */
export type BackfillOutcome = Taken | { readonly result: 'refused'; readonly errors: readonly InputIssue[] };

/** Puts the past into the ledger. */
export type Backfill = {
  /**
   * Takes each line on its own, in their order, and gives what became of each; a line that is refused changes nothing
   * and keeps no other out. With `dryRun` nothing is kept. Safe to repeat. Rejects when the store is away: then some
   * of the lines may be in, and all may be sent again.
   */
  take(lines: readonly BackfillLine[], dryRun: boolean, by: Actor): Promise<readonly BackfillOutcome[]>;
};

export type BackfillDeps = {
  readonly unitOfWork: { transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T> };
  readonly now: () => number;
  readonly policy: () => Omit<LedgerPolicy, 'now'>;
};

/** Lines of one transaction. Others write in between, and wait no longer than these take. */
const portion = 50;

type Readable = Extract<BackfillLine, { report: unknown }>;

function check(line: Readable, now: number): InputIssue[] {
  if (line.kind === 'change') return checkReport(line.report, '', now);
  const issues: InputIssue[] = [];
  checkIncidentReport(line.report, '', now, issues);
  return issues;
}

async function takeLine(stores: Stores, line: Readable, by: Actor, policy: LedgerPolicy): Promise<Taken> {
  if (line.kind === 'change') {
    const { change, how, isNews } = await takeChange(stores, line.report, by, policy);
    return { result: how === 'known' ? (isNews ? 'changed' : 'unchanged') : how, id: change.id };
  }
  const { incident, isNew, isNews } = await takeIncident(stores, line.report, by, policy);
  return { result: isNew ? 'made' : isNews ? 'changed' : 'unchanged', id: incident.id };
}

function refusal(error: SerinError): BackfillOutcome {
  const errors = error.issues.length > 0 ? error.issues : [{ path: '', message: error.message }];
  return { result: 'refused', errors };
}

/** What is refused here has written nothing, so that the transaction may go on with the next line. */
async function takeOrRefuse(
  stores: Stores,
  line: BackfillLine,
  by: Actor,
  policy: LedgerPolicy,
): Promise<BackfillOutcome> {
  const errors = 'errors' in line ? line.errors : check(line, policy.now);
  if ('errors' in line || errors.length > 0) return { result: 'refused', errors };
  try {
    return await takeLine(stores, line, by, policy);
  } catch (error) {
    if (hasCode(error, 'forbidden', 'conflict')) return refusal(error);
    throw error;
  }
}

function placesOf(lines: readonly BackfillLine[]) {
  return lines.map((line) => {
    if ('errors' in line) return null;
    if (line.kind === 'change') return line.report;
    const { service = null, environment = null } = line.report.facts;
    return { service, environment };
  });
}

async function takeAll(
  stores: Stores,
  lines: readonly BackfillLine[],
  by: Actor,
  policy: LedgerPolicy,
): Promise<BackfillOutcome[]> {
  await holdPlaces(stores.ledger, placesOf(lines));
  const outcomes: BackfillOutcome[] = [];
  for (const line of lines) outcomes.push(await takeOrRefuse(stores, line, by, policy));
  return outcomes;
}

/** Ids that nobody will ever find are not told. */
function forget(outcomes: readonly BackfillOutcome[]): BackfillOutcome[] {
  const made = new Set(outcomes.flatMap((one) => (one.result === 'made' ? [one.id] : [])));
  return outcomes.map((one) => ('id' in one && made.has(one.id) ? { ...one, id: null } : one));
}

/** Takes the lines in a transaction that is rolled back. */
async function rehearse(
  { unitOfWork }: BackfillDeps,
  lines: readonly BackfillLine[],
  by: Actor,
  policy: LedgerPolicy,
): Promise<readonly BackfillOutcome[]> {
  const undone = new Error('a dry run keeps nothing');
  let outcomes: readonly BackfillOutcome[] = [];
  try {
    await unitOfWork.transaction(async (stores) => {
      outcomes = await takeAll(stores, lines, by, policy);
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  }
  return forget(outcomes);
}

/** A line that the database refuses spoils its transaction; then each has one of its own. */
async function takePortion(
  deps: BackfillDeps,
  lines: readonly BackfillLine[],
  by: Actor,
  policy: LedgerPolicy,
): Promise<readonly BackfillOutcome[]> {
  try {
    return await deps.unitOfWork.transaction((stores) => takeAll(stores, lines, by, policy));
  } catch (error) {
    if (!hasCode(error, 'invalid_input')) throw error;
    if (lines.length === 1) return [refusal(error)];
    const outcomes: BackfillOutcome[] = [];
    for (const line of lines) outcomes.push(...(await takePortion(deps, [line], by, policy)));
    return outcomes;
  }
}

/** Joins the use case with where it writes. */
export function createBackfill(deps: BackfillDeps): Backfill {
  const { now, policy } = deps;
  const current = (): LedgerPolicy => ({ ...policy(), now: now() });
  return {
    take: async (lines, dryRun, by) => {
      if (dryRun) return rehearse(deps, lines, by, current());
      const outcomes: BackfillOutcome[] = [];
      for (let from = 0; from < lines.length; from += portion) {
        const some = lines.slice(from, from + portion);
        outcomes.push(...(await takePortion(deps, some, by, current())));
      }
      return outcomes;
    },
  };
}
