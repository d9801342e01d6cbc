import { fittedRatio, joinCounts } from '../../../src/judge/sequential/count-steps.ts';
import { countsEvidence, harmGrid } from '../../../src/judge/sequential/counts-evidence.ts';
import { gaugeEvidence } from '../../../src/judge/sequential/gauge-evidence.ts';
import { gaugePosterior } from '../../../src/judge/sequential/gauge-posterior.ts';
import { phiPrior } from '../../../src/judge/sequential/phi-prior.ts';
import { pearsonResiduals } from '../../../src/judge/sequential/tempering.ts';
import { phiGrid, whiten } from '../../../src/judge/sequential/whiten.ts';
import { winsorise } from '../../../src/judge/sequential/winsorise.ts';
import { assertClose, casesOf } from '../vectors.ts';

type Gauge = {
  d: (number | null)[];
  looks: number[];
  margin: number;
  history?: number[];
  phiExponent?: number;
};
type Counts = {
  xc: number[];
  nc: number[];
  xb: number[];
  nb: number[];
  r0: number;
  looks: number[];
  delta?: number[];
};

/** Planned steps of all cases. */
const planned = 30;

describe('the reference values of the sequential judge', () => {
  for (const one of casesOf('gaugeLogE2')) {
    it(`gauge evidence: ${one.id}`, () => {
      const { d, looks, margin, history, phiExponent } = one.input as Gauge;
      const prior = phiPrior(phiExponent ?? 1, history ?? []);
      looks.forEach((look, index) => {
        const values = winsorise(d.slice(0, look));
        const whites = phiGrid.map((phi) => whiten(values, phi));
        const { logE } = gaugeEvidence(whites, prior, planned, { boundary: margin, sign: 1 });
        assertClose(logE, (one.expected as { logE: number[] }).logE[index]!, one);
      });
    });
  }

  for (const one of casesOf('historyPhi')) {
    it(`prior from the past: ${one.id}`, () => {
      const { h, phiExponent } = one.input as { h: number[]; phiExponent: number };
      phiPrior(phiExponent, h).forEach((weight, index) => {
        assertClose(Math.exp(weight), (one.expected as { weights: number[] }).weights[index]!, one);
      });
    });
  }

  for (const one of casesOf('gaugePosterior')) {
    it(`gauge posterior: ${one.id}`, () => {
      const { d, M } = one.input as { d: (number | null)[]; M: number };
      const expected = one.expected as Record<'P_below_M' | 'q05' | 'q50' | 'q95', number>;
      const posterior = gaugePosterior(
        phiGrid.map((phi) => whiten(d, phi)),
        phiPrior(1),
      )!;
      assertClose(posterior.below(M), expected.P_below_M, one);
      assertClose(posterior.quantile(0.05), expected.q05, one);
      assertClose(posterior.quantile(0.5), expected.q50, one);
      assertClose(posterior.quantile(0.95), expected.q95, one);
    });
  }

  for (const one of casesOf('countsLogE2')) {
    it(`counts evidence: ${one.id}`, () => {
      const { xc, nc, xb, nb, r0, looks, delta } = one.input as Counts;
      looks.forEach((look, index) => {
        const cut = (values: number[]) => values.slice(0, look);
        const steps = joinCounts({ events: cut(xc), total: cut(nc) }, { events: cut(xb), total: cut(nb) });
        const residuals = pearsonResiduals(steps, fittedRatio(steps));
        const { logE } = countsEvidence(
          steps,
          residuals,
          planned,
          { boundary: Math.log(r0), sign: 1 },
          delta === undefined ? harmGrid : { harms: delta },
        );
        assertClose(logE, (one.expected as { logE: number[] }).logE[index]!, one);
      });
    });
  }
});
