import { mean, median, quantile } from 'simple-statistics';
import { present } from '../clean.ts';
import type { ArmSummary, Samples } from '../types.ts';

/** Counts and averages of one arm's values. */
export function summarise(values: Samples): ArmSummary {
  const known = present(values);
  const empty = known.length === 0;
  return {
    count: known.length,
    missing: values.length - known.length,
    mean: empty ? null : finite(mean(known)),
    median: empty ? null : finite(median(known)),
    p95: empty ? null : finite(quantile(known, 0.95)),
    events: null,
    total: null,
  };
}

/** The same of rates, with the sums of events and totals; the mean is that of all events together. */
export function summariseCounts(events: readonly number[], totals: Samples): ArmSummary {
  const rates = totals.map((total, step) =>
    total !== null && total > 0 ? (events[step] ?? 0) / total : null,
  );
  const all = present(totals).reduce((sum, total) => sum + total, 0);
  const found = totals.reduce<number>(
    (sum, total, step) => (total !== null && total > 0 ? sum + (events[step] ?? 0) : sum),
    0,
  );
  return {
    ...summarise(rates),
    mean: all > 0 ? finite(found / all) : null,
    events: finite(found),
    total: finite(all),
  };
}

/** Sums of huge numbers may overflow; a figure that is none is not shown. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
