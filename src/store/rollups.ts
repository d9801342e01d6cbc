import type { Fact } from '../ledger/fact.ts';
import type { Connection } from './database.ts';
import { placeKey } from './fact-rows.ts';
import { compareFacts, packFacts, unpackFacts, weekOf } from './packs.ts';
import { type Cell, holdCells, writeCells } from './rollup-cells.ts';

/** Which roll-ups there are: those that are read, and those that a rebuild makes beside them. */
export type RollupState = { readonly live: number | null; readonly building: number | null };

/** What a change added to the reports before a write, or adds after it; `null`: there was none. */
export type Contribution = {
  readonly service: string;
  readonly environment: string;
  readonly fact: Fact;
} | null;

type Moves = Omit<Cell, 'generation'> & { readonly added: Fact[]; readonly removed: Fact[] };

/**
 * Reads the state; until the transaction ends no rebuild begins or ends. So every write of a change is known either
 * to the rebuild's count or to the cells it is building.
 */
export async function holdState(connection: Connection): Promise<RollupState> {
  const [state] = await connection.run((sql) => {
    const query = sql('rollup_state').select<RollupState[]>('live', 'building').where({ id: 1 });
    return connection.dialect === 'postgres' ? query.forShare() : query;
  });
  return state ?? { live: null, building: null };
}

/** What the transactions under way have to tell the roll-ups. */
const waiting = new WeakMap<Connection, Map<string, Moves>>();

function movesOf(connection: Connection): Map<string, Moves> {
  const known = waiting.get(connection);
  if (known !== undefined) return known;
  const fresh = new Map<string, Moves>();
  waiting.set(connection, fresh);
  connection.beforeCommit?.(() => settle(connection, fresh));
  return fresh;
}

function note(
  moves: Map<string, Moves>,
  { service, environment, fact }: NonNullable<Contribution>,
  direction: 'added' | 'removed',
): void {
  const week = weekOf(fact.at);
  const key = `${week}/${placeKey(service, environment)}`;
  const cell = moves.get(key) ?? { week, service, environment, added: [], removed: [] };
  cell[direction].push(fact);
  moves.set(key, cell);
}

/** The facts of a cell after what was added and removed. A fact that is removed without being there is no matter. */
function apply(facts: readonly Fact[], { added, removed }: Moves): Fact[] {
  const result = [...facts, ...added];
  for (const gone of removed) {
    const index = result.findIndex((fact) => compareFacts(fact, gone) === 0);
    if (index >= 0) result.splice(index, 1);
  }
  return result;
}

async function settle(connection: Connection, moves: ReadonlyMap<string, Moves>): Promise<void> {
  const { live, building } = await holdState(connection);
  const generations = [live, building].filter((one) => one !== null);
  const cells = [...moves.values()].flatMap(({ week, service, environment }) =>
    generations.map((generation) => ({ generation, week, service, environment })),
  );
  if (cells.length === 0) return;
  const held = await holdCells(connection, cells);
  await writeCells(
    connection,
    held.map(({ cell, facts }) => {
      const change = moves.get(`${cell.week}/${placeKey(cell.service, cell.environment)}`);
      const before = unpackFacts(cell.week, facts);
      return { cell, facts: packFacts(cell.week, change === undefined ? before : apply(before, change)) };
    }),
  );
}

/**
 * Tells the roll-ups that a change's contribution went from `before` to `after`. They follow at the end of the
 * transaction, all changes of a place and week in one write and in one order, so that writers never wait in a circle.
 * Only in a transaction.
 */
export function rollUp(connection: Connection, before: Contribution, after: Contribution): void {
  if (isSame(before, after)) return;
  const moves = movesOf(connection);
  if (before !== null) note(moves, before, 'removed');
  if (after !== null) note(moves, after, 'added');
}

function isSame(before: Contribution, after: Contribution): boolean {
  if (before === null || after === null) return before === after;
  return (
    before.service === after.service &&
    before.environment === after.environment &&
    compareFacts(before.fact, after.fact) === 0
  );
}
