import { z } from 'zod';
import { durationSchema } from './duration.ts';
import { numberLike, parseWith, strict } from './parse.ts';

/** What was asked for on the command line, read and checked; times and durations in milliseconds. */
export type BacktestFlags = z.output<typeof flags>;

type Scope = Readonly<Record<string, string>>;

/** A time without an offset would mean another moment on another machine. */
const timeForm = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

const time = z.string().transform((text, context) => {
  const milliseconds = timeForm.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(milliseconds)) return milliseconds;
  const message = `found "${text}"; allowed are days such as 2026-11-01 (UTC) and times such as 2026-11-01T10:00:00Z`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const scope = z.array(z.string()).transform((pairs, context): Scope => {
  const read = pairs.map((pair) => /^([^=]+)=(.*)$/s.exec(pair));
  const wrong = pairs.find((_, index) => read[index] === null);
  if (wrong !== undefined)
    context.addIssue({ code: 'custom', message: `found "${wrong}"; allowed is name=value` });
  return Object.fromEntries(read.map((match) => [match?.[1] ?? '', match?.[2] ?? '']));
});

const positiveDuration = durationSchema.refine((value) => value > 0, 'found 0; a duration above 0 is needed');
const name = z.string().min(1, 'found ""; a name is needed');

const flags = strict({
  '--service': name,
  '--environment': name.optional(),
  '--target': name.optional(),
  '--config': name.optional(),
  '--template': z.array(name).default([]),
  '--plan': z.array(name).default([]),
  '--from': time,
  '--to': time.optional(),
  '--kind': z.enum(['aa', 'deploys', 'both']).default('aa'),
  '--every': positiveDuration.optional(),
  '--quiet': durationSchema.prefault('2h'),
  '--canary': scope.optional(),
  '--baseline': scope.optional(),
  '--offset': positiveDuration.optional(),
  '--change-version': z.string().default(''),
  '--ledger': z.boolean().default(false),
  '--inject': numberLike.pipe(z.number().gt(1, 'allowed are factors above 1')).optional(),
  '--inject-after': durationSchema.optional(),
  '--concurrency': numberLike.pipe(z.number().int().min(1).max(16)).default(2),
  '--state': name.optional(),
  '--out': name.optional(),
  '--json': z.boolean().default(false),
  '--max-false-alarms': numberLike.pipe(z.number().min(0).max(1)).optional(),
})
  .refine((given) => given['--offset'] === undefined || given['--canary'] === undefined, {
    path: ['--offset'],
    message: 'is given beside --canary; with an offset the baseline is held against itself',
  })
  .refine((given) => given['--inject-after'] === undefined || given['--inject'] !== undefined, {
    path: ['--inject-after'],
    message: 'is given without --inject',
  })
  .refine((given) => given['--kind'] !== 'deploys' || given['--offset'] === undefined, {
    path: ['--offset'],
    message: 'is for harmless windows; past deploys have arms of their own',
  })
  .refine((given) => given['--kind'] !== 'deploys' || given['--max-false-alarms'] === undefined, {
    path: ['--max-false-alarms'],
    message: 'is for harmless windows; say --kind aa or both',
  });

function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Reads the flags as commander hands them over (`maxFalseAlarms: "0.05"`); an empty value counts as not given. Rejects
 * with `invalid_input` naming each flag that is wrong.
 */
export function readBacktestFlags(given: Readonly<Record<string, unknown>>): BacktestFlags {
  const set = Object.entries(given).filter(([, value]) => value !== '');
  return parseWith(flags, Object.fromEntries(set.map(([key, value]) => [flagOf(key), value])));
}
