import { setTimeout as pause } from 'node:timers/promises';
import { type GoReply, goRequest } from './go-client.ts';

/**
 * How Flagger calls a webhook and what it makes of the reply: a model of `callWebhook` with its retrying client, held
 * against what the real one did (test/vectors/flagger.json).
 */
export type Webhook = { readonly url: string; readonly timeoutMs?: number; readonly retries?: number };

export type Payload = {
  readonly name: string;
  readonly namespace: string;
  readonly phase: string;
  readonly checksum: string;
  readonly metadata?: Readonly<Record<string, string>>;
};

export type Called = {
  readonly pass: boolean;
  /** What its event says; empty after a pass. */
  readonly message: string;
  readonly attempts: number;
  /** `null` when there was none. */
  readonly status: number | null;
};

/** The pause between tries: Flagger's begins with a second, which tests do not wait for. */
const retryPauseMs = 20;

/** The client tries these again: too many requests, and every 5xx but 501. */
function isRetried(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501);
}

async function exchange(webhook: Webhook, body: string): Promise<GoReply | Error> {
  const headers = { 'Content-Type': 'application/json' };
  const options = { body, headers, timeoutMs: webhook.timeoutMs ?? 10_000 };
  try {
    const reply = await goRequest(webhook.url, options);
    const { location } = reply.headers;
    if (reply.status !== 302 || typeof location !== 'string') return reply;
    // Go follows it with a GET.
    return await goRequest(new URL(location, webhook.url).href, { ...options, method: 'GET' });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function assess(reply: GoReply, attempts: number): Called {
  const { status, text } = reply;
  // Compared as Flagger compares: what is above 202 has failed, a redirection that leads nowhere too.
  return status > 202
    ? { pass: false, message: text, attempts, status }
    : { pass: true, message: '', attempts, status };
}

/** Calls a webhook as Flagger does. Never rejects: what goes wrong is a failed call. */
export async function callWebhook(webhook: Webhook, payload: Payload): Promise<Called> {
  const most = 1 + (webhook.retries ?? 0);
  for (let attempts = 1; ; attempts += 1) {
    const reply = await exchange(webhook, JSON.stringify(payload));
    if (!(reply instanceof Error) && !isRetried(reply.status)) return assess(reply, attempts);
    if (attempts < most) {
      await pause(retryPauseMs);
      continue;
    }
    const cause = reply instanceof Error ? `: ${reply.message}` : '';
    const message = `POST ${webhook.url} giving up after ${attempts} attempt(s)${cause}`;
    return { pass: false, message, attempts, status: reply instanceof Error ? null : reply.status };
  }
}
