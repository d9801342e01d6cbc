import { SerinError } from '../errors.ts';

export const roles = ['read', 'record', 'gate', 'admin'] as const;

/**
 * What a caller may do. `read`: look at everything in its scope. `record`: tell of changes, rollouts and incidents.
 * `gate`: start analyses and ask for verdicts. `admin`: all of it, and loosen, override, rule and hand out tokens.
 */
export type Role = (typeof roles)[number];

/** Who asks. `name` is what the audit trail says: `token:ci`, `oidc:github:owner/repo`, `webhook:github`, `anonymous`. */
export type Caller = {
  readonly name: string;
  readonly kind: 'anonymous' | 'token' | 'oidc' | 'webhook';
  readonly roles: readonly Role[];
  /** Names of the services it may concern itself with; `null`: all of them. */
  readonly services: readonly string[] | null;
};

/** Somebody without a credential, who may do what `granted` says. */
export function anonymousCaller(granted: readonly Role[]): Caller {
  return { name: 'anonymous', kind: 'anonymous', roles: granted, services: null };
}

/** Whether the caller may do what needs `role`: admin implies every role, and every role implies `read`. */
export function hasRole(caller: Caller, role: Role): boolean {
  return (
    caller.roles.includes('admin') ||
    caller.roles.includes(role) ||
    (role === 'read' && caller.roles.length > 0)
  );
}

/** Whether the service is in the caller's scope. */
export function concerns(caller: Caller, serviceName: string): boolean {
  return caller.services === null || caller.services.includes(serviceName);
}

function writeScope(services: readonly string[]): string {
  return services.length === 0 ? 'no service' : services.join(', ');
}

/** Rejects with `forbidden`, naming the scope, when the service is not in it. */
export function mustConcern(caller: Caller, serviceName: string): void {
  if (caller.services === null || concerns(caller, serviceName)) return;
  throw new SerinError(
    'forbidden',
    `service: found "${serviceName}"; ${caller.name} may only concern itself with ${writeScope(caller.services)}`,
  );
}

/**
 * The same for a list or report: a caller with a scope must say which of its services it means. Rejects with
 * `forbidden`, naming them, when it names none or another.
 */
export function mustConcernList(caller: Caller, serviceName: string | undefined): void {
  if (caller.services === null) return;
  if (serviceName !== undefined) {
    mustConcern(caller, serviceName);
    return;
  }
  throw new SerinError(
    'forbidden',
    `service: is missing; ${caller.name} may only ask for one of ${writeScope(caller.services)}`,
  );
}
