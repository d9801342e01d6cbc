import { invalidInput } from '../errors.ts';
import type { ProviderDefinition } from './definition.ts';
import type { ProviderDeps } from './http.ts';
import { prometheus } from './prometheus/index.ts';
import type { Provider } from './provider.ts';
import { synthetic } from './synthetic/index.ts';

/** Every type of provider, by the name of its folder. */
const definitions: Readonly<Record<string, ProviderDefinition>> = { prometheus, synthetic };

/** The types that a configuration may name. */
export const providerTypes: readonly string[] = Object.keys(definitions);

/**
 * Makes a provider from its part of the configuration, `{type, …}`. An unknown type and an unfit configuration are
 * `invalid_input`.
 */
export function createProvider(name: string, config: unknown, deps: ProviderDeps = {}): Provider {
  const type = typeof config === 'object' && config !== null && 'type' in config ? config.type : undefined;
  const definition = typeof type === 'string' && providerTypes.includes(type) ? definitions[type] : undefined;
  if (definition !== undefined) return definition.create(name, config, deps);
  const found = type === undefined ? 'is missing' : `found ${JSON.stringify(type)}`;
  throw invalidInput([
    { path: `providers.${name}.type`, message: `${found}; allowed are ${providerTypes.join(', ')}` },
  ]);
}
