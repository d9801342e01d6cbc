import { SerinError } from '../errors.ts';
import { type Actor, requireScope } from './actor.ts';
import { type AuditEntry, type AuditStore, entryOf, timesOf } from './audit-store.ts';
import { type Change, isFinishEstimated } from './change.ts';
import { type ChangeReport, eventsOfReport, spanOfReport } from './change-report.ts';
import type { LedgerStore } from './ledger-store.ts';
import { holdPlaces } from './places.ts';
import { type LedgerPolicy, versionMeaningOf } from './policy.ts';
import { type Found, recordEvents } from './recording.ts';
import { readVersion } from './version-meaning.ts';

/** What a use case that records and is audited needs. */
export type Stores = { readonly ledger: LedgerStore; readonly audit: AuditStore };

/** What came of a report: the change as it is then, how it got its name, and whether anything new was told of it. */
export type TakenChange = Found & { readonly isNews: boolean };

/** A name belongs to one service in one environment: the same name elsewhere is some mix-up. */
function requireSamePlace(report: ChangeReport, change: Change): void {
  if (report.service === change.service && report.environment === change.environment) return;
  throw new SerinError(
    'conflict',
    `${report.source} named change ${change.id} of ${change.service} in ${change.environment} "${report.externalId}" before; use another externalId for ${report.service} in ${report.environment}`,
  );
}

/** The same as `recordReport`, with the change as it was before; `null`: it is new. */
async function takeReport(
  store: LedgerStore,
  told: ChangeReport,
  policy: LedgerPolicy,
): Promise<TakenChange & { readonly before: Change | null }> {
  const facts = readVersion(told.facts, versionMeaningOf(policy, told.service));
  const report = { ...told, facts };
  const named = { ...report, ...spanOfReport(report, policy.now) };
  const events = eventsOfReport(report, policy.now);
  const check = (known: Change): void => requireSamePlace(report, known);
  const { added, ...recorded } = await recordEvents(store, named, events, policy, check);
  return { ...recorded, isNews: recorded.how !== 'known' || added > 0 };
}

/**
 * Records what a source says of a change: of the one it named so before, of one that another source told of, or of a
 * new one. Safe to repeat. Does not check the report. Call it in a transaction, like everything here.
 */
export async function recordReport(
  store: LedgerStore,
  report: ChangeReport,
  policy: LedgerPolicy,
): Promise<Change> {
  return (await takeReport(store, report, policy)).change;
}

/** What the audit trail says of a change: all that a report can tell of it, and what is counted. */
export function briefOfChange(change: Change): object {
  const { source, externalId, service, environment, targets, version, commit, artifact } = change;
  const { url, actor, kind, outcome, failureClass } = change;
  const { committedAt, startedAt, finishedAt, outcomeAt, recoveredAt } = change;
  return {
    ...{ source, externalId, service, environment, targets, version, commit, artifact, url, actor, kind },
    ...timesOf({ committedAt, startedAt, finishedAt }),
    finishedAtEstimated: isFinishEstimated(change),
    ...{ outcome, failureClass },
    ...timesOf({ outcomeAt, recoveredAt }),
  };
}

/** A report under another name than the change has got gave it that name, or came by it. */
function reportedAs({ source, externalId }: ChangeReport, change: Change): object {
  const isOwn = source === change.source && externalId === change.externalId;
  return isOwn ? {} : { reportedAs: { source, externalId } };
}

function entryOfChange(
  report: ChangeReport,
  before: Change | null,
  after: Change,
  by: Actor,
  { now }: LedgerPolicy,
): AuditEntry {
  return entryOf(by, now, {
    action: 'change.report',
    subject: { type: 'change', id: after.id },
    before: before === null ? null : briefOfChange(before),
    after: { ...briefOfChange(after), ...reportedAs(report, after) },
  });
}

/**
 * Records a report for a caller, in the audit trail when it tells anything new. Rejects with `forbidden` for a service
 * outside the scope and `conflict` for a name that is taken elsewhere, and has written nothing then.
 */
export async function takeChange(
  { ledger, audit }: Stores,
  report: ChangeReport,
  by: Actor,
  policy: LedgerPolicy,
): Promise<TakenChange> {
  requireScope(by, report.service);
  const { before, ...taken } = await takeReport(ledger, report, policy);
  if (taken.isNews) await audit.append(entryOfChange(report, before, taken.change, by, policy));
  return taken;
}

/** Records reports as `by`, all or none, with an entry in the audit trail for each that told anything new. Does not check them. */
export async function recordReports(
  { ledger, audit }: Stores,
  reports: readonly ChangeReport[],
  by: Actor,
  policy: LedgerPolicy,
): Promise<readonly Change[]> {
  const [changes, entries]: [Change[], AuditEntry[]] = [[], []];
  await holdPlaces(ledger, reports);
  for (const report of reports) {
    requireScope(by, report.service);
    const { before, change, isNews } = await takeReport(ledger, report, policy);
    changes.push(change);
    if (isNews) entries.push(entryOfChange(report, before, change, by, policy));
  }
  await audit.append(...entries);
  return changes;
}
