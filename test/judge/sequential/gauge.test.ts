import assert from 'node:assert/strict';
import { judge } from '../../../src/judge/judge.ts';
import { meanOfPods } from '../../../src/judge/pods.ts';
import type { MetricInput } from '../../../src/judge/types.ts';
import { gauge, input, noisy } from '../inputs.ts';

const look = (metric: MetricInput) => judge(input([metric]));

describe('a gauge’s finding', () => {
  it('has an interval for all looks that is wider than that of this look, and not by far', () => {
    const [finding] = look(gauge(noisy(1, 104, 0.05), noisy(2, 100, 0.05))).findings;
    const [low = Number.NaN, high = Number.NaN] = finding?.interval ?? [];
    const [lowest, highest] = finding?.anytimeInterval ?? [];
    assert.ok(lowest! < low && highest! > high, `${lowest} ${low} ${high} ${highest}`);
    assert.ok(highest! - lowest! < 3 * (high - low), `${lowest} ${low} ${high} ${highest}`);
  });

  it('passes only where both sides are excluded, when either is harm', () => {
    const of = (direction: 'increase' | 'decrease' | 'either') =>
      look(gauge(noisy(1, 90, 0.05), noisy(2, 100, 0.05), { direction, margin: 0.1 })).verdict;
    assert.deepEqual(
      [of('increase'), of('decrease'), of('either')],
      ['pass', 'inconclusive', 'inconclusive'],
    );
  });

  it('says since when a fall is there, when either way is harm', () => {
    const fallen = noisy(1, 100, 0.03).map((value, step) => (step < 20 ? value : 0.6 * value));
    const { reason } = look(gauge(fallen, noisy(2, 100, 0.03), { direction: 'either' }));
    assert.match(reason, /a fall of more than the 2 % allowed since step 2[012]$/);
  });

  it('takes a lasting difference of two pods into its margin', () => {
    const arm = (...levels: number[]) => {
      const pods = levels.map((level, pod) => noisy(40 + pod + level, level, 0.03));
      return { values: meanOfPods(pods), pods };
    };
    const apart = { ...gauge([], []), canary: arm(100, 118), baseline: arm(100, 103) };
    const { verdict, findings } = look(apart);
    assert.ok((findings[0]?.noise?.podOffset ?? 0) > 0.02);
    assert.notEqual(verdict, 'fail');
    const alike = { ...gauge([], []), canary: arm(109, 108), baseline: arm(101, 102) };
    assert.equal(look(alike).verdict, 'fail');
  });

  it('can detect less the more metrics there are beside it', () => {
    const metrics = Array.from({ length: 8 }, (_, index) =>
      gauge(noisy(index, 100, 0.05), noisy(50 + index, 100, 0.05), { name: `m${index}` }),
    );
    const least = (some: readonly MetricInput[]) =>
      judge(input(some)).findings[0]?.minimumDetectableEffect ?? Number.NaN;
    assert.ok(least(metrics) > least(metrics.slice(0, 1)));
  });

  it('comes first among the reasons when it is critical, else by its evidence', () => {
    const slow = gauge(noisy(1, 150, 0.05), noisy(2, 100, 0.05));
    const slowest = gauge(noisy(3, 300, 0.05), noisy(4, 100, 0.05), { name: 'cpu' });
    assert.match(judge(input([slow, slowest])).reason, /^cpu.*latency/);
    assert.match(judge(input([{ ...slow, critical: true }, slowest])).reason, /^latency.*cpu/);
  });
});
