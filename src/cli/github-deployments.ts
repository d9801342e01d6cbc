/** What the REST API of GitHub tells of a deployment, as far as it is looked at. */
export type Deployment = {
  readonly id: number;
  readonly sha: string;
  readonly environment: string;
  readonly task?: string;
  readonly payload?: unknown;
  readonly created_at: string;
  readonly creator?: { readonly login: string } | null;
};

export type DeploymentStatus = {
  readonly state: string;
  readonly created_at: string;
  readonly log_url?: string;
};

/** A body for `POST /v1/changes`. */
export type ChangeBody = Readonly<Record<string, unknown>>;

/** What is known beforehand of all deployments that are read. */
export type Origin = {
  readonly repositoryId: number;
  /** The service; `null`: the one a deployment names, else `otherwise`. */
  readonly service: string | null;
  readonly otherwise: string;
};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What a deployment carries along, such as `{"service": "checkout"}`; a text that is no object carries nothing. */
function readCarried(payload: unknown): Readonly<Record<string, unknown>> {
  if (typeof payload !== 'string') return isRecord(payload) ? payload : {};
  try {
    const read: unknown = JSON.parse(payload);
    return isRecord(read) ? read : {};
  } catch {
    return {};
  }
}

function kindOf({ task }: Deployment, kind: unknown): object {
  if (task === 'deploy:rollback' || kind === 'rollback') return { kind: 'rollback' };
  return kind === 'hotfix' ? { kind } : {};
}

/** Who and what, under the name that the webhooks of the GitHub App give it, so that both are one change. */
function describe(deployment: Deployment, { repositoryId, service, otherwise }: Origin): ChangeBody | null {
  const { id, sha, environment, creator } = deployment;
  const carried = readCarried(deployment.payload);
  const named = typeof carried['service'] === 'string' ? carried['service'] : null;
  if (service !== null && named !== null && named !== service) return null;
  return {
    source: 'github',
    externalId: `${repositoryId}/${id}`,
    service: service ?? named ?? otherwise,
    environment,
    commit: sha,
    ...(typeof carried['version'] === 'string' ? { version: carried['version'] } : {}),
    ...(creator ? { actor: creator.login } : {}),
    ...kindOf(deployment, carried['kind']),
  };
}

/** The end that a status tells of, at the status's own time: the deployment's `updated_at` moves on when it is replaced. */
function endOf({ state, created_at }: DeploymentStatus): object | null {
  if (state === 'success') return { finishedAt: created_at, outcome: 'succeeded' };
  if (state === 'failure' || state === 'error')
    return { finishedAt: created_at, outcome: 'failed', failureClass: 'failed_to_deploy' };
  return null;
}

/** GitHub forgets statuses after some months: what was replaced had been out, and when is not known any more. */
function guess(deployment: Deployment, statuses: readonly DeploymentStatus[]): object[] {
  if (!statuses.some(({ state }) => state === 'inactive')) return [];
  const begun = statuses.find(({ state }) => state === 'in_progress');
  return [
    {
      finishedAt: begun?.created_at ?? deployment.created_at,
      finishedAtEstimated: true,
      outcome: 'succeeded',
    },
  ];
}

/**
 * The reports that a deployment with its statuses (in any order) comes to: one for each end it had, so that they are
 * the same as those of its webhooks. Empty when it is of another service, or nothing is known of it any more: no
 * status.
 */
export function readDeployment(
  deployment: Deployment,
  statuses: readonly DeploymentStatus[],
  origin: Origin,
): ChangeBody[] {
  const described = describe(deployment, origin);
  if (described === null || statuses.length === 0) return [];
  const ordered = [...statuses].sort(
    (left, right) => Date.parse(left.created_at) - Date.parse(right.created_at),
  );
  const begun = ordered.find(({ state }) => state === 'in_progress');
  const url = ordered.map(({ log_url }) => log_url).find((one) => one !== undefined && /^https?:/.test(one));
  const common = {
    ...described,
    ...(url === undefined ? {} : { url }),
    ...(begun === undefined ? {} : { startedAt: begun.created_at }),
  };
  const told = ordered.flatMap((status) => endOf(status) ?? []);
  const ends = told.length > 0 ? told : guess(deployment, ordered);
  return ends.length === 0 ? [common] : ends.map((end) => ({ ...common, ...end }));
}
