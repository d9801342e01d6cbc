import assert from 'node:assert/strict';
import { ascending } from '../../src/judge/statistics/rank-order.ts';
import { assertClose, casesOf, type VectorCase } from '../judge/vectors.ts';
import { asymptoticRadius } from './asymptotic-radius.ts';
import { benjaminiHochberg } from './benjamini-hochberg.ts';
import { betaMixture } from './beta-mixture.ts';
import { betaMixtureOneSided } from './beta-mixture-one-sided.ts';
import { binomialTest } from './binomial-test.ts';
import { eBenjaminiHochberg } from './e-benjamini-hochberg.ts';
import { type FourfoldRow, fisherExact } from './fisher-exact.ts';
import { holm } from './holm.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { normalMixtureOneSided } from './normal-mixture-one-sided.ts';
import { normalMixtureTwoSided } from './normal-mixture-two-sided.ts';
import { twoProportionZ } from './two-proportion-z.ts';
import { welchT } from './welch-t.ts';
import { wholeGaugeEvidence } from './whole-gauge-evidence.ts';

type Answer = Readonly<Record<string, number | null | readonly number[]>>;

/** Fails unless each value that the case expects is there and as close as it demands. */
function assertAnswer(actual: Answer, one: VectorCase): void {
  const names = Object.keys(one.expected);
  assert.ok(names.length > 0, one.id);
  for (const name of names) {
    const [found, expected] = [[actual[name]].flat(), [one.expected[name]].flat()];
    assert.equal(found.length, expected.length, `${one.id}: ${name}`);
    expected.forEach((value, index) => {
      const number = found[index];
      assert.ok(typeof number === 'number' && typeof value === 'number', `${one.id}: no ${name}`);
      assertClose(number, value, one);
    });
  }
}

type Table = { table: readonly [FourfoldRow, FourfoldRow]; alternative: 'greater' | 'two-sided' };
type Mixture = { xCanary: number; total: number; theta0: number; k: number };
type Boundary = { v: number; alpha: number; vOpt: number };
type Samples = { x: number[]; y: number[]; confidence?: number };

const eventsOf = ({ xCanary, total, theta0 }: Mixture) => ({ canary: xCanary, total, share: theta0 });

describe('the reference methods against scipy and statsmodels', () => {
  for (const one of casesOf('fisherExact')) {
    it(`Fisher’s exact test: ${one.id}`, () => {
      const { table, alternative } = one.input as Table;
      assertAnswer(fisherExact(table[0], table[1], alternative), one);
    });
  }

  for (const one of casesOf('binomialTest')) {
    it(`binomial test: ${one.id}`, () => {
      const { x, n, p0, alternative } = one.input as {
        x: number;
        n: number;
        p0: number;
        alternative: string;
      };
      assert.equal(alternative, 'greater');
      assertAnswer(binomialTest(x, n, p0), one);
    });
  }

  for (const one of casesOf('twoProportionZ')) {
    it(`two proportions: ${one.id}`, () => {
      const { x1, n1, x2, n2 } = one.input as Record<'x1' | 'n1' | 'x2' | 'n2', number>;
      assertAnswer({ ...twoProportionZ({ events: x1, total: n1 }, { events: x2, total: n2 }) }, one);
    });
  }

  for (const one of casesOf('welchT')) {
    it(`Welch’s t-test: ${one.id}`, () => {
      const { x, y, confidence } = one.input as Samples;
      const answer = welchT(x, y, confidence);
      if ('error' in one.expected) return assert.equal(answer, null);
      assertAnswer({ ...answer }, one);
    });
  }

  for (const one of casesOf('ks2')) {
    it(`Kolmogorov–Smirnov: ${one.id}`, () => {
      const { x, y } = one.input as Samples;
      assertAnswer({ ...kolmogorovSmirnov(ascending(x), ascending(y)) }, one);
    });
  }
});

describe('the reference methods for several hypotheses', () => {
  for (const one of casesOf('holm')) {
    it(`Holm: ${one.id}`, () => assertAnswer({ adjusted: holm((one.input as { p: number[] }).p) }, one));
  }

  for (const one of casesOf('benjaminiHochberg')) {
    it(`Benjamini–Hochberg: ${one.id}`, () =>
      assertAnswer({ adjusted: benjaminiHochberg((one.input as { p: number[] }).p) }, one));
  }

  for (const one of casesOf('eBH')) {
    it(`Benjamini–Hochberg for evidence: ${one.id}`, () => {
      const { e, alpha } = one.input as { e: number[]; alpha: number };
      assertAnswer({ rejected: eBenjaminiHochberg(e, alpha) }, one);
    });
  }
});

describe('the reference methods for many looks', () => {
  for (const one of casesOf('betaMixtureLogE')) {
    it(`beta mixture: ${one.id}`, () => {
      const input = one.input as Mixture;
      assertAnswer(betaMixture(eventsOf(input), input.k), one);
    });
  }

  for (const one of casesOf('betaMixtureOneSidedLogE')) {
    it(`one-sided beta mixture: ${one.id}`, () => {
      const input = one.input as Mixture;
      assertAnswer({ logE: betaMixtureOneSided(eventsOf(input), input.k) }, one);
    });
  }

  for (const one of casesOf('normalMixtureTwoSided')) {
    it(`two-sided normal mixture: ${one.id}`, () => {
      const { v, alpha, vOpt } = one.input as Boundary;
      assertAnswer(normalMixtureTwoSided(v, alpha, vOpt), one);
    });
  }

  for (const one of casesOf('normalMixtureOneSided')) {
    it(`one-sided normal mixture: ${one.id}`, () => {
      const { v, alpha, vOpt } = one.input as Boundary;
      assertAnswer(normalMixtureOneSided(v, alpha, vOpt), one);
    });
  }

  for (const one of casesOf('asymptoticCSRadius')) {
    it(`asymptotic confidence sequence: ${one.id}`, () => {
      const { n, sigma, alpha, rho } = one.input as Record<'n' | 'sigma' | 'alpha' | 'rho', number>;
      assertAnswer({ radius: asymptoticRadius(n, sigma, alpha, rho) }, one);
    });
  }

  for (const one of casesOf('gaugeLogE')) {
    it(`gauge evidence of the whole series: ${one.id}`, () => {
      const { d, looks, margin, onset } = one.input as {
        d: (number | null)[];
        looks: number[];
        margin: number;
        onset: boolean;
      };
      assert.equal(onset, false);
      assertAnswer({ logE: looks.map((look) => wholeGaugeEvidence(d.slice(0, look), margin)) }, one);
    });
  }
});
