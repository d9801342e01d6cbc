import type { Knex } from 'knex';
import type { Change } from '../ledger/change.ts';
import type { ChangeFilter, LedgerStore } from '../ledger/ledger-store.ts';
import { blamesOf } from './blames.ts';
import { appendEvents, eventsOf, toldBy } from './change-events.ts';
import { changeFromRow, changeToRow, type StoredRow } from './change-rows.ts';
import { contributionOf, holdContribution } from './contributions.ts';
import type { Connection, Database } from './database.ts';
import { isFirstHold } from './holds.ts';
import { createIncidentStore } from './incident-store.ts';
import { createMoveStore } from './move-store.ts';
import { whereNear } from './near.ts';
import { newestFirst, readPage } from './paging.ts';
import { createRemedyStore } from './remedy-store.ts';
import { rollUp } from './rollups.ts';
import { isAlone } from './surroundings.ts';

/** Nobody has more changes of one place, or revisions of one rollout, at hand at once; the newest matter. */
const recentLimit = 200;

/** Keeps changes, their names and events in the database, or as one of its transactions sees them. */
export function createLedgerStore(connection: Connection): LedgerStore {
  return {
    incidents: createIncidentStore(connection),
    remedies: createRemedyStore(connection),
    moves: createMoveStore(connection),
    holdPlace: (service, environment) => holdPlace(connection, { service, environment }),
    isAlone: (surroundings) => isAlone(connection, surroundings),
    blamesOf: (changeId) => blamesOf(connection, changeId),
    find: (id) => find(connection, id),
    findByName: (source, externalId) => findByName(connection, source, externalId),
    findByNamePrefix: (source, prefix) => findByNamePrefix(connection, source, prefix),
    findRecent: (service, environment, since, until) =>
      findRecent(connection, { service, environment }, [since, until]),
    findNear: (service, environment, since, until, besides) =>
      findNear(connection, { service, environment }, [since, until], besides),
    sourcesOf: (changeIds) => sourcesOf(connection, changeIds),
    toldBy: (source, changeIds) => toldBy(connection, source, changeIds),
    list: (filter, limit, cursor) => list(connection, filter, limit, cursor),
    insert: (change) => within(connection, (inside) => insert(inside, change)),
    addName: (changeId, source, externalId) => addName(connection, changeId, source, externalId),
    append: (events) => appendEvents(connection, events),
    eventsOf: (changeId) => eventsOf(connection, changeId),
    save: (change) => within(connection, (inside) => save(inside, change)),
    findSettling: (now, limit) => findSettling(connection, now, limit),
  };
}

/** A change and its roll-up are written together or not at all, also by a store outside of a transaction. */
function within<T>(connection: Connection | Database, work: (inside: Connection) => Promise<T>): Promise<T> {
  return 'transaction' in connection ? connection.transaction(work) : work(connection);
}

