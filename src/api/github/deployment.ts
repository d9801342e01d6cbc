import type { ToldDeployment } from '../../gate/intake.ts';
import type { ChangeReport } from '../../ledger/changes.ts';
import { parseInstant } from '../times.ts';
import { findHosted, type GithubHouse } from './house.ts';
import { type DeploymentEvent, type DeploymentStatusEvent, readCarried } from './payload.ts';

type Facts = ChangeReport['facts'];

/** What states say: `inactive` is told of what something newer replaced, and of nothing that went wrong. */
function progressOf(status: DeploymentStatusEvent['deployment_status']):
  | (Partial<ChangeReport> & {
      readonly startedAt?: number;
    })
  | null {
  // The time of the status itself: that of the deployment moves on when it is replaced later.
  const at = parseInstant(status.created_at, 'deployment_status.created_at', []);
  switch (status.state) {
    case 'in_progress':
      return { startedAt: at };
    case 'success':
      return { finishedAt: at, outcome: 'succeeded' };
    case 'failure':
    case 'error':
      return { finishedAt: at, outcome: 'failed', failureClass: 'failed_to_deploy' };
    default:
      return null;
  }
}

function factsOf({ deployment, workflow_run: run }: DeploymentEvent): Facts {
  const { version, kind } = readCarried(deployment.payload);
  const isRollback = deployment.task === 'deploy:rollback' || kind === 'rollback';
  const isHotfix = kind === 'hotfix';
  return {
    commit: deployment.sha,
    ...(typeof version === 'string' ? { version } : {}),
    ...(deployment.creator === undefined ? {} : { actor: deployment.creator.login }),
    ...(run?.html_url === undefined ? {} : { url: run.html_url }),
    ...(isRollback ? { kind: 'rollback' } : isHotfix ? { kind: 'hotfix' } : {}),
  };
}

function told(
  event: DeploymentEvent,
  house: GithubHouse,
  progress: NonNullable<ReturnType<typeof progressOf>>,
): ToldDeployment | null {
  const { repository, deployment, workflow_run: run } = event;
  const service = findHosted(house, repository.full_name, readCarried(deployment.payload));
  if (service === null) return null;
  const { startedAt, ...ended } = progress;
  const place = { service: service.name, environment: deployment.environment };
  return {
    report: {
      source: 'github',
      externalId: `${repository.id}/${deployment.id}`,
      ...place,
      targets: [],
      facts: { ...factsOf(event), ...(startedAt === undefined ? {} : { startedAt }) },
      ...ended,
    },
    attempt:
      run === undefined
        ? null
        : {
            name: `run/${repository.id}/${run.id}/${place.service}/${place.environment}`,
            number: run.run_attempt,
          },
  };
}

/** A deployment that was made; `null` when no service of the repository is meant. */
export function readDeployment(event: DeploymentEvent, house: GithubHouse): ToldDeployment | null {
  return told(event, house, {});
}

/** How a deployment goes on; `null` for states that tell nothing, and when no service of the repository is meant. */
export function readDeploymentStatus(
  event: DeploymentStatusEvent,
  house: GithubHouse,
): ToldDeployment | null {
  const progress = progressOf(event.deployment_status);
  return progress === null ? null : told(event, house, progress);
}
