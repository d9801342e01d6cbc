import type { z } from 'zod';
import { invalidInput } from '../errors.ts';
import type { ProviderDeps } from './http.ts';
import type { Provider } from './provider.ts';

/** A type of provider as the registry sees it; the shape of its configuration stays inside. */
export type ProviderDefinition = {
  /**
   * Makes the provider called `name`. A configuration that does not fit is `invalid_input` with every issue's path
   * below `providers.<name>`; what was found is not repeated, for it may be a secret.
   */
  create(name: string, config: unknown, deps: ProviderDeps): Provider;
};

/** Joins the schema of a provider's configuration with the function that makes the provider from it. */
export function defineProvider<Schema extends z.ZodType>(
  schema: Schema,
  make: (name: string, config: z.output<Schema>, deps: ProviderDeps) => Provider,
): ProviderDefinition {
  return {
    create: (name, config, deps) => {
      const result = schema.safeParse(config);
      if (result.success) return make(name, result.data, deps);
      throw invalidInput(
        result.error.issues.map(({ path, message }) => ({
          path: ['providers', name, ...path.map(String)].join('.'),
          message,
        })),
      );
    },
  };
}
