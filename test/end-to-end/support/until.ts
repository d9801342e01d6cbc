import { setTimeout as pause } from 'node:timers/promises';

type Answer<T> = T | null | false;

/**
 * Asks until the answer is neither null nor false, and gives that answer. A question that rejects counts as not yet.
 * Rejects after `withinMs`, naming `what` and the last error.
 */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<Answer<T>> | Answer<T>,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown = null;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline)
      throw new Error(
        `waited ${withinMs / 1000} s in vain: ${what}${last === null ? '' : ` (${String(last)})`}`,
      );
    await pause(100);
  }
}
