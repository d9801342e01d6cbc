import { hasCode } from '../errors.ts';
import type { RollupStore } from './rollup-store.ts';

/**
 * Makes what builds the roll-ups where there are none yet, to be called again and again, about once a minute. It
 * leaves alone what another process is building as long as that gets on from one call to the next, and takes over
 * what stands still. Called while it builds, it does nothing.
 */
export function createRollupBuilder(rollups: RollupStore): () => Promise<void> {
  let seen: string | null = null;
  let building = false;

  async function isElsewhere(): Promise<boolean> {
    const progress = await rollups.progress();
    const before = seen;
    seen = progress === null ? null : JSON.stringify(progress);
    return seen !== before && seen !== null;
  }

  return async () => {
    if (building || (await rollups.isLive()) || (await isElsewhere())) return;
    building = true;
    try {
      await rollups.rebuild();
    } catch (error) {
      // Another process began after this one and will get it done.
      if (!hasCode(error, 'conflict')) throw error;
    } finally {
      building = false;
    }
  };
}
