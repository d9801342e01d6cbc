import assert from 'node:assert/strict';
import { day, epoch, hour } from './events.ts';
import { countRows, makeRow, times } from './rows.ts';

const options = { count: 'failed', includeRollbacks: false, minimum: 20 } as const;
const caught = { outcome: 'failed', failureClass: 'caught_in_canary' } as const;
const escaped = { outcome: 'failed', failureClass: 'escaped' } as const;
const undeployed = { outcome: 'failed', failureClass: 'failed_to_deploy' } as const;

function assertNear(actual: readonly number[] | null, expected: readonly number[]): void {
  assert.ok(actual !== null);
  for (const [index, value] of expected.entries())
    assert.ok(Math.abs((actual[index] ?? Number.NaN) - value) < 5e-7, `${actual} is not ${expected}`);
}

describe('ratesOf(tally, lengthMs, options)', () => {
  for (const [failed, changes, interval] of [
    [4, 23, [0.069787, 0.371376]],
    [0, 10, [0, 0.277533]],
    [1, 10, [0.017876, 0.40415]],
    [10, 10, [0.722467, 1]],
    [15, 100, [0.09306, 0.232836]],
    [38, 197, [0.143883, 0.253652]],
  ] as const)
    it(`gives ${failed} of ${changes} the Wilson interval ${interval.join(' to ')}`, () => {
      const rates = countRows([...times(failed, caught), ...times(changes - failed)], day, options);

      assert.equal(rates.rate, failed / changes);
      assertNear(rates.interval, interval);
    });

  it('has neither rate nor interval without a change', () => {
    const rates = countRows(times(3, { outcome: 'pending', outcomeAt: null }), day, options);

    assert.deepEqual(rates, {
      changes: 0,
      failed: 0,
      escaped: 0,
      caughtInCanary: 0,
      failedToDeploy: 0,
      rate: null,
      interval: null,
      enough: false,
      deploymentsPerDay: 0,
      leadTimeSeconds: { p50: null, p90: null },
      recoverySeconds: { p50: null, p90: null },
      reworkRate: null,
    });
  });

  it('counts escaped and caught together, and what failed to deploy beside, but among the changes', () => {
    const rows = [...times(2, escaped), ...times(3, caught), ...times(4, undeployed), makeRow()];
    const {
      changes,
      failed,
      escaped: met,
      caughtInCanary,
      failedToDeploy,
      rate,
    } = countRows(rows, day, options);

    assert.deepEqual([changes, failed, met, caughtInCanary, failedToDeploy, rate], [10, 5, 2, 3, 4, 0.5]);
  });

  it('makes the headline of what escaped when asked, and counts the same', () => {
    const rates = countRows([...times(1, escaped), ...times(3, caught), ...times(6)], day, {
      ...options,
      count: 'escaped',
    });

    assert.deepEqual([rates.rate, rates.failed], [0.1, 4]);
    assertNear(rates.interval, [0.017876, 0.40415]);
  });

  it('leaves pending and abandoned changes out of everything', () => {
    const rows = [
      makeRow(caught),
      ...times(5, { outcome: 'abandoned' }),
      ...times(5, { outcome: 'pending' }),
    ];

    assert.equal(countRows(rows, day, options).rate, 1);
  });

  it('leaves rollbacks out unless they are wanted, but never out of the rework', () => {
    const rows = [...times(6), makeRow({ kind: 'hotfix' }), ...times(3, { kind: 'rollback', ...caught })];
    const without = countRows(rows, day, options);
    const together = countRows(rows, day, { ...options, includeRollbacks: true });

    assert.deepEqual([without.changes, without.failed, without.reworkRate], [7, 0, 0.4]);
    assert.deepEqual([together.changes, together.failed, together.reworkRate], [10, 3, 0.4]);
  });

  it('has enough from the minimum on', () => {
    assert.deepEqual(
      [19, 20].map((count) => countRows(times(count), day, options).enough),
      [false, true],
    );
  });

  it('counts deployments a day', () => {
    assert.equal(countRows(times(6), 4 * day, options).deploymentsPerDay, 1.5);
    assert.equal(countRows([], 0, options).deploymentsPerDay, null);
  });

  it('measures lead time from commit to the end of what reached users, by interpolated quantiles', () => {
    const lead = (hours: number) => ({ committedAt: epoch - hours * hour });
    const rows = [
      makeRow(lead(1)),
      makeRow({ ...lead(2), ...escaped }),
      makeRow({ ...lead(3), ...caught, recoveredAt: epoch }),
      makeRow(lead(4)),
      makeRow({ ...lead(500), ...caught }),
      makeRow({ ...lead(-1) }),
      makeRow(),
    ];

    const { leadTimeSeconds } = countRows(rows, day, options);

    assert.equal(leadTimeSeconds.p50, 2.5 * 3600);
    assert.ok(Math.abs((leadTimeSeconds.p90 ?? 0) - 3.7 * 3600) < 1e-6);
  });

  it('measures recovery from the failure to the completion after it', () => {
    const rows = [
      makeRow({ ...caught, outcomeAt: epoch, recoveredAt: epoch + hour }),
      makeRow({ ...escaped, outcomeAt: epoch, recoveredAt: epoch + 3 * hour }),
      makeRow(caught),
    ];

    assert.equal(countRows(rows, day, options).recoverySeconds.p50, 2 * 3600);
  });
});
