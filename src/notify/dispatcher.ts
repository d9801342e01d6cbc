import { startDeadline } from '../deadline.ts';
import { backoff } from './backoff.ts';
import type { Delivery, FindChannel } from './channel.ts';
import type { ClaimedMessage, OutboxMessage, OutboxStore, Settlement } from './outbox-store.ts';

/** What is told to the telemetry of each attempt. `lost`: another process took the message over meanwhile. */
export type DispatchObserver = {
  attempted(channel: string, outcome: 'delivered' | 'retried' | 'refused' | 'expired' | 'lost'): void;
  /** A message was given up; it stays where it is and nobody tries again. */
  died(message: OutboxMessage, reason: string): void;
};

export type DispatcherDeps = {
  readonly outbox: OutboxStore;
  readonly findChannel: FindChannel;
  readonly observer: DispatchObserver;
  readonly onError: (error: unknown, doing: string) => void;
  readonly now: () => number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** How many messages are sent side by side. */
  readonly concurrency: number;
  /** A message that was not settled after this long may be taken by others, milliseconds; longer than `sendMs`. */
  readonly leaseMs: number;
  /** How long one attempt may take, milliseconds. */
  readonly sendMs: number;
};

/** Takes messages out of the outbox and sends them, as many processes as there are. */
export type Dispatcher = {
  /** Claims what is due and begins to send; resolves when the claiming is over, not the sending. Never rejects. */
  tick(): Promise<void>;
  /** Resolves when nothing is being sent. */
  idle(): Promise<void>;
  /** Claims no more, lets what is being sent finish for `graceMs`, then aborts it; it is due again at once. */
  stop(graceMs: number): Promise<void>;
};

/** What a failed attempt comes to: another one, or the end where that would come after the message's time. */
function tryAgain(
  message: OutboxMessage,
  delivery: Delivery & { outcome: 'retry' },
  deps: DispatcherDeps,
): Settlement {
  const now = deps.now();
  const dueAt = now + backoff(message.attempts, deps.random, delivery.retryAfter);
  if (dueAt < message.expiresAt) return { state: 'waiting', dueAt, reason: delivery.reason };
  const tries = message.attempts === 1 ? '1 attempt' : `${message.attempts} attempts`;
  return { state: 'dead', at: now, reason: `given up after ${tries}: ${delivery.reason}` };
}

async function attempt(message: OutboxMessage, deps: DispatcherDeps, stop: AbortSignal): Promise<Delivery> {
  const channel = deps.findChannel(message.channel);
  if (channel === null) return { outcome: 'retry', reason: `no channel "${message.channel}" is configured` };
  const deadline = startDeadline(deps.sendMs, stop);
  try {
    return await channel.send(message, deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted) deps.onError(error, `send message ${message.id}`);
    const reason = error instanceof Error ? error.message : 'an unforeseen failure';
    return { outcome: 'retry', reason: deadline.signal.aborted ? 'no answer in time' : reason };
  } finally {
    deadline.release();
  }
}

function settlementOf(
  message: OutboxMessage,
  delivery: Delivery,
  deps: DispatcherDeps,
  stop: AbortSignal,
): Settlement {
  const at = deps.now();
  switch (delivery.outcome) {
    case 'delivered':
      return { state: 'delivered', at };
    case 'refused':
      return { state: 'dead', at, reason: delivery.reason };
    case 'retry':
      return stop.aborted
        ? { state: 'waiting', dueAt: at, reason: 'Serin was stopped' }
        : tryAgain(message, delivery, deps);
  }
}

function outcomeOf(
  delivery: Delivery,
  settlement: Settlement,
): 'delivered' | 'retried' | 'refused' | 'expired' {
  if (settlement.state === 'waiting') return 'retried';
  if (settlement.state === 'delivered') return 'delivered';
  return delivery.outcome === 'refused' ? 'refused' : 'expired';
}

/** A message whose time was over before it was taken is not sent: what it tells of is history. */
async function deliver(
  { message, token }: ClaimedMessage,
  deps: DispatcherDeps,
  stop: AbortSignal,
): Promise<void> {
  const isLate = deps.now() >= message.expiresAt;
  const late: Delivery = { outcome: 'retry', reason: message.lastError ?? 'it was not due before' };
  const delivery = isLate ? late : await attempt(message, deps, stop);
  const settlement = settlementOf(message, delivery, deps, stop);
  const kept = await deps.outbox.settle(message.id, token, settlement);
  deps.observer.attempted(message.channel, kept ? outcomeOf(delivery, settlement) : 'lost');
  if (kept && settlement.state === 'dead') deps.observer.died(message, settlement.reason);
}

/** Sends what is due in the outbox. Hang `tick` on the scheduler. */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const active = new Set<Promise<void>>();
  const abort = new AbortController();
  let stopped = false;
  let claiming: Promise<void> | null = null;

  function begin(claim: ClaimedMessage): void {
    const doing = `settle message ${claim.message.id}`;
    const done: Promise<void> = deliver(claim, deps, abort.signal)
      .catch((error: unknown) => deps.onError(error, doing))
      .finally(() => active.delete(done));
    active.add(done);
  }

  async function claim(): Promise<void> {
    const free = deps.concurrency - active.size;
    if (stopped || free <= 0) return;
    for (const one of await deps.outbox.claimDue(deps.now(), free, deps.leaseMs)) begin(one);
  }

  async function idle(): Promise<void> {
    await claiming;
    while (active.size > 0) await Promise.all(active);
  }

  return {
    tick: async () => {
      claiming ??= claim()
        .catch((error: unknown) => deps.onError(error, 'claim due messages'))
        .finally(() => {
          claiming = null;
        });
      await claiming;
    },
    idle,
    stop: async (graceMs) => {
      stopped = true;
      const timer = setTimeout(() => abort.abort(), graceMs);
      await idle();
      clearTimeout(timer);
    },
  };
}
