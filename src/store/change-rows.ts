import { type Change, completedAt } from '../ledger/change.ts';
import type { ChangeEvent } from '../ledger/change-event.ts';
import { reportingTime } from '../ledger/fact.ts';
import {
  readBoolean,
  readInteger,
  readIntegerOrNull,
  readJson,
  readJsonOrNull,
  writeInstant,
  writeInstantOrNull,
  writeJson,
  writeJsonOrNull,
} from './columns.ts';

/** A row as it comes back; of what kind its values are depends on the database. */
export type StoredRow = Readonly<Record<string, unknown>>;

const texts = [
  'id',
  'source',
  'service',
  'environment',
  'version',
  'commit',
  'artifact',
  'url',
  'actor',
  'kind',
  'outcome',
] as const;

function instantsOf(change: Change) {
  return {
    created_at: writeInstant(change.createdAt, 'changes.created_at'),
    committed_at: writeInstantOrNull(change.committedAt, 'changes.committed_at'),
    started_at: writeInstantOrNull(change.startedAt, 'changes.started_at'),
    finished_at: writeInstantOrNull(change.finishedAt, 'changes.finished_at'),
    completed_at: writeInstantOrNull(completedAt(change), 'changes.completed_at'),
    outcome_at: writeInstantOrNull(change.outcomeAt, 'changes.outcome_at'),
    recovered_at: writeInstantOrNull(change.recoveredAt, 'changes.recovered_at'),
    settles_at: writeInstantOrNull(change.settlesAt, 'changes.settles_at'),
    reported_at: writeInstant(reportingTime(change), 'changes.reported_at'),
  };
}

/** The one place that derives columns from a change. */
export function changeToRow(change: Change) {
  return {
    ...Object.fromEntries(texts.map((key) => [key, change[key]])),
    external_id: change.externalId,
    failure_class: change.failureClass,
    verdict_overruled: change.verdictOverruled,
    targets: writeJson(change.targets),
    attribution: writeJsonOrNull(change.attribution),
    attempts: writeJson(change.attempts),
    analysis_ids: writeJson(change.analysisIds),
    ...instantsOf(change),
  };
}

/** The change as it was written. */
export function changeFromRow(row: StoredRow): Change {
  const instant = (column: string): number | null => readIntegerOrNull(row[column], `changes.${column}`);
  return {
    ...(Object.fromEntries(texts.map((key) => [key, row[key]])) as Pick<Change, (typeof texts)[number]>),
    externalId: row['external_id'] as string,
    failureClass: row['failure_class'] as Change['failureClass'],
    verdictOverruled: readBoolean(row['verdict_overruled'], 'changes.verdict_overruled'),
    targets: readJson(row['targets'], 'changes.targets'),
    attribution: readJsonOrNull(row['attribution'], 'changes.attribution'),
    attempts: readJson(row['attempts'], 'changes.attempts'),
    analysisIds: readJson(row['analysis_ids'], 'changes.analysis_ids'),
    createdAt: readInteger(row['created_at'], 'changes.created_at'),
    committedAt: instant('committed_at'),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    outcomeAt: instant('outcome_at'),
    recoveredAt: instant('recovered_at'),
    settlesAt: instant('settles_at'),
  };
}

/** An event as it is written: what is queried is a column, the rest is in `body`. */
export function eventToRow({ id, changeId, source, dedupeKey, type, at, receivedAt, ...body }: ChangeEvent) {
  return {
    id,
    change_id: changeId,
    source,
    dedupe_key: dedupeKey,
    type,
    at: writeInstant(at, 'change_events.at'),
    received_at: writeInstant(receivedAt, 'change_events.received_at'),
    body: writeJson(body),
  };
}

/** The event as it was written. */
export function eventFromRow(row: StoredRow): ChangeEvent {
  const body = readJson<object>(row['body'], 'change_events.body');
  const common = {
    id: row['id'],
    changeId: row['change_id'],
    source: row['source'],
    dedupeKey: row['dedupe_key'],
    type: row['type'],
    at: readInteger(row['at'], 'change_events.at'),
    receivedAt: readInteger(row['received_at'], 'change_events.received_at'),
  };
  return { ...common, ...body } as ChangeEvent;
}
