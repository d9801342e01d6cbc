import type { AuthConfig } from '../auth/config.ts';

/** A service as webhooks of others may call it. */
export type HookService = {
  readonly name: string;
  readonly aliases: readonly string[];
  /** `owner/name`, or the path of the project; `null` when none is configured. */
  readonly repository: string | null;
};

/** What the configuration says of those who send webhooks, and of what they speak about. */
export type HookHouse = {
  readonly services: readonly HookService[];
  /** Names of the environments that are declared. */
  readonly environments: readonly string[];
  readonly webhooks: AuthConfig['webhooks'];
};

/** The service of one of these names or aliases, in their order; `null` when none is configured. */
export function findNamed(house: HookHouse, names: readonly string[]): HookService | null {
  for (const name of names) {
    const found =
      house.services.find((service) => service.name === name) ??
      house.services.find((service) => service.aliases.includes(name));
    if (found !== undefined) return found;
  }
  return null;
}
