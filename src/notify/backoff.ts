const firstDelay = 1_000;
const longestDelay = 300_000;

/**
 * How long to wait after `attempts` attempts that failed, milliseconds: 1 s, 2 s, 4 s … at most 5 min, of which a
 * random half is taken off so that messages that failed together do not come back together. Never sooner than the
 * receiver asked for (`retryAfter`). `random` gives numbers in [0, 1).
 */
export function backoff(attempts: number, random: () => number, retryAfter = 0): number {
  const whole = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempts - 1, 30));
  return Math.round(Math.max(retryAfter, whole * (1 - random() / 2)));
}
