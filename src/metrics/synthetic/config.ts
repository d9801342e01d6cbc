import { z } from 'zod';
import { strict } from '../../parse.ts';

/** What a provider of this type has in the configuration: nothing but its type. */
export const SyntheticConfig = strict({ type: z.literal('synthetic') });

export type SyntheticConfig = z.infer<typeof SyntheticConfig>;
