import { logSumExp } from '../statistics/log-sum-exp.ts';
import type { Direction } from '../types.ts';

type Evidence = { readonly logE: number; readonly logPass: number };

/**
 * The evidence of the side that is harm, or for `either` the mean of both: the mean of two e-values is one. A pass
 * needs both sides, so the weaker of the two counts there.
 */
export function meanOfSides(direction: Direction, weigh: (sign: 1 | -1) => Evidence): Evidence {
  if (direction !== 'either') return weigh(direction === 'increase' ? 1 : -1);
  const [up, down] = [weigh(1), weigh(-1)];
  return { logE: logSumExp([up.logE, down.logE]) - Math.LN2, logPass: Math.min(up.logPass, down.logPass) };
}
