import { judge } from '../../../src/judge/judge.ts';
import { usualLooks } from '../rows/row.ts';
import { watchErrors } from '../rows/watch.ts';
import { assemble } from '../run.ts';

const flat = (value: number): number[] => new Array<number>(usualLooks.to).fill(value);

/** Whether half an hour without errors, of so many requests a minute in both arms, passes under that bound. */
function passes(requests: number, absolute: number): boolean {
  const arm = { events: flat(0), total: flat(requests) };
  const { metric, plain } = watchErrors({ canary: arm, baseline: arm }, 0);
  const bounded = { metric: { ...metric, acceptable: { absolute } }, plain };
  return judge(assemble([bounded], usualLooks).input).verdict === 'pass';
}

/**
 * The smallest `acceptable.absolute` under which half an hour without errors passes, by asking the judge.
 *
 * @param requests a minute in each arm, ≥ 1
 * @returns a difference of fractions; 1 when not even that is enough
 */
export function acceptableNeeded(requests: number): number {
  let [low, high] = [0, 1];
  for (let round = 0; round < 30; round++) {
    const middle = (low + high) / 2;
    if (passes(requests, middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Says what services without errors need to pass. */
export function writeErrorFree(): string {
  const needed = [1000, 100, 10].map(
    (requests) =>
      `${(100 * acceptableNeeded(requests)).toPrecision(3)} points at ${requests} requests a minute`,
  );
  return `A service without a single error passes by the absolute bound alone. The smallest \`acceptable\` that it passes in ${usualLooks.to} minutes: ${needed.join(', ')}. The default is 0.1 points.`;
}
