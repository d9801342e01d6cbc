import type { Connection } from './database.ts';
import { placeKey } from './fact-rows.ts';
import { partsOf } from './parts.ts';

/** One roll-up: of a place and a week, in one generation. */
export type Cell = {
  readonly generation: number;
  readonly week: number;
  readonly service: string;
  readonly environment: string;
};

const key = ['generation', 'week', 'service', 'environment'] as const;

function nameOf({ generation, week, service, environment }: Cell): string {
  return `${generation}/${week}/${placeKey(service, environment)}`;
}

/** The same everywhere, so that two transactions that need the same cells never wait for each other in a circle. */
function compareCells(left: Cell, right: Cell): number {
  const [one, other] = [nameOf(left), nameOf(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}

type Stored = Omit<Cell, 'week'> & { readonly week: number | string; readonly facts: Buffer };

/**
 * Reads cells and keeps others from them until the transaction ends; one that is not there is made, without facts.
 * By name, as `write` takes them.
 */
export async function holdCells(
  connection: Connection,
  cells: readonly Cell[],
): Promise<{ readonly cell: Cell; readonly facts: Buffer }[]> {
  const held: { readonly cell: Cell; readonly facts: Buffer }[] = [];
  for (const part of partsOf([...cells].sort(compareCells))) {
    const rows: Stored[] = await connection.run((sql) =>
      sql('change_rollups')
        .insert(part.map((cell) => ({ ...cell, facts: Buffer.alloc(0) })))
        .onConflict([...key])
        // What is there stays; the update that changes nothing holds it.
        .merge({ facts: sql.ref('change_rollups.facts') })
        .returning(['generation', 'week', 'service', 'environment', 'facts']),
    );
    for (const { facts, week, ...cell } of rows) held.push({ cell: { ...cell, week: Number(week) }, facts });
  }
  return held;
}

/** Writes cells that are held. */
export async function writeCells(
  connection: Connection,
  cells: readonly { readonly cell: Cell; readonly facts: Buffer }[],
): Promise<void> {
  for (const part of partsOf(cells))
    await connection.run((sql) =>
      sql('change_rollups')
        .insert(part.map(({ cell, facts }) => ({ ...cell, facts })))
        .onConflict([...key])
        .merge(['facts']),
    );
}
