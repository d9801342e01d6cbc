import type { GateMessage } from '../../gate/messages.ts';
import type { Delivery } from '../channel.ts';
import type { OutboxMessage } from '../outbox-store.ts';
import type { Call } from './api.ts';
import { writeComment } from './comment.ts';
import { readFailure, retryOf } from './failure.ts';
import { shorten } from './markdown.ts';
import type { Target } from './review.ts';

/** GitHub refuses longer ones. */
const mostOfDescription = 140;

function nameOf({ service, environment }: GateMessage): string {
  return `serin/${service}/${environment}`;
}

/** A status has no word for inconclusive; `error` lets nothing through. */
function stateOf({ allowed, verdict }: GateMessage['answer']): 'success' | 'failure' | 'error' {
  if (verdict === 'pass' && allowed) return 'success';
  return verdict === 'fail' ? 'failure' : 'error';
}

/** `neutral` would satisfy a required check, so what was not judged asks for a person. */
function conclusionOf({
  allowed,
  verdict,
}: GateMessage['answer']): 'success' | 'failure' | 'action_required' {
  if (verdict === 'pass' && allowed) return 'success';
  return verdict === 'fail' ? 'failure' : 'action_required';
}

function linkOf({ analysis }: GateMessage, publicUrl: string | null): string | null {
  return analysis === null || publicUrl === null ? null : `${publicUrl}/analyses/${analysis.id}`;
}

async function sendStatus(
  call: Call,
  target: Target,
  payload: GateMessage,
  publicUrl: string | null,
): Promise<void> {
  const link = linkOf(payload, publicUrl);
  await call('POST /repos/{owner}/{repo}/statuses/{sha}', {
    owner: target.owner,
    repo: target.repository,
    sha: target.sha,
    state: stateOf(payload.answer),
    context: nameOf(payload),
    description: shorten(payload.answer.reasons.join('; '), mostOfDescription),
    ...(link === null ? {} : { target_url: link }),
  });
}

/** A status replaces the one before it; of checks there would be two, so the one that is there is looked for. */
async function hasCheck(call: Call, target: Target, payload: GateMessage): Promise<boolean> {
  const { data } = await call('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
    owner: target.owner,
    repo: target.repository,
    ref: target.sha,
    check_name: nameOf(payload),
  });
  const runs = (data as { check_runs?: readonly { external_id?: string }[] }).check_runs ?? [];
  return runs.some(({ external_id: id }) => id === payload.gateId);
}

async function sendCheck(
  call: Call,
  target: Target,
  payload: GateMessage,
  publicUrl: string | null,
): Promise<void> {
  const link = linkOf(payload, publicUrl);
  await call('POST /repos/{owner}/{repo}/check-runs', {
    owner: target.owner,
    repo: target.repository,
    name: nameOf(payload),
    head_sha: target.sha,
    external_id: payload.gateId,
    status: 'completed',
    conclusion: conclusionOf(payload.answer),
    output: {
      title: `${payload.answer.verdict ?? 'no verdict'}: ${shorten(payload.change, 60)}`,
      summary: writeComment(payload, publicUrl),
    },
    ...(link === null ? {} : { details_url: link }),
  });
}

/** Leaves the verdict beside the commit, as a status or as a check. */
export async function sendVerdict(
  call: Call,
  target: Target,
  message: OutboxMessage,
  publicUrl: string | null,
  now: () => number,
): Promise<Delivery> {
  const payload = message.payload as GateMessage;
  try {
    if (payload.report === 'status') await sendStatus(call, target, payload, publicUrl);
    else if (message.attempts === 1 || !(await hasCheck(call, target, payload)))
      await sendCheck(call, target, payload, publicUrl);
    return { outcome: 'delivered' };
  } catch (error) {
    const retry = retryOf(error, now());
    // No such commit: it was rewritten, or is of another repository.
    return readFailure(error)?.status === 422 ? { outcome: 'refused', reason: retry.reason } : retry;
  }
}
