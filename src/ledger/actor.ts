import { SerinError } from '../errors.ts';

/** Who does something, as use cases that write need to know it. */
export type Actor = {
  /** The caller's name: `token:ci`, `webhook:github`, `anonymous`, … */
  readonly name: string;
  /** Whether it may loosen what the configuration says. */
  readonly isAdmin: boolean;
  /** Names of the services it may concern itself with; lacking or `null`: all of them. */
  readonly services?: readonly string[] | null | undefined;
  /** The request in the logs; lacking where there was none. */
  readonly requestId?: string | null | undefined;
};

/** Rejects with `forbidden`, naming the scope, when the service is not one that the actor may concern itself with. */
export function requireScope({ name, services = null }: Actor, service: string): void {
  if (services === null || services.includes(service)) return;
  throw new SerinError(
    'forbidden',
    `service: found "${service}"; ${name} may only concern itself with ${services.join(', ') || 'no service'}`,
  );
}

/** What Serin does by itself. */
export const system: Actor = { name: 'serin', isAdmin: true };
