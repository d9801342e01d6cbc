import type { Run } from '../analysis/run.ts';
import { endsAt } from '../analysis/window.ts';
import type { NewMessage } from '../notify/outbox-store.ts';
import type { GateAnswer } from './answer.ts';
import type { GateMessage } from './messages.ts';
import type { PendingGate } from './pending-gate.ts';
import { nameChange } from './same-change.ts';

/** GitHub takes ten reports of one deployment; one is kept for the end. */
const mostComments = 9;
/** Kept for the time after an analysis was found. */
const mostWithoutAnalysis = 3;
const shortestPause = 60_000;
const lookAgainAfter = 2_000;
/** A comment that comes later than this says nothing any more, and must not hold up the answer. */
const commentGoodFor = 60_000;
/** Whoever waits has long given up after this; a check that comes late is still worth having. */
const answerGoodFor = 86_400_000;

/** A gate after something was seen, and what is to be told of it. */
export type Advance = { readonly gate: PendingGate; readonly messages: readonly NewMessage[] };

function messageOf(
  gate: PendingGate,
  kind: GateMessage['kind'],
  answer: GateAnswer,
  run: Run | null,
  now: number,
): NewMessage {
  const { judgement } = run ?? { judgement: null };
  const payload: GateMessage = {
    kind,
    gateId: gate.id,
    data: gate.receiver.data,
    service: gate.service,
    environment: gate.environment,
    change: nameChange(gate.change),
    answer,
    analysis:
      run === null
        ? null
        : {
            id: run.id,
            looks: run.looks,
            startedAt: run.start,
            endsAt: endsAt(run),
            findings: (judgement?.findings ?? []).map(({ metric, verdict, effect, interval }) => ({
              metric,
              verdict,
              effect,
              interval,
            })),
          },
    report: gate.report,
  };
  const name = kind === 'progress' ? `progress/${gate.told}` : kind;
  return {
    channel: gate.receiver.channel,
    dedupeKey: `gate/${gate.id}/${name}`,
    orderKey: kind === 'report' ? undefined : gate.id,
    payload,
    dueAt: now,
    expiresAt: now + (kind === 'progress' ? commentGoodFor : answerGoodFor),
  };
}

function close(gate: PendingGate, answer: GateAnswer, run: Run | null, now: number): Advance {
  const closed: PendingGate = {
    ...gate,
    state: answer.allowed ? 'allowed' : 'refused',
    analysisId: answer.analysisId,
    nextAt: null,
    closedAt: now,
    revision: gate.revision + 1,
  };
  const kinds = gate.report === 'none' ? (['final'] as const) : (['final', 'report'] as const);
  return { gate: closed, messages: kinds.map((kind) => messageOf(gate, kind, answer, run, now)) };
}

/** When to tell next, so that the comments left last until the end. */
function nextTell(told: number, limit: number, end: number, now: number): number {
  const left = limit - told;
  return left <= 0 ? Number.MAX_SAFE_INTEGER : now + Math.max(shortestPause, Math.ceil((end - now) / left));
}

/** The gate, still open: told of when it is time, and at once when an analysis was found. */
function wait(gate: PendingGate, answer: GateAnswer, run: Run | null, now: number): Advance {
  const isFound = run !== null && gate.analysisId !== run.id;
  const limit = run === null ? mostWithoutAnalysis : mostComments;
  const tells = gate.comments && gate.told < limit && (isFound || now >= gate.nextTellAt);
  const told = gate.told + (tells ? 1 : 0);
  const end = run === null ? gate.deadline : Math.min(endsAt(run), gate.deadline);
  return {
    gate: {
      ...gate,
      analysisId: run?.id ?? gate.analysisId,
      told,
      nextTellAt: tells ? nextTell(told, limit, end, now) : gate.nextTellAt,
      nextAt: Math.min(now + lookAgainAfter, gate.deadline),
      revision: gate.revision + 1,
    },
    messages: tells ? [messageOf(gate, 'progress', answer, run, now)] : [],
  };
}

/**
 * The gate after `answer` was found at `now`, resting on `run`. It is closed by a verdict, by an answer that cannot
 * change any more (`isFinal`), or by its deadline: then it is refused, with the reason, whatever is under way. Pure.
 */
export function advance(
  gate: PendingGate,
  answer: GateAnswer,
  run: Run | null,
  isFinal: boolean,
  now: number,
): Advance {
  if (isFinal) return close(gate, answer, run, now);
  if (now < gate.deadline) return wait(gate, answer, run, now);
  const late = 'nothing has answered for this gate in time';
  return close(gate, { ...answer, allowed: false, reasons: [late, ...answer.reasons] }, run, now);
}
