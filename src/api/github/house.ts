import type { GatePolicy } from '../../gate/policy.ts';

/** A configured service that lives in a repository. */
export type HostedService = {
  readonly name: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly gates: readonly GatePolicy[];
};

/** What the configuration says of GitHub and of services' repositories. */
export type GithubHouse = {
  readonly services: readonly HostedService[];
  /** Hosts that a gate may be answered at. */
  readonly allowedHosts: readonly string[];
  /** How long a gate may wait, milliseconds. */
  readonly deadline: number;
  readonly comments: boolean;
  readonly report: 'none' | 'status' | 'check';
};

/** Whether any configured service lives there. */
export function isHosted({ services }: GithubHouse, fullName: string): boolean {
  return services.some(({ repository }) => repository.toLowerCase() === fullName.toLowerCase());
}

/** The service that an event of a repository is of: the one it names, else the repository's only one; `null` if none. */
export function findHosted(
  { services }: GithubHouse,
  fullName: string,
  carried: Readonly<Record<string, unknown>>,
): HostedService | null {
  const here = services.filter(({ repository }) => repository.toLowerCase() === fullName.toLowerCase());
  const named = carried['service'];
  if (typeof named === 'string') return here.find(({ name }) => name === named) ?? null;
  return here.length === 1 ? (here[0] ?? null) : null;
}
