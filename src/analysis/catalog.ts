import type { Plan } from './plan.ts';
import type { Scope } from './run.ts';

/** What the configuration says of a service. */
export type Service = {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly team: string | null;
  readonly tier: string | null;
  /** Where its controller's events belong when they do not say. */
  readonly environment: string;
  /** Name of its default template. */
  readonly template: string | null;
  readonly scopes: { readonly canary: Scope | null; readonly baseline: Scope | null };
  /** Whether callers may bring a plan of their own. */
  readonly inlinePlans: boolean;
  /** Whether callers may shorten a plan or ask for a dry run. */
  readonly callerMayLoosen: boolean;
};

/** The configuration as analyses see it; replaced as a whole when the file is read again. */
export type Catalog = {
  readonly services: readonly Service[];
  readonly templates: ReadonlyMap<string, Plan>;
  /** A concluded key starts afresh when nobody asked for it this long, milliseconds. */
  readonly rejoinAfter: number;
};

/** The service of that name or alias; `null` when none is configured. */
export function findService(catalog: Catalog, name: string): Service | null {
  return (
    catalog.services.find((service) => service.name === name) ??
    catalog.services.find((service) => service.aliases.includes(name)) ??
    null
  );
}
