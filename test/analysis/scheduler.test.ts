import assert from 'node:assert/strict';
import type { Claim, RunStore } from '../../src/analysis/run-store.ts';
import { createScheduler, type SchedulerDeps } from '../../src/analysis/scheduler.ts';
import { SerinError } from '../../src/errors.ts';
import { makeRun, start } from '../support/plans.ts';

function setUp(changes: Partial<SchedulerDeps> = {}, due = 0) {
  let remaining = due;
  const asked: number[] = [];
  const told: string[] = [];
  const lags: number[] = [];
  const runs = {
    claimDue: async (_: number, limit: number): Promise<Claim[]> => {
      asked.push(limit);
      const count = Math.min(limit, remaining);
      remaining -= count;
      return Array.from({ length: count }, (_unused, index) => ({
        run: makeRun(),
        token: `${remaining}-${index}`,
      }));
    },
  } as unknown as RunStore;
  const scheduler = createScheduler({
    runs,
    step: async () => {},
    housekeeping: async () => {},
    now: () => start + 120_000,
    onError: (error, doing) => told.push(`${doing}: ${(error as Error).message}`),
    onLag: (lag) => lags.push(lag),
    concurrency: 3,
    leaseMs: 60_000,
    ...changes,
  });
  return { scheduler, asked, told, lags };
}

describe('the scheduler', () => {
  it('looks at no more runs at once than it may, and takes up the rest later', async () => {
    let active = 0;
    let most = 0;
    let done = 0;
    const step = async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise(setImmediate);
      active -= 1;
      done += 1;
    };
    const { scheduler } = setUp({ step }, 8);
    while (done < 8) {
      await scheduler.tick();
      await scheduler.idle();
    }
    assert.equal(most, 3);
  });

  it('says how late the runs were', async () => {
    const { scheduler, lags } = setUp({}, 1);
    await scheduler.tick();
    assert.deepEqual(lags, [30_000]);
  });

  it('goes on after a failing look and after a failing store', async () => {
    const failing = setUp({ step: async () => Promise.reject(new Error('boom')) }, 1);
    await failing.scheduler.tick();
    await failing.scheduler.idle();
    assert.match(failing.told[0] ?? '', /look at .*: boom/);

    let isAway = true;
    const runs = {
      claimDue: async () => (isAway ? Promise.reject(new SerinError('store_unavailable', 'away')) : []),
    } as unknown as RunStore;
    const away = setUp({ runs });
    await away.scheduler.tick();
    assert.deepEqual(away.told, ['claim due runs: away']);
    isAway = false;
    await away.scheduler.tick();
    assert.equal(away.told.length, 1);
  });

  it('keeps house once a minute, and says when that fails', async () => {
    let now = start;
    let kept = 0;
    const housekeeping = async () => {
      kept += 1;
      throw new Error('dust');
    };
    const { scheduler, told } = setUp({ housekeeping, now: () => now });
    for (const seconds of [0, 1, 59, 60, 61]) {
      now = start + seconds * 1000;
      await scheduler.tick();
    }
    assert.equal(kept, 2);
    assert.deepEqual(told, ['housekeeping: dust', 'housekeeping: dust']);
  });

  it('claims nothing more when stopped, waits for looks under way, and aborts those that take too long', async () => {
    const aborted: boolean[] = [];
    const step = (_: Claim, stop: AbortSignal) =>
      new Promise<void>((resolve) => {
        stop.addEventListener('abort', () => {
          aborted.push(true);
          resolve();
        });
      });
    const { scheduler, asked } = setUp({ step }, 1);
    await scheduler.tick();
    await scheduler.stop(5);
    assert.deepEqual(aborted, [true]);
    const before = asked.length;
    await scheduler.tick();
    assert.equal(asked.length, before);
  });
});
