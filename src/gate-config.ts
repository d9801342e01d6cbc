import { z } from 'zod';
import { durationSchema } from './duration.ts';
import type { GatePolicy } from './gate/policy.ts';
import { strict } from './parse.ts';

const name = z.string().min(1).max(200);
const stagingMaxAge = 86_400_000;

/** One of a service's `gates`. */
export const gatePolicySchema = strict({
  environment: name,
  judges: z.enum(['staging', 'canary']),
  /** Which environment `staging` is; the word itself by default. */
  judgedIn: name.optional(),
  maxAge: durationSchema.optional(),
  onInconclusive: z.enum(['refuse', 'allow']).default('refuse'),
})
  .refine(({ judges, judgedIn }) => judges === 'staging' || judgedIn === undefined, {
    path: ['judgedIn'],
    message: 'stands beside judges: canary, which judges in the environment of the gate; leave it out',
  })
  .transform(
    ({ environment, judges, judgedIn, maxAge, onInconclusive }): GatePolicy => ({
      environment,
      judges,
      judgedIn: judges === 'canary' ? environment : (judgedIn ?? 'staging'),
      maxAge: maxAge ?? (judges === 'canary' ? null : stagingMaxAge),
      onInconclusive,
    }),
  );

/** An environment has one gate. */
export function refuseGatesTwice(gates: readonly GatePolicy[], context: z.core.$RefinementCtx): void {
  const names = gates.map(({ environment }) => environment);
  const twice = names.findIndex((one, index) => names.indexOf(one) !== index);
  if (twice < 0) return;
  context.addIssue({
    code: 'custom',
    path: [twice, 'environment'],
    message: `found "${names[twice]}" twice; an environment has one gate`,
  });
}