async function select(
  connection: Connection,
  narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<Change[]> {
  const rows: StoredRow[] = await connection.run((sql) => narrow(sql('changes').select('changes.*')));
  return rows.map(changeFromRow);
}

async function find(connection: Connection, id: string): Promise<Change | null> {
  const [change] = await select(connection, (query) => query.where({ id }));
  return change ?? (await findByAlias(connection, id));
}

async function findByAlias(connection: Connection, id: string): Promise<Change | null> {
  const [change] = await select(connection, (query) =>
    query.join('change_aliases', 'change_aliases.change_id', 'changes.id').where({ 'change_aliases.id': id }),
  );
  return change ?? null;
}

async function findByName(
  connection: Connection,
  source: string,
  externalId: string,
): Promise<Change | null> {
  const name = { 'change_names.source': source, 'change_names.external_id': externalId };
  const [change] = await select(connection, (query) =>
    query.join('change_names', 'change_names.change_id', 'changes.id').where(name),
  );
  return change ?? null;
}

/** The first text, byte by byte, that no text with this prefix reaches. */
function afterPrefix(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

async function findByNamePrefix(
  connection: Connection,
  source: string,
  prefix: string,
): ReturnType<LedgerStore['findByNamePrefix']> {
  const rows: StoredRow[] = await connection.run((sql) =>
    sql('change_names')
      .join('changes', 'changes.id', 'change_names.change_id')
      .where('change_names.source', source)
      .where('change_names.external_id', '>=', prefix)
      .where('change_names.external_id', '<', afterPrefix(prefix))
      .orderBy(newestFirst)
      .limit(recentLimit)
      .select('changes.*', { name: 'change_names.external_id' }),
  );
  return rows.map((row) => ({ externalId: row['name'] as string, change: changeFromRow(row) }));
}

type PlaceOf = { readonly service: string; readonly environment: string };
type Range = readonly [since: number, until: number];

async function findRecent(
  connection: Connection,
  place: PlaceOf,
  [since, until]: Range,
): Promise<readonly Change[]> {
  await holdPlace(connection, place);
  return select(connection, (query) => query.modify(whereNear, place, since, until).modify(newestReported));
}

function findNear(
  connection: Connection,
  place: PlaceOf,
  [since, until]: Range,
  besides?: string,
): Promise<readonly Change[]> {
  return select(connection, (query) => {
    query
      .modify(whereNear, place, since, until)
      .orderByRaw('abs(reported_at - ?), id', [Math.round((since + until) / 2)])
      .limit(recentLimit);
    return besides === undefined ? query : query.whereExists((name) => whereNamedBesides(name, besides));
  });
}

function newestReported(query: Knex.QueryBuilder): void {
  query.orderBy('reported_at', 'desc').orderBy('id', 'desc').limit(recentLimit);
}

function whereNamedBesides(query: Knex.QueryBuilder, source: string): void {
  query.from('change_names').whereRaw('change_names.change_id = changes.id').whereNot({ source });
}

/** SQLite has one writer at a time anyway; PostgreSQL is told that this place is being looked at until the end. */
async function holdPlace(
  connection: Connection,
  { service, environment }: { readonly service: string; readonly environment: string },
): Promise<void> {
  if (connection.dialect !== 'postgres') return;
  const place = JSON.stringify([service, environment]);
  if (!isFirstHold(connection, `place ${place}`)) return;
  await connection.run((sql) => sql.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [place]));
}

async function sourcesOf(
  connection: Connection,
  changeIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const sources = new Map<string, string[]>();
  if (changeIds.length === 0) return sources;
  const rows: { change_id: string; source: string }[] = await connection.run((sql) =>
    sql('change_names').whereIn('change_id', changeIds).select('change_id', 'source').orderBy('source'),
  );
  for (const { change_id, source } of rows)
    sources.set(change_id, [...(sources.get(change_id) ?? []), source]);
  return sources;
}

function list(
  connection: Connection,
  filter: ChangeFilter,
  limit: number,
  cursor: string | null,
): ReturnType<LedgerStore['list']> {
  return readPage(
    (narrow) => select(connection, (query) => narrow(query.modify(whereMatches, filter))),
    limit,
    cursor,
  );
}

function whereMatches(query: Knex.QueryBuilder, filter: ChangeFilter): void {
  const { service, environment, outcome, from, to } = filter;
  if (service !== undefined) query.where({ service });
  if (environment !== undefined) query.where({ environment });
  if (outcome !== undefined) query.where({ outcome });
  if (from !== undefined) query.where('created_at', '>=', from);
  if (to !== undefined) query.where('created_at', '<', to);
  whereNamed(query, filter);
  if (filter.suspected === true) query.whereExists(otherNear(filter.joinWindow ?? 0));
}

/** Commits agree also when one is cut short to no less than seven characters. */
const commitsAgree = `length(other."commit") >= 7 and length(changes."commit") >= 7 and (
  substr(lower(other."commit"), 1, length(changes."commit")) = lower(changes."commit")
  or substr(lower(changes."commit"), 1, length(other."commit")) = lower(other."commit"))`;

/** Another change near in time that agrees in something, and that no source of this one named. */
function otherNear(window: number): (others: Knex.QueryBuilder) => void {
  return (others) => {
    others
      .from('changes as other')
      .select('other.id')
      .whereRaw('other.service = changes.service and other.environment = changes.environment')
      .whereRaw('other.id <> changes.id')
      .whereRaw('other.reported_at between changes.reported_at - ? and changes.reported_at + ?', [
        window,
        window,
      ])
      .whereRaw(`(other.version = changes.version or other.artifact = changes.artifact or (${commitsAgree}))`)
      .whereRaw(
        `not exists (select 1 from change_names as mine join change_names as its on its.source = mine.source
          where mine.change_id = changes.id and its.change_id = other.id)`,
      );
  };
}

/** A change has a name for each source that told of it. */
function whereNamed(query: Knex.QueryBuilder, { source, externalId }: ChangeFilter): void {
  if (source === undefined && externalId === undefined) return;
  query.whereIn('id', (names: Knex.QueryBuilder) => {
    names.from('change_names').select('change_id');
    if (source !== undefined) names.where({ source });
    if (externalId !== undefined) names.where({ external_id: externalId });
  });
}

/** The name decides who is first; the change goes in before it, for the name points there. */
async function insert(connection: Connection, change: Change): Promise<boolean> {
  const { id, source, externalId } = change;
  await connection.run((sql) => sql('changes').insert(changeToRow(change)));
  if (await insertName(connection, id, source, externalId)) {
    // Nobody else sees it until the transaction ends.
    isFirstHold(connection, `change ${id}`);
    rollUp(connection, null, contributionOf(change));
    return true;
  }
  await connection.run((sql) => sql('changes').where({ id }).del());
  return false;
}

async function insertName(
  connection: Connection,
  changeId: string,
  source: string,
  externalId: string,
): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql('change_names')
      .insert({ source, external_id: externalId, change_id: changeId })
      .onConflict(['source', 'external_id'])
      .ignore()
      .returning('change_id'),
  );
  return inserted.length === 1;
}

async function addName(
  connection: Connection,
  changeId: string,
  source: string,
  externalId: string,
): Promise<void> {
  await insertName(connection, changeId, source, externalId);
}

async function save(connection: Connection, change: Change): Promise<void> {
  const before = await holdContribution(connection, change.id);
  if (before !== null) rollUp(connection, before, contributionOf(change));
  const { id, ...row } = { id: change.id, ...changeToRow(change) };
  await connection.run((sql) => sql('changes').where({ id }).update(row));
}

function findSettling(connection: Connection, now: number, limit: number): Promise<readonly Change[]> {
  return select(connection, (query) =>
    query.where('settles_at', '<=', now).orderBy('settles_at').limit(limit),
  );
}
