import { z } from 'zod';
import { parseDuration } from './duration-text.ts';

// Apart, so that what reads durations without a schema (the GitHub Action) carries no schema library.
export { formatDuration, parseDuration } from './duration-text.ts';

/** A duration on the wire or in a file: text in, milliseconds out. */
export const durationSchema = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null) return milliseconds;
  context.addIssue({
    code: 'custom',
    message: `found "${text}"; allowed are durations such as 30s, 15m, 2h, 1d`,
  });
  return z.NEVER;
});
