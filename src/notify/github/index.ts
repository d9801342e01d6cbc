import type { GateMessage } from '../../gate/messages.ts';
import type { Channel, Delivery } from '../channel.ts';
import type { GithubConfig } from '../config.ts';
import type { OutboxMessage } from '../outbox-store.ts';
import { createGithubApi, type GithubApi, type Permissions } from './api.ts';
import { readFailure, retryOf } from './failure.ts';
import { redeliver } from './redelivery.ts';
import { sendReview, type Target } from './review.ts';
import { sendVerdict } from './verdict.ts';

export type GithubDeps = {
  readonly now: () => number;
  /** Where people reach Serin; `null`: comments have no link. */
  readonly publicUrl: string | null;
  /** Whether nobody has asked for that attempt to be delivered again. */
  readonly claimAttempt: (attemptId: string) => Promise<boolean>;
};

const sweepEvery = 300_000;
const sweepMs = 20_000;

function permissionsFor({ kind, report }: GateMessage): Permissions {
  if (kind !== 'report') return { actions: 'read', deployments: 'write' };
  return report === 'status' ? { statuses: 'write' } : { checks: 'write' };
}

async function send(
  api: GithubApi,
  message: OutboxMessage,
  signal: AbortSignal,
  { now, publicUrl }: GithubDeps,
): Promise<Delivery> {
  const payload = message.payload as GateMessage;
  const target = payload.data as Target;
  try {
    const call = await api.at(target, permissionsFor(payload), signal);
    const deliver = payload.kind === 'report' ? sendVerdict : sendReview;
    return await deliver(call, target, message, publicUrl, now);
  } catch (error) {
    return retryOf(error, now());
  }
}

/** Answers gates through a GitHub App, and has deliveries that were missed delivered again. */
export function createGithubChannel(config: GithubConfig, deps: GithubDeps): Channel {
  const api = createGithubApi(config, deps.now);
  let sweptAt = Number.NEGATIVE_INFINITY;
  return {
    send: (message, signal) => send(api, message, signal, deps),
    sweep: async () => {
      if (deps.now() - sweptAt < sweepEvery) return;
      sweptAt = deps.now();
      try {
        await redeliver(await api.asApp(AbortSignal.timeout(sweepMs)), deps.claimAttempt, deps.now());
      } catch (error) {
        const status = readFailure(error)?.status;
        throw new Error(`GitHub's deliveries could not be looked through: ${status ?? 'no answer'}`, {
          cause: error,
        });
      }
    },
  };
}
