import { wilson } from '../judge/statistics/wilson.ts';
import { z95 } from './newcombe.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import type { Tally } from './tally.ts';

export const counts = ['failed', 'escaped'] as const;
/** Which failures make the headline. */
export type Count = (typeof counts)[number];

/** What a range of time comes to; the definitions are in `definition.ts`. */
export type Rates = {
  readonly changes: number;
  readonly failed: number;
  readonly escaped: number;
  readonly caughtInCanary: number;
  readonly failedToDeploy: number;
  /** `null`, as is the interval, without any change. */
  readonly rate: number | null;
  /** Wilson 95 %. */
  readonly interval: readonly [number, number] | null;
  readonly enough: boolean;
  /** `null` for a range without length. */
  readonly deploymentsPerDay: number | null;
  readonly leadTimeSeconds: Percentiles;
  readonly recoverySeconds: Percentiles;
  readonly reworkRate: number | null;
};

export type RatesOptions = {
  readonly count: Count;
  /** How many changes are enough to go by. */
  readonly minimum: number;
};

const dayMs = 86_400_000;

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** The failures in the headline of what was counted. */
export function headlineOf({ escaped, failed }: Pick<Rates, 'escaped' | 'failed'>, count: Count): number {
  return count === 'escaped' ? escaped : failed;
}

/** What was counted over `lengthMs` of time comes to. */
export function ratesOf(tally: Tally, lengthMs: number, { count, minimum }: RatesOptions): Rates {
  const { changes, escaped, caughtInCanary, failedToDeploy, settled, rework } = tally;
  const failed = escaped + caughtInCanary;
  const headline = headlineOf({ escaped, failed }, count);
  return {
    ...{ changes, failed, escaped, caughtInCanary, failedToDeploy },
    rate: shareOf(headline, changes),
    interval: wilson(headline, changes, z95),
    enough: changes >= minimum,
    deploymentsPerDay: lengthMs > 0 ? changes / (lengthMs / dayMs) : null,
    leadTimeSeconds: percentilesOf(tally.leads),
    recoverySeconds: percentilesOf(tally.recoveries),
    reworkRate: shareOf(rework, settled),
  };
}
