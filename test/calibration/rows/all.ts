import { errorRows } from './errors.ts';
import { latencyRows } from './latency.ts';
import { otherRows } from './others.ts';
import type { Row } from './row.ts';

/** Every row of the report, in its order. */
export const allRows: readonly Row[] = [...latencyRows, ...errorRows, ...otherRows];

/** The row of that id; `undefined` when there is none. */
export function rowOf(id: string): Row | undefined {
  return allRows.find((row) => row.id === id);
}
