import type { HookHouse } from './api/hook-house.ts';
import type { Config } from './config.ts';

/** What the configuration says of those who send webhooks. */
export function hookHouseOf({ services, environments, auth }: Config): HookHouse {
  return {
    services: services.map(({ name, aliases, repository = null }) => ({ name, aliases, repository })),
    environments: environments.map(({ name }) => name),
    webhooks: auth.webhooks,
  };
}
