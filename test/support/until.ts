import { setTimeout as pause } from 'node:timers/promises';

type Answer<T> = T | null | false;

/** Says that what is waited for cannot come any more. */
export class Hopeless extends Error {}

async function askOnce<T>(ask: () => Promise<Answer<T>> | Answer<T>): Promise<Answer<T> | Error> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Hopeless) throw error;
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Asks until the answer is neither null nor false, and gives that answer. A question that rejects counts as not yet,
 * but for `Hopeless`, which ends the waiting. Rejects after `withinMs`, naming `what` and the last error.
 */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<Answer<T>> | Answer<T>,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await askOnce(ask);
    if (answer !== null && answer !== false && !(answer instanceof Error)) return answer;
    const cause = answer instanceof Error ? ` (${answer.message})` : '';
    if (Date.now() >= deadline) throw new Error(`waited ${withinMs / 1000} s in vain: ${what}${cause}`);
    await pause(100);
  }
}
