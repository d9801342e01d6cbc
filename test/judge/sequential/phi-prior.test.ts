import assert from 'node:assert/strict';
import { choosePhiPrior, phiPrior } from '../../../src/judge/sequential/phi-prior.ts';
import { phiGrid, wideGrid } from '../../../src/judge/sequential/whiten.ts';
import { flat, noisy } from '../inputs.ts';

const past = noisy(1, 100, 0.1, 60);
const logs = past.map(Math.log);

/** The autocorrelation that a prior expects. */
function expected(logWeights: readonly number[], grid: readonly number[]): number {
  return logWeights.reduce((sum, logWeight, k) => sum + Math.exp(logWeight) * (grid[k] ?? 0), 0);
}

describe('choosePhiPrior(history, plannedSteps)', () => {
  it('expects little slow noise of a short run whose past is known, and more of any other', () => {
    assert.deepEqual(choosePhiPrior(past, 64).logWeights, phiPrior(2.25, logs));
    assert.deepEqual(choosePhiPrior(past, 65).logWeights, phiPrior(0.5, logs));
    assert.deepEqual(choosePhiPrior(undefined, 30).logWeights, phiPrior(0.5));
    assert.deepEqual(choosePhiPrior(undefined, 120).logWeights, phiPrior(0.5));
  });

  it('expects slower noise for a pass than for a fail', () => {
    for (const history of [undefined, noisy(1, 100, 0.1, 60, 0.6)]) {
      const { logWeights, forPass } = choosePhiPrior(history, 30);
      assert.ok(expected(forPass, wideGrid) > expected(logWeights, phiGrid) + 0.02);
    }
  });

  it('lets the past speak in full for a pass, and with half its weight for a fail', () => {
    const { forPass } = choosePhiPrior(past, 30);
    const whole = phiPrior(-1, logs, wideGrid, 1);
    const likelihood = phiPrior(0, logs, wideGrid).map((half) => 2 * half);

    assert.deepEqual(forPass, whole);
    const rest = whole.map(
      (logWeight, k) => logWeight - (likelihood[k] ?? 0) + Math.log(1 - (wideGrid[k] ?? 0)),
    );
    assert.ok(Math.max(...rest) - Math.min(...rest) < 1e-9, String(rest));
  });

  it('counts the steps of a past that tells something, and takes any other for none', () => {
    assert.equal(choosePhiPrior(past, 30).historySteps, 60);
    for (const silent of [past.slice(0, 29), flat(7, 60), past.map(() => null), past.map(() => -1)])
      assert.deepEqual(choosePhiPrior(silent, 30), choosePhiPrior(undefined, 30));
  });
});
