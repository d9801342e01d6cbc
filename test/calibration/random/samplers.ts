type Fraction = () => number;
type Gamma = (shape: number) => number;
type Beta = (left: number, right: number) => number;
type Binomial = (trials: number, chance: number) => number;

/** Below this mean or number of trials, counting one by one is quickest. */
const few = 16;

/** Standard normal numbers (Marsaglia & Bray 1964, SIAM Rev. 6:260: the polar method). */
export function normal(fraction: Fraction): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const [x, y] = [2 * fraction() - 1, 2 * fraction() - 1];
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spare = scale * y;
      return scale * x;
    }
  };
}

/** Gamma numbers of scale 1 for any shape > 0 (Marsaglia & Tsang 2000, ACM TOMS 26:363). */
export function gamma(fraction: Fraction, normals: () => number): Gamma {
  const atLeastOne = (shape: number): number => {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normals();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      if (Math.log(fraction()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  return (shape) =>
    shape >= 1 ? atLeastOne(shape) : atLeastOne(shape + 1) * Math.exp(Math.log(fraction()) / shape);
}

/** Beta numbers for any two shapes > 0, by two gammas. */
export function beta(gammas: Gamma): Beta {
  return (left, right) => {
    const x = gammas(left);
    return x / (x + gammas(right));
  };
}

/**
 * Binomial numbers: trials are halved by drawing the middle one of their order statistics until few are left, which are
 * tried one by one (Devroye 1986, Non-Uniform Random Variate Generation, X.4.3). Exact.
 *
 * @param chance in [0, 1]
 */
export function binomial(fraction: Fraction, betas: Beta): Binomial {
  return (trials, chance) => {
    let [left, p, successes] = [trials, chance, 0];
    while (left >= few && p > 0 && p < 1) {
      const middle = 1 + Math.floor(left / 2);
      const at = betas(middle, left + 1 - middle);
      if (at <= p) {
        successes += middle;
        left -= middle;
        p = (p - at) / (1 - at);
      } else {
        left = middle - 1;
        p /= at;
      }
    }
    for (let trial = 0; trial < left; trial++) if (fraction() < p) successes += 1;
    return successes;
  };
}

/**
 * Poisson numbers: the waiting time of ⅞ of the events expected is a gamma number and tells how many are left, until few
 * are expected (Ahrens & Dieter 1974, Computing 12:223). Exact.
 *
 * @param mean ≥ 0
 */
export function poisson(fraction: Fraction, gammas: Gamma, binomials: Binomial): (mean: number) => number {
  return (mean) => {
    let [rest, events] = [mean, 0];
    while (rest >= few) {
      const some = Math.floor((7 * rest) / 8);
      const waited = gammas(some);
      if (waited > rest) return events + binomials(some - 1, rest / waited);
      events += some;
      rest -= waited;
    }
    const end = Math.exp(-rest);
    for (let product = fraction(); product > end; product *= fraction()) events += 1;
    return events;
  };
}
