import type { Runs } from './analysis/runs.ts';
import type { GithubHouse } from './api/github/house.ts';
import type { Config } from './config.ts';
import { hasCode } from './errors.ts';
import { createGates, type Gates } from './gate/gates.ts';
import { createIntake, type Intake } from './gate/intake.ts';
import type { LedgerPolicy } from './ledger/changes.ts';
import type { Database } from './store/database.ts';
import { createGateUnitOfWork } from './store/unit-of-work.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { Work } from './wire-scheduler.ts';

export type GatesGround = {
  readonly database: Database;
  readonly config: () => Config;
  readonly runs: Pick<Runs, 'start' | 'find'>;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
};

export type WiredGates = {
  /** What the API is made of. */
  readonly served: {
    readonly gates: Gates;
    readonly github: {
      readonly intake: Intake;
      readonly secrets: () => readonly string[];
      readonly house: () => GithubHouse;
    };
  };
  readonly work: Work;
};

const usualDeadline = 6 * 3_600_000;

/** Without an App there is nothing to answer with, so no gate is taken; deployments are told all the same. */
function houseOf({ services, github }: Config): GithubHouse {
  return {
    services: services.flatMap(({ name, repository, gates }) =>
      repository === undefined ? [] : [{ name, repository, gates }],
    ),
    allowedHosts: github?.allowedHosts ?? [],
    deadline: github?.deadline ?? usualDeadline,
    comments: github?.comments ?? false,
    report: github?.report ?? 'none',
  };
}

function findService({ services }: Config, name: string) {
  return (
    services.find((service) => service.name === name) ??
    services.find((service) => service.aliases.includes(name)) ??
    null
  );
}

/** Wires the gates: who asks, what answers, and the work in between. */
export function wireGates(ground: GatesGround): WiredGates {
  const { database, config, runs, ledgerPolicy, logger, metrics, now } = ground;
  const unitOfWork = createGateUnitOfWork(database);
  const onError = (error: unknown, doing: string): void => {
    if (hasCode(error, 'store_unavailable')) metrics.databaseError('gates');
    logger.error({ err: error, doing }, 'a gate could not be looked at');
  };
  const gates = createGates({
    unitOfWork,
    runs,
    findService: (name) => findService(config(), name),
    now,
    onError,
  });
  const housekeeping = async (): Promise<void> => {
    await gates.forget();
    const { open, oldest } = await unitOfWork.stores.gates.census();
    metrics.openGates(open, oldest === null ? 0 : Math.max(0, now() - oldest));
  };
  return {
    served: {
      gates,
      github: {
        intake: createIntake({ unitOfWork, ledgerPolicy, now }),
        secrets: () => config().auth.webhooks.github?.secrets ?? [],
        house: () => houseOf(config()),
      },
    },
    work: { tick: gates.tick, housekeeping, stop: () => gates.idle() },
  };
}
