import { z } from 'zod';
import { scenarios } from './scenario.ts';

const unixSeconds = z.string().regex(/^\d+$/, 'allowed are seconds since 1970').transform(Number);

/** The variables that shape the answer. Those of other names are not looked at. */
export const SyntheticVariables = z
  .object({
    service: z.string().default(''),
    version: z.string().default(''),
    'scope.scenario': z
      .enum(scenarios, {
        error: ({ input }) => `found ${JSON.stringify(input)}; allowed are ${scenarios.join(', ')}`,
      })
      .default('harmless'),
    start: unixSeconds.optional(),
    end: unixSeconds.optional(),
  })
  .refine(
    (read) =>
      read['scope.scenario'] !== 'late-errors' || (read.start !== undefined && read.end !== undefined),
    {
      path: ['scope.scenario'],
      error: 'late-errors needs the variables start and end',
    },
  );
