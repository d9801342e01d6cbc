import { writeDuration, writeNumber } from '../words.ts';

/** More than so many times the data seen is not worth waiting for. */
const mostTimes = 1000;

/**
 * How many times the data seen a pass would need if they went on as they are.
 *
 * @param isEnough whether so many times the data would be enough; once true it stays true
 * @returns at least 1; `null` when not even a thousand times would do: the difference itself is in the way
 */
export function timesNeeded(isEnough: (times: number) => boolean): number | null {
  if (!isEnough(mostTimes)) return null;
  let [low, high] = [1, mostTimes];
  for (let round = 0; round < 40; round++) {
    const middle = Math.sqrt(low * high);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** An upper limit after so many times the data: the distance from the middle shrinks with the square root. */
export function limitAfter(times: number, middle: number, limit: number): number {
  return middle + (limit - middle) / Math.sqrt(times);
}

/**
 * Says how much more is needed: `about 12 more minutes (3 600 more canary requests)`.
 *
 * @param times of `timesNeeded`
 * @param requests seen in the canary; `null` where there are none to count
 */
export function writeShortfall(
  times: number | null,
  steps: number,
  stepSeconds: number,
  requests: number | null,
): string | null {
  if (times === null || times <= 1 || steps === 0) return null;
  const time = `about ${writeDuration(Math.ceil(steps * (times - 1)) * stepSeconds, 'more')}`;
  const count = requests === null ? 0 : Math.ceil(requests * (times - 1));
  return count > 0 ? `${time} (${writeNumber(count)} more canary requests)` : time;
}
