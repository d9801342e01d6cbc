import assert from 'node:assert/strict';
import { learnFrom } from '../../src/judge/learn.ts';
import { learnNoise } from '../../src/judge/sequential/noise-profile.ts';
import { flat, gauge, noisy, ratio } from './inputs.ts';

const [canary, baseline] = [noisy(1, 100, 0.1), noisy(2, 100, 0.1)];

describe('learnFrom(metric)', () => {
  it('gives the noise of the log ratios of a gauge', () => {
    const ratios = canary.map((value, step) => Math.log(value) - Math.log(baseline[step] ?? 0));
    const profile = learnFrom(gauge(canary, baseline));

    assert.equal(profile?.degrees, 29);
    const [found = 0, expected = 1] = [profile.squares[0], learnNoise(ratios)?.squares[0]];
    assert.ok(Math.abs(found - expected) < 1e-9 * expected);
  });

  it('does not take harm from the start on for noise, nor a gross outlier', () => {
    const [usual = 0] = learnFrom(gauge(canary, baseline))?.squares ?? [];
    const harmed = canary.map((value) => 3 * value);
    const odd = canary.map((value, step) => (step === 9 ? 1e6 * value : value));

    const [same = 0] = learnFrom(gauge(harmed, baseline))?.squares ?? [];
    const [drawnIn = 0] = learnFrom(gauge(odd, baseline))?.squares ?? [];

    assert.ok(Math.abs(same / usual - 1) < 1e-9, `${same} is not ${usual}`);
    assert.ok(drawnIn < 1.6 * usual, `${drawnIn} is far from ${usual}`);
  });

  it('counts the steps that both arms have', () => {
    const gaps = canary.map((value, step) => (step % 3 === 0 ? Number.NaN : value));

    assert.equal(learnFrom(gauge(gaps, baseline))?.degrees, 19);
    assert.equal(learnFrom(gauge(gaps.slice(0, 12), baseline.slice(0, 12))), null);
  });

  it('tells nothing of values at or below 0, of arms that never differed, and of other kinds', () => {
    const idle = canary.map((value, step) => (step === 4 ? 0 : value));
    const requests = flat(1000);

    assert.equal(learnFrom(gauge(idle, baseline)), null);
    assert.equal(learnFrom(gauge(canary, canary)), null);
    assert.equal(learnFrom(gauge([], [])), null);
    assert.equal(learnFrom(ratio([canary, requests], [baseline, requests])), null);
  });
});
