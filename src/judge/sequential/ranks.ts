import { cliffsDelta } from '../statistics/cliffs-delta.ts';
import { hodgesLehmann } from '../statistics/hodges-lehmann.ts';
import { mannWhitney } from '../statistics/mann-whitney.ts';
import { ascending } from '../statistics/rank-order.ts';
import type { Finding } from '../types.ts';
import type { Assessment } from './assessment.ts';

/**
 * How the canary's values lie among the baseline's, whatever their order in time: Cliff's delta, the Hodges–Lehmann
 * shift in the metric's units, and the two-sided Mann–Whitney p-value of this one look. They describe; no verdict
 * rests on them, for they take steps for independent and looks for single. All `null` when an arm has no value.
 */
export function describeRanks({
  canary,
  baseline,
}: Assessment['values']): Pick<Finding, 'cliffsDelta' | 'shift' | 'mannWhitneyP'> {
  const [x, y] = [ascending(canary), ascending(baseline)];
  return {
    cliffsDelta: cliffsDelta(x, y),
    shift: hodgesLehmann(x, y),
    mannWhitneyP: mannWhitney(x, y)?.pValue ?? null,
  };
}
