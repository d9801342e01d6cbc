import { SerinError } from '../../errors.ts';
import type { AskedGate } from '../../gate/intake.ts';
import { findHosted, type GithubHouse } from './house.ts';
import { type ProtectionRule, readCarried } from './payload.ts';

/** The last part of the address is documented; the run has no member of its own. */
const callback = /\/repos\/([^/]+\/[^/]+)\/actions\/runs\/(\d+)\/deployment_protection_rule$/;

/**
 * The number of the run that waits. The address is not called: it is made anew of its parts. Rejects with `forbidden`
 * when it leads to another host or another repository than the event is of.
 */
function readRun(
  { deployment_callback_url: address, repository }: ProtectionRule,
  house: GithubHouse,
): number {
  const refuse = (why: string): never => {
    throw new SerinError('forbidden', `deployment_callback_url: ${why}`);
  };
  const url = URL.canParse(address) ? new URL(address) : refuse('is no address');
  if (!house.allowedHosts.includes(url.host))
    return refuse(`leads to ${url.host}; allowed are ${house.allowedHosts.join(', ') || 'none'}`);
  const [, fullName = '', run = ''] = callback.exec(url.pathname) ?? [];
  if (fullName === '') return refuse('names no workflow run');
  if (fullName.toLowerCase() !== repository.full_name.toLowerCase())
    return refuse(`leads to ${fullName}, but the event is of ${repository.full_name}`);
  return Number(run);
}

/** Who answers is told these, and makes the address of them. */
export type GithubReceiver = {
  readonly owner: string;
  readonly repository: string;
  readonly repositoryId: number;
  readonly installationId: number | null;
  readonly runId: number;
  readonly environment: string;
  readonly sha: string | null;
};

/** What a workflow run's gates are found by when the run is over. */
export function groupOf(repositoryId: number, runId: number): string {
  return `github/${repositoryId}/${runId}`;
}

/** The gate that a job waits at; `null` when no service of the repository is meant. */
export function readGate(
  event: ProtectionRule,
  deliveryId: string,
  house: GithubHouse,
  now: number,
): AskedGate | null {
  const { repository, environment, deployment, installation } = event;
  const carried = readCarried(deployment?.payload);
  const service = findHosted(house, repository.full_name, carried);
  if (service === null) return null;
  const runId = readRun(event, house);
  const sha = event.sha ?? deployment?.sha ?? null;
  const data: GithubReceiver = {
    owner: repository.owner.login,
    repository: repository.name,
    repositoryId: repository.id,
    installationId: installation?.id ?? null,
    runId,
    environment,
    sha,
  };
  const version = carried['version'];
  return {
    // The address alone is of the run, which may wait for several environments.
    key: `${groupOf(repository.id, runId)}/${environment}/${deployment?.id ?? deliveryId}`,
    group: groupOf(repository.id, runId),
    service: service.name,
    environment,
    change: { ...(sha === null ? {} : { commit: sha }), ...(typeof version === 'string' ? { version } : {}) },
    policy: service.gates.find((gate) => gate.environment === environment) ?? null,
    receiver: { channel: 'github', data },
    comments: house.comments,
    report: sha === null ? 'none' : house.report,
    deadline: now + house.deadline,
  };
}
