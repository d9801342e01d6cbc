import type { UnitOfWork } from './analysis/run-store.ts';
import type { Config } from './config.ts';
import { hasCode } from './errors.ts';
import { createDispatcher, type Dispatcher } from './notify/dispatcher.ts';
import { createChannels } from './notify/registry.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';

const concurrency = 16;
const sendMs = 20_000;
const leaseMs = 60_000;

export type OutboxGround = {
  readonly unitOfWork: UnitOfWork;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Where people reach Serin; `null` when not known. */
  readonly publicUrl: string | null;
  readonly config: () => Config;
};

export type WiredOutbox = {
  readonly dispatcher: Dispatcher;
  /** Forgets what was delivered long ago, and counts. */
  readonly housekeeping: () => Promise<void>;
};

/** Wires the outbox: who sends, and what is told of it. */
export function wireOutbox(ground: OutboxGround): WiredOutbox {
  const { unitOfWork, config, logger, metrics, now, publicUrl } = ground;
  const { outbox } = unitOfWork.stores;
  const dispatcher = createDispatcher({
    outbox,
    findChannel: createChannels({ callback: { config: () => config().callbacks, now, publicUrl } }),
    observer: {
      attempted: (channel, outcome) => metrics.outboxDelivery(channel, outcome),
      died: ({ id, channel, dedupeKey, attempts }, reason) =>
        logger.error({ messageId: id, channel, dedupeKey, attempts, reason }, 'a message was given up'),
    },
    onError: (error, doing) => {
      if (hasCode(error, 'store_unavailable')) metrics.databaseError('outbox');
      logger.error({ err: error, doing }, 'the outbox could not do its work');
    },
    now,
    random: Math.random,
    concurrency,
    leaseMs,
    sendMs,
  });
  const housekeeping = async (): Promise<void> => {
    await outbox.forgetDelivered(now() - config().outbox.keepDelivered);
    metrics.outboxMessages(await outbox.census());
  };
  return { dispatcher, housekeeping };
}
