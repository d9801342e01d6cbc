import type { UnitOfWork } from './analysis/run-store.ts';
import type { Config } from './config.ts';
import { hasCode } from './errors.ts';
import type { Channels } from './notify/channel.ts';
import { createDispatcher } from './notify/dispatcher.ts';
import { createChannels } from './notify/registry.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { Work } from './wire-scheduler.ts';

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

/** The channels of the configuration of the moment, made once of each. */
function channelsOf({ config, unitOfWork, now, publicUrl }: OutboxGround): () => Channels {
  const { deliveries } = unitOfWork.stores;
  const callback = { config: () => config().callbacks, now, publicUrl };
  let made: { readonly of: Config; readonly channels: Channels } | null = null;
  return () => {
    const current = config();
    if (made?.of !== current) {
      const claimAttempt = (id: string): Promise<boolean> =>
        deliveries.remember('github-redelivery', id, now());
      made = { of: current, channels: createChannels(current, { now, publicUrl, claimAttempt, callback }) };
    }
    return made.channels;
  };
}

/** Wires the outbox: who sends, and what is told of it. */
export function wireOutbox(ground: OutboxGround): Work {
  const { unitOfWork, config, logger, metrics, now } = ground;
  const { outbox } = unitOfWork.stores;
  const channels = channelsOf(ground);
  const onError = (error: unknown, doing: string): void => {
    if (hasCode(error, 'store_unavailable')) metrics.databaseError('outbox');
    logger.error({ err: error, doing }, 'the outbox could not do its work');
  };
  const dispatcher = createDispatcher({
    outbox,
    findChannel: (name) => channels().get(name) ?? null,
    observer: {
      attempted: (channel, outcome) => metrics.outboxDelivery(channel, outcome),
      died: ({ id, channel, dedupeKey, attempts }, reason) =>
        logger.error({ messageId: id, channel, dedupeKey, attempts, reason }, 'a message was given up'),
    },
    onError,
    now,
    random: Math.random,
    concurrency,
    leaseMs,
    sendMs,
  });
  const housekeeping = async (): Promise<void> => {
    await outbox.forgetDelivered(now() - config().outbox.keepDelivered);
    metrics.outboxMessages(await outbox.census());
    for (const [name, { sweep }] of channels())
      sweep?.().catch((error: unknown) => onError(error, `sweep ${name}`));
  };
  return { tick: dispatcher.tick, housekeeping, stop: dispatcher.stop };
}
