import { z } from 'zod';
import { strict } from '../../parse.ts';
import { httpFields } from '../http-options.ts';

/** What a provider of this type has in the configuration. */
export const PrometheusConfig = strict({
  type: z.literal('prometheus'),
  ...httpFields,
  /** POST has no limit on the length of a query; GET is for proxies that let only it through. */
  method: z.enum(['GET', 'POST']).default('POST'),
  /** Points asked for at once. Prometheus refuses more than 11 000. */
  maxPoints: z.int().min(2).max(11_000).default(11_000),
});

export type PrometheusConfig = z.infer<typeof PrometheusConfig>;
