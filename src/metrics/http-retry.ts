import type { Deadline } from '../deadline.ts';
import type { Problem } from './http-problem.ts';

export type Attempt<T> = { readonly value: T } | { readonly problem: Problem };

export type RetryMeans = {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Waits; rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

const retries = 2;
const firstCap = 250;

/**
 * Attempts something up to three times. Between attempts it waits a random time below a doubling cap ("full
 * jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), but at least as long as the
 * backend asked. A wait that would outlast the deadline is not begun: the last problem is thrown instead.
 */
export async function withRetries<T>(
  attempt: () => Promise<Attempt<T>>,
  deadline: Deadline,
  { random, sleep }: RetryMeans,
): Promise<T> {
  for (let count = 0; ; count += 1) {
    const outcome = await attempt();
    if ('value' in outcome) return outcome.value;
    const { error, retry, retryAfter } = outcome.problem;
    const wait = Math.max(retryAfter, random() * firstCap * 2 ** count);
    if (!retry || count === retries || wait >= deadline.remaining()) throw error;
    await sleep(wait, deadline.signal);
  }
}
