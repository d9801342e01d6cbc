import type { UnitOfWork } from './analysis/run-store.ts';
import { createScheduler, type Scheduler } from './analysis/scheduler.ts';
import { type StepDeps, step } from './analysis/step.ts';
import { hasCode } from './errors.ts';
import { type LedgerPolicy, settleDue } from './ledger/changes.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';

const concurrency = 32;
const leaseMs = 90_000;
/** GitHub lets a delivery be sent again for three days. */
const keepDeliveriesMs = 7 * 24 * 60 * 60_000;

/** What is done beside the looks; none of it rejects. */
export type Work = {
  /** At each tick, about once a second. */
  tick(): Promise<void>;
  /** About once a minute. */
  housekeeping(): Promise<void>;
  /** Ends what is under way, within `graceMs`. */
  stop(graceMs: number): Promise<void>;
};

export type SchedulerGround = {
  readonly unitOfWork: UnitOfWork;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly ledgerPolicy: () => LedgerPolicy;
};

/** Wires the scheduler: looks at runs, and the works that hang on its tick. */
export function wireScheduler(
  ground: SchedulerGround,
  stepDeps: StepDeps,
  works: () => readonly Work[],
): Scheduler {
  const { unitOfWork, metrics, logger, now, ledgerPolicy } = ground;
  const each = async (perform: (work: Work) => Promise<void>): Promise<void> => {
    await Promise.all(works().map(perform));
  };
  const scheduler = createScheduler({
    runs: unitOfWork.stores.runs,
    step: (claim, stop) => step(stepDeps, claim, stop),
    alongside: () => each((work) => work.tick()),
    housekeeping: async () => {
      await each((work) => work.housekeeping());
      await unitOfWork.transaction((stores) => settleDue(stores.ledger, now(), ledgerPolicy()));
      await unitOfWork.stores.deliveries.forget(now() - keepDeliveriesMs);
      metrics.runs((await unitOfWork.stores.runs.census()).byPhase);
    },
    now,
    onError: (error, doing) => {
      if (hasCode(error, 'store_unavailable')) metrics.databaseError(doing.split(' ')[0] ?? 'unknown');
      logger.error({ err: error, doing }, 'the scheduler could not do its work');
    },
    onLag: (milliseconds) => metrics.schedulerLag(milliseconds),
    concurrency,
    leaseMs,
  });
  const stop = async (graceMs: number): Promise<void> => {
    await Promise.all([scheduler.stop(graceMs), each((work) => work.stop(graceMs))]);
  };
  return { ...scheduler, stop };
}
