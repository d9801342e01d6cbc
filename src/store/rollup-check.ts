import { hasCode } from '../errors.ts';
import type { Fact, PlaceFacts } from '../ledger/fact.ts';
import type { RollupDifference, RollupStore } from '../ledger/rollup-store.ts';
import { readInteger } from './columns.ts';
import type { Connection, Database } from './database.ts';
import { placeKey, readFacts } from './fact-rows.ts';
import { compareFacts, packFacts, unpackFacts, weekMs } from './packs.ts';
import { type Cell, holdCells } from './rollup-cells.ts';
import { weeksOfChanges } from './rollup-rebuild.ts';
import { holdState } from './rollups.ts';

type Place = Omit<PlaceFacts, 'facts'>;

/** How many of the first list have no equal in the second; both are sorted. */
function countOnly(first: readonly Fact[], second: readonly Fact[]): number {
  let [only, index] = [0, 0];
  for (const fact of first) {
    while (index < second.length && compareFacts(second[index] as Fact, fact) < 0) index += 1;
    const other = second[index];
    if (other !== undefined && compareFacts(other, fact) === 0) index += 1;
    else only += 1;
  }
  return only;
}

function differenceOf(
  { service, environment, week }: Cell,
  rolledUp: readonly Fact[] | null,
  counted: readonly Fact[],
): RollupDifference | null {
  const facts = [...counted].sort(compareFacts);
  const onlyRolledUp = countOnly(rolledUp ?? [], facts);
  const onlyCounted = countOnly(facts, rolledUp ?? []);
  if (rolledUp !== null && onlyRolledUp === 0 && onlyCounted === 0) return null;
  return {
    ...{ service, environment, from: week, to: week + weekMs, onlyRolledUp, onlyCounted },
    ...{ rolledUp: rolledUp?.length ?? null, counted: facts.length },
  };
}

/** What a roll-up holds; `null` when nobody can read it. SQLite gives a text where somebody put one. */
function readOrNull(week: number, facts: Buffer | string): readonly Fact[] | null {
  try {
    return unpackFacts(week, Buffer.from(facts));
  } catch (error) {
    if (!hasCode(error, 'internal')) throw error;
    return null;
  }
}

async function readCells(
  connection: Connection,
  generation: number,
  week: number,
): Promise<Map<string, Place & { readonly facts: Buffer }>> {
  const rows = await connection.run((sql) =>
    sql('change_rollups')
      .where({ generation, week })
      .select<(Place & { facts: Buffer })[]>('service', 'environment', 'facts'),
  );
  return new Map(rows.map((row) => [placeKey(row.service, row.environment), row]));
}

/** Places of a week whose roll-up seems to differ; a write between the two readings may be all there is to it. */
async function suspects(
  connection: Connection,
  generation: number,
  week: number,
): Promise<{ readonly cells: number; readonly changes: number; readonly suspected: readonly Cell[] }> {
  const cells = await readCells(connection, generation, week);
  const places = await readFacts(connection, week, week + weekMs);
  const known = new Set(places.map(({ service, environment }) => placeKey(service, environment)));
  const suspected: Place[] = places.filter(({ service, environment, facts }) => {
    const cell = cells.get(placeKey(service, environment));
    return cell === undefined || !Buffer.from(cell.facts).equals(packFacts(week, facts));
  });
  for (const [key, cell] of cells) if (!known.has(key) && cell.facts.length > 0) suspected.push(cell);
  return {
    cells: cells.size,
    changes: places.reduce((sum, { facts }) => sum + facts.length, 0),
    suspected: suspected.map(({ service, environment }) => ({ generation, week, service, environment })),
  };
}

/** Compares one cell while nobody else writes it. */
async function examine(connection: Connection, cell: Cell): Promise<RollupDifference | null> {
  const { service, environment, week } = cell;
  const { live } = await holdState(connection);
  const [held] = await holdCells(connection, [live === null ? cell : { ...cell, generation: live }]);
  const [place] = await readFacts(connection, week, week + weekMs, (query) =>
    query.where({ service, environment }),
  );
  return differenceOf(cell, readOrNull(week, held?.facts ?? ''), place?.facts ?? []);
}

async function weeksOfCells(connection: Connection, generation: number): Promise<number[]> {
  const rows = await connection.run((sql) =>
    sql('change_rollups').where({ generation }).distinct<{ week: unknown }[]>('week'),
  );
  return rows.map(({ week }) => readInteger(week, 'change_rollups.week'));
}

/** See `RollupStore.check`. */
export async function checkRollups(database: Database, generation: number): ReturnType<RollupStore['check']> {
  const weeks = new Set([...(await weeksOfChanges(database)), ...(await weeksOfCells(database, generation))]);
  const differences: RollupDifference[] = [];
  let [cells, changes] = [0, 0];
  for (const week of [...weeks].sort((left, right) => left - right)) {
    const found = await suspects(database, generation, week);
    cells += found.cells;
    changes += found.changes;
    for (const cell of found.suspected) {
      const difference = await database.transaction((connection) => examine(connection, cell));
      if (difference !== null) differences.push(difference);
    }
  }
  return { cells, changes, differences };
}
