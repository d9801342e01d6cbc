import { SerinError } from '../errors.ts';
import type { RollupStore } from '../ledger/rollup-store.ts';
import { readIntegerOrNull } from './columns.ts';
import type { Database } from './database.ts';
import { checkRollups } from './rollup-check.ts';
import { rebuildRollups } from './rollup-rebuild.ts';

type State = {
  readonly live: number | null;
  readonly building: number | null;
  readonly built_through: unknown;
};

async function readState(database: Database): Promise<State | undefined> {
  const [state] = await database.run((sql) =>
    sql('rollup_state').select<State[]>('live', 'building', 'built_through').where({ id: 1 }),
  );
  return state;
}

async function liveGeneration(database: Database): Promise<number | null> {
  return (await readState(database))?.live ?? null;
}

async function progress(database: Database): ReturnType<RollupStore['progress']> {
  const state = await readState(database);
  if (state === undefined || state.building === null) return null;
  const through = readIntegerOrNull(state.built_through, 'rollup_state.built_through');
  return { generation: state.building, through };
}

/** Tends the roll-ups of a database. */
export function createRollupStore(database: Database): RollupStore {
  return {
    isLive: async () => (await liveGeneration(database)) !== null,
    progress: () => progress(database),
    rebuild: () => rebuildRollups(database),
    check: async () => {
      const live = await liveGeneration(database);
      if (live !== null) return checkRollups(database, live);
      throw new SerinError(
        'conflict',
        'the roll-ups were never built; build them with `serin ledger rebuild`',
      );
    },
  };
}
