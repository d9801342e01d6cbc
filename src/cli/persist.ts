import type { Unavailable } from './client.ts';
import type { Io } from './io.ts';

/** Milliseconds; nothing asks more often. */
export const shortestPause = 1_000;
const longestPause = 30_000;

/** One second, then twice as long each time, up to half a minute; what the server asks for counts when it is longer. */
function pauseAfter(failures: number, retryAfter: number | null): number {
  const backoff = Math.min(longestPause, shortestPause * 2 ** (failures - 1));
  return Math.min(longestPause, Math.max(backoff, retryAfter ?? 0));
}

/**
 * Calls until something other than an outage is answered, or `deadline` passes; the last outage is then the answer.
 * `call` is given the milliseconds left, `tell` each outage with the time since which it lasts.
 */
export async function persist<Answer extends { readonly kind: string }>(
  call: (remaining: number) => Promise<Answer | Unavailable>,
  deadline: number,
  io: Pick<Io, 'now' | 'sleep'>,
  tell: (reason: string, since: number) => void,
): Promise<Answer | Unavailable> {
  let since: number | null = null;
  for (let failures = 1; ; failures += 1) {
    const answer = await call(Math.max(shortestPause, deadline - io.now()));
    if (answer.kind !== 'unavailable' || !('retryAfter' in answer)) return answer;
    since ??= io.now();
    tell(answer.reason, since);
    const remaining = deadline - io.now();
    if (remaining <= 0) return answer;
    await io.sleep(Math.min(remaining, pauseAfter(failures, answer.retryAfter)));
  }
}
