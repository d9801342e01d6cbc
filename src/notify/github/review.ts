import type { GateMessage } from '../../gate/messages.ts';
import type { Delivery } from '../channel.ts';
import type { OutboxMessage } from '../outbox-store.ts';
import type { Call, Place } from './api.ts';
import { markOf, writeComment } from './comment.ts';
import { readFailure, retryOf } from './failure.ts';

/** What the request of the gate was told of; see `GithubReceiver` where it is made. */
export type Target = Place & {
  readonly runId: number;
  readonly environment: string;
  readonly sha: string | null;
};

/** GitHub may ask before it takes an answer, and then says that there is nothing to answer. */
const raceLasts = 120_000;

const route = 'POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule';

function parametersOf({ owner, repository, runId }: Target): Readonly<Record<string, unknown>> {
  return { owner, repo: repository, run_id: runId };
}

/** Whether the answer is there already: sent before, by a process that did not live to note it. */
async function isAnswered(call: Call, target: Target, gateId: string): Promise<boolean> {
  const { data } = await call(
    'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
    parametersOf(target),
  );
  if (!Array.isArray(data)) return false;
  return data.some((one: unknown) => {
    const comment = typeof one === 'object' && one !== null && 'comment' in one ? one.comment : null;
    return typeof comment === 'string' && comment.includes(markOf(gateId));
  });
}

/** Nothing waits there: not yet, any more, or because it was answered. The list of answers tells which. */
async function explain(
  call: Call,
  target: Target,
  message: OutboxMessage,
  gateId: string,
  error: unknown,
  now: number,
): Promise<Delivery> {
  const retry = retryOf(error, now);
  try {
    if (await isAnswered(call, target, gateId)) return { outcome: 'delivered' };
  } catch (failure) {
    return retryOf(failure, now);
  }
  return now - message.createdAt < raceLasts
    ? retry
    : { outcome: 'refused', reason: `${retry.reason}; the run waits for this environment no more` };
}

/** Says how far a gate is, or answers it. To be repeated safely: GitHub takes one answer, and tells which it has. */
export async function sendReview(
  call: Call,
  target: Target,
  message: OutboxMessage,
  publicUrl: string | null,
  now: () => number,
): Promise<Delivery> {
  const payload = message.payload as GateMessage;
  const state = payload.answer.allowed ? 'approved' : 'rejected';
  try {
    await call(route, {
      ...parametersOf(target),
      environment_name: target.environment,
      comment: writeComment(payload, publicUrl),
      ...(payload.kind === 'final' ? { state } : {}),
    });
    return { outcome: 'delivered' };
  } catch (error) {
    const status = readFailure(error)?.status;
    const isNothingThere = status === 404 || status === 422;
    if (!isNothingThere || payload.kind !== 'final') return retryOf(error, now());
    return explain(call, target, message, payload.gateId, error, now());
  }
}
