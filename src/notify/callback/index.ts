import { z } from 'zod';
import { signStandard } from '../../auth/webhook.ts';
import { hasCode } from '../../errors.ts';
import type { CallbackConfig } from '../callback-config.ts';
import { createReach } from '../callback-reach.ts';
import type { Channel, Delivery } from '../channel.ts';
import type { OutboxMessage } from '../outbox-store.ts';
import { OutOfReach, post, type Reply } from './post.ts';

export type CallbackDeps = {
  /** Read at each message, for the configuration may be read anew. */
  readonly config: () => CallbackConfig;
  readonly now: () => number;
  /** Where people reach Serin; `null`: pages are named by their path. */
  readonly publicUrl: string | null;
};

const payload = z.object({
  data: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }),
  analysis: z.looseObject({
    id: z.string(),
    service: z.string(),
    environment: z.string(),
    target: z.string().nullable(),
    version: z.string().nullable(),
    changeId: z.string(),
    dryRun: z.boolean(),
    verdict: z.string(),
    judgedVerdict: z.string(),
    score: z.number(),
    reason: z.string(),
    findings: z.array(z.unknown()),
  }),
});

type Payload = z.output<typeof payload>;

/** What the receiver reads. A dry run passes whatever the judge says, as everywhere. */
function writeBody({ analysis }: Payload, publicUrl: string | null): string {
  const { id, service, environment, target, version, changeId, dryRun } = analysis;
  const { judgedVerdict, score, reason, findings } = analysis;
  const page = `/analyses/${id}`;
  const { verdict } = dryRun ? { verdict: 'pass' } : analysis;
  return JSON.stringify({
    type: 'analysis.concluded',
    ...{ verdict, judgedVerdict, dryRun, score, reason },
    ...{ analysisId: id, changeId, service, environment, target, version },
    reportUrl: publicUrl === null ? page : `${publicUrl}${page}`,
    findings,
  });
}

/** Seconds, or a date, from now in milliseconds; `undefined` where neither is told. */
function readRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const at = /^\d+$/.test(text) ? now + Number(text) * 1000 : Date.parse(text);
  return Number.isFinite(at) ? Math.max(0, at - now) : undefined;
}

const worthRepeating = new Set([408, 425, 429]);

function judgeReply({ status, retryAfter }: Reply, now: number): Delivery {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const reason = `the receiver answered ${status}`;
  const lasting = status < 500 && !worthRepeating.has(status);
  if (lasting) return { outcome: 'refused', reason };
  return { outcome: 'retry', reason, retryAfter: readRetryAfter(retryAfter, now) };
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

async function send(message: OutboxMessage, signal: AbortSignal, deps: CallbackDeps): Promise<Delivery> {
  const { allow, secrets } = deps.config();
  const [secret] = secrets;
  if (secret === undefined) return { outcome: 'refused', reason: 'callbacks.secrets is empty' };
  const told = payload.parse(message.payload);
  const reach = createReach(allow);
  const url = reach.allow(told.data.url);
  const body = writeBody(told, deps.publicUrl);
  const headers = {
    ...told.data.headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body, 'utf8')),
    'user-agent': 'Serin',
    ...signStandard(secret, { id: message.id, at: deps.now(), body }),
  };
  return judgeReply(await post({ url, headers, body, signal }, reach), deps.now());
}

/**
 * Sends the verdict of an analysis to the address that its caller gave, once and signed by the rules of Standard
 * Webhooks (https://www.standardwebhooks.com). A repetition has the same `webhook-id`. Each time the address is held
 * against what is allowed now; what is refused for good is not tried again.
 */
export function createCallbackChannel(deps: CallbackDeps): Channel {
  return {
    send: async (message, signal) => {
      try {
        return await send(message, signal, deps);
      } catch (error) {
        if (hasCode(error, 'forbidden') || error instanceof OutOfReach)
          return { outcome: 'refused', reason: error.message };
        if (error instanceof z.ZodError)
          return { outcome: 'refused', reason: 'the message is not one of a callback' };
        return { outcome: 'retry', reason: `the receiver cannot be reached: ${causeOf(error)}` };
      }
    },
  };
}
