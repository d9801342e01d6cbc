import type { Delivery } from '../channel.ts';

type Failed = {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
};

/** What GitHub answered instead; `null` when it did not answer at all. */
export function readFailure(error: unknown): Failed | null {
  if (!(error instanceof Error) || !('status' in error) || !('response' in error)) return null;
  const { status, response } = error as { status: unknown; response?: { headers?: Failed['headers'] } };
  if (typeof status !== 'number' || response === undefined) return null;
  const [message = ''] = error.message.split(' - http');
  return { status, message: message.slice(0, 200), headers: response.headers ?? {} };
}

/** When the caller may come again, milliseconds from now; `undefined` when GitHub does not say. */
function waitOf({ headers, status }: Failed, now: number): number | undefined {
  const after = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(after)) return after * 1000;
  const isSpent = headers['x-ratelimit-remaining'] === '0' && (status === 403 || status === 429);
  const reset = Number(headers['x-ratelimit-reset']);
  return isSpent && Number.isFinite(reset) ? Math.max(0, reset * 1000 - now) : undefined;
}

/** A failed call as something to try again: permissions may be granted and outages end while there is time. */
export function retryOf(error: unknown, now: number): Delivery & { readonly outcome: 'retry' } {
  const failed = readFailure(error);
  if (failed === null)
    return {
      outcome: 'retry',
      reason: `GitHub could not be reached: ${error instanceof Error ? error.message.slice(0, 200) : 'no answer'}`,
    };
  const retryAfter = waitOf(failed, now);
  const reason = `GitHub answered ${failed.status}: ${failed.message}`;
  return { outcome: 'retry', reason, retryAfter };
}
