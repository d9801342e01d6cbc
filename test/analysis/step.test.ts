import assert from 'node:assert/strict';
import type { Run } from '../../src/analysis/run.ts';
import { createRunEvents } from '../../src/analysis/run-events.ts';
import type { Stores } from '../../src/analysis/run-store.ts';
import { step } from '../../src/analysis/step.ts';
import { makeRun, start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

const minute = 60_000;

/** Steps once with a clock that moves on by `tickMs` whenever it is read; gives what was written. */
async function stepOnce(tickMs: number, from: number): Promise<Run[]> {
  const saved: Run[] = [];
  let now = from;
  const runs = {
    loadSeries: async () => [],
    saveSeries: async () => {},
    saveClaimed: async (run: Run) => {
      saved.push(run);
      return true;
    },
  };
  const stores = { runs, ledger: {}, noise: { keep: async () => {} } } as unknown as Stores;
  const deps = {
    unitOfWork: { stores, transaction: <T>(work: (inside: Stores) => Promise<T>) => work(stores) },
    findProvider: () => makeProvider(() => 1000),
    events: createRunEvents(),
    observer: { looked: () => {}, concluded: () => {} },
    now: () => {
      now += tickMs;
      return now;
    },
    ledgerPolicy: () => ({ now, observationWindow: 1, abandonAfter: 1 }),
    expireAfter: () => 600_000,
    upSince: () => start,
    readDeadlineMs: 5_000,
  };
  await step(deps, { run: makeRun(), token: 't' }, new AbortController().signal);
  return saved;
}

describe('step', () => {
  it('judges a whole backlog at once when that is quick', async () => {
    const [run] = await stepOnce(0, start + 8 * minute);
    assert.equal(run?.looks, 7);
  });

  it('writes what it has judged before the lease could end, and leaves the rest due at once', async () => {
    const [run] = await stepOnce(6_000, start + 8 * minute);
    assert.ok(run !== undefined && run.looks >= 1 && run.looks < 7, `${run?.looks} looks`);
    assert.ok((run.nextLookAt ?? Number.POSITIVE_INFINITY) < start + 8 * minute);
  });
});
