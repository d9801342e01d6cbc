import type { Count } from './rates.ts';

/** Rises whenever a figure of the report comes to mean something else. */
const version = 2;

export type DefinitionOptions = {
  readonly count: Count;
  readonly includeRollbacks: boolean;
  readonly minimum: number;
  /** `null`: the production ones. */
  readonly environment: string | null;
};

/** What a report counts, in words, for every report to carry. The long form is docs/change-failure-rate.md. */
export function writeDefinition({
  count,
  includeRollbacks,
  minimum,
  environment,
}: DefinitionOptions): string {
  const numerator =
    count === 'escaped'
      ? 'failed changes that users met (escaped)'
      : 'failed changes that were caught in the canary or that users met (escaped)';
  return [
    `Definition ${version}.`,
    `Rate: ${numerator} / settled changes (succeeded or failed, one version of one service reaching one environment each).`,
    'Changes that failed to deploy are in the denominator and not in the numerator.',
    'Pending and abandoned changes are in neither.',
    `Rollbacks are ${includeRollbacks ? 'counted' : 'left out'}.`,
    environment === null ? 'Environments: production.' : `Environment: ${environment}.`,
    'Each change counts in the range in which it finished, or failed when it never finished.',
    `Interval: Wilson, 95 %; below ${minimum} changes there is not enough to go by.`,
    'Lead time: from commit to the end of a rollout that reached users. Recovery: from failure to the end of the incidents put to the change, to its own next completion, or to that of the change that took it back.',
    'Rework: rollbacks and hotfixes / settled changes, rollbacks included.',
  ].join(' ');
}
