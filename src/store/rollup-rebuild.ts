import { SerinError } from '../errors.ts';
import type { PlaceFacts } from '../ledger/fact.ts';
import type { RollupWork } from '../ledger/rollup-store.ts';
import { readInteger } from './columns.ts';
import type { Connection, Database } from './database.ts';
import { placeKey, readFacts } from './fact-rows.ts';
import { packFacts, weekMs } from './packs.ts';
import { holdCells, writeCells } from './rollup-cells.ts';
import { holdState } from './rollups.ts';

/** SQL for the week of a change. */
const weekExpression = `reported_at - reported_at % ${weekMs}`;

/** The weeks in which there are changes, oldest first. */
export async function weeksOfChanges(connection: Connection): Promise<number[]> {
  const rows: { week: unknown }[] = await connection.run((sql) =>
    sql('changes')
      .distinct(sql.raw(`${weekExpression} AS week`))
      .orderBy('week'),
  );
  return rows.map(({ week }) => readInteger(week, 'changes.reported_at'));
}

function overtaken(): SerinError {
  return new SerinError('conflict', 'another rebuild of the roll-ups began meanwhile');
}

/** Waits for the writes under way, whose transactions hold the state: they are then there to be counted. */
async function begin(database: Database): Promise<number> {
  return database.transaction(async (connection) => {
    const [state] = await connection.run((sql) =>
      sql('rollup_state')
        .where({ id: 1 })
        .update({ building: sql.raw('COALESCE(building, live, 0) + 1'), built_through: null })
        .returning<{ building: number }[]>('building'),
    );
    if (state === undefined) throw new SerinError('internal', 'the database lacks the state of its roll-ups');
    return state.building;
  });
}

async function placesOf(connection: Connection, week: number): Promise<Omit<PlaceFacts, 'facts'>[]> {
  return connection.run((sql) =>
    sql('changes')
      .where('reported_at', '>=', week)
      .where('reported_at', '<', week + weekMs)
      .distinct<Omit<PlaceFacts, 'facts'>[]>('service', 'environment'),
  );
}

/**
 * Counts one week. Places are held before their changes are read, so that a write is in what is read or comes after.
 * A place that had no change when this week's were listed is left alone: its writers know of the building.
 */
async function buildWeek(connection: Connection, generation: number, week: number): Promise<RollupWork> {
  const { building } = await holdState(connection);
  if (building !== generation) throw overtaken();
  const cells = (await placesOf(connection, week)).map((place) => ({ generation, week, ...place }));
  const held = await holdCells(connection, cells);
  const facts = new Map(
    (await readFacts(connection, week, week + weekMs)).map((place) => [
      placeKey(place.service, place.environment),
      place.facts,
    ]),
  );
  const counted = held.map(({ cell }) => ({
    cell,
    facts: facts.get(placeKey(cell.service, cell.environment)) ?? [],
  }));
  await writeCells(
    connection,
    counted.map((one) => ({ cell: one.cell, facts: packFacts(week, one.facts) })),
  );
  return { cells: counted.length, changes: counted.reduce((sum, one) => sum + one.facts.length, 0) };
}

/** In a transaction of its own: one that holds cells must not wait for the writers who wait for those. */
async function showProgress(database: Database, generation: number, week: number): Promise<void> {
  await database.run((sql) =>
    sql('rollup_state').where({ id: 1, building: generation }).update({ built_through: week }),
  );
}

/** Reads the new ones from now on; the old ones are of no use any more. */
async function swap(database: Database, generation: number): Promise<void> {
  const swapped = await database.transaction((connection) =>
    connection.run((sql) =>
      sql('rollup_state')
        .where({ id: 1, building: generation })
        .update({ live: generation, building: null, built_through: null })
        .returning('id'),
    ),
  );
  if (swapped.length === 0) throw overtaken();
  await database.run((sql) => sql('change_rollups').where('generation', '<', generation).del());
}

/** See `RollupStore.rebuild`. One transaction a week, so that writers wait for no longer than that. */
export async function rebuildRollups(database: Database): Promise<RollupWork> {
  const generation = await begin(database);
  let [cells, changes] = [0, 0];
  for (const week of await weeksOfChanges(database)) {
    const built = await database.transaction((connection) => buildWeek(connection, generation, week));
    cells += built.cells;
    changes += built.changes;
    await showProgress(database, generation, week);
  }
  await swap(database, generation);
  return { cells, changes };
}
