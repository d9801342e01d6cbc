import { logSumExp } from '../statistics/log-sum-exp.ts';
import type { Direction } from '../types.ts';

type Evidence = { readonly logE: number; readonly onset: number; readonly logPass: number };

/** The sides that are harm: +1 a rise, −1 a fall. */
export function sidesOf(direction: Direction): readonly (1 | -1)[] {
  if (direction === 'either') return [1, -1];
  return direction === 'increase' ? [1] : [-1];
}

/**
 * The evidence of the side that is harm, or for `either` the mean of both: the mean of two e-values is one. A pass
 * needs both sides, so the weaker of the two counts there.
 */
export function meanOfSides(direction: Direction, weigh: (sign: 1 | -1) => Evidence): Evidence {
  if (direction !== 'either') return weigh(direction === 'increase' ? 1 : -1);
  const [up, down] = [weigh(1), weigh(-1)];
  return {
    logE: logSumExp([up.logE, down.logE]) - Math.LN2,
    onset: up.logE >= down.logE ? up.onset : down.onset,
    logPass: Math.min(up.logPass, down.logPass),
  };
}

/** What is made for each side once, when it is first asked for. */
export function bySign<T>(make: (sign: 1 | -1) => T): (sign: 1 | -1) => T {
  const made = new Map<1 | -1, T>();
  return (sign) => {
    const known = made.get(sign) ?? make(sign);
    made.set(sign, known);
    return known;
  };
}
