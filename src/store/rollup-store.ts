import { SerinError } from '../errors.ts';
import type { RollupStore } from '../ledger/rollup-store.ts';
import type { Database } from './database.ts';
import { checkRollups } from './rollup-check.ts';
import { rebuildRollups } from './rollup-rebuild.ts';

async function liveGeneration(database: Database): Promise<number | null> {
  const [state] = await database.run((sql) =>
    sql('rollup_state').select<{ live: number | null }[]>('live').where({ id: 1 }),
  );
  return state?.live ?? null;
}

/** Tends the roll-ups of a database. */
export function createRollupStore(database: Database): RollupStore {
  return {
    isLive: async () => (await liveGeneration(database)) !== null,
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
