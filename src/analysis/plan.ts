import { z } from 'zod';
import { durationSchema, formatDuration } from '../duration.ts';
import { type Direction, directions, type MetricKind, podOffsetGuards } from '../judge/types.ts';
import { booleanLike, numberLike, parseWith, strict } from '../parse.ts';
import { checkKayenta, kayentaMetricSchema, kayentaPlanSchema } from './plan-kayenta.ts';

const positive = numberLike.pipe(z.number().positive());
const nonNegative = numberLike.pipe(z.number().nonnegative());
const query = z.string().trim().min(1, 'a query must not be empty');

const acceptable = z.union([
  nonNegative.transform((relative): { relative?: number | undefined; absolute?: number | undefined } => ({
    relative,
  })),
  strict({ relative: nonNegative.optional(), absolute: nonNegative.optional() }).refine(
    (value) => value.relative !== undefined || value.absolute !== undefined,
    'is empty; give relative, absolute or both',
  ),
]);

const common = {
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/,
      'allowed are 1–100 letters, digits and _ . : -, starting with a letter or digit',
    ),
  provider: z.string().min(1),
  direction: z.enum(directions).default('increase'),
  weight: positive.default(1),
  critical: booleanLike.default(false),
  kayenta: kayentaMetricSchema.optional(),
};

const gauge = strict({
  ...common,
  kind: z.literal('gauge'),
  query,
  /** The query gives one series a pod instead of one. */
  per: z.enum(['pod']).optional(),
  podOffsetGuard: z.enum(podOffsetGuards).optional(),
  support: query.optional(),
  minSupport: positive.optional(),
  margin: nonNegative.default(0.02),
  acceptable: acceptable.default({ relative: 0.1 }),
})
  .refine(
    (metric) => (metric.support === undefined) === (metric.minSupport === undefined),
    'support and minSupport go together',
  )
  .refine((metric) => metric.podOffsetGuard === undefined || metric.per === 'pod', {
    path: ['podOffsetGuard'],
    message: 'goes with per: pod',
  });

const counts = {
  ...common,
  events: query,
  margin: nonNegative.default(0.1),
  acceptable: acceptable.default({ relative: 0.5, absolute: 0.001 }),
};
const ratio = strict({ ...counts, kind: z.literal('ratio'), total: query });
const count = strict({ ...counts, kind: z.literal('count'), exposure: query });

const mostEdges = 20;

/** Upper edges to compare, ascending. */
const edges = z
  .array(numberLike)
  .max(mostEdges, `at most ${mostEdges} edges may be given`)
  .superRefine((given, context) => {
    given.forEach((edge, index) => {
      const before = given[index - 1];
      if (before !== undefined && edge <= before)
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `found ${edge} after ${before}; edges must ascend`,
        });
    });
  });

const histogram = strict({
  ...common,
  kind: z.literal('histogram'),
  query,
  edges: edges.default([]),
  margin: nonNegative.default(0.05),
  acceptable: acceptable.default({ relative: 0.5, absolute: 0.001 }),
});

const { direction: _, ...withoutDirection } = common;

/** A threshold says itself which way is harm, and has neither margin nor baseline to be compared with. */
const limit = strict({
  ...withoutDirection,
  kind: z.literal('limit'),
  query,
  max: numberLike.optional(),
  min: numberLike.optional(),
})
  .superRefine(({ max, min }, context) => {
    const say = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (max === undefined && min === undefined) say('max', 'is missing; give max, min or both');
    if (max !== undefined && min !== undefined && min >= max)
      say('min', `found ${min}; it must be below max, ${max}`);
  })
  .transform((metric) => ({
    ...metric,
    direction: directionOf(metric.max, metric.min),
    margin: 0,
    acceptable: {} as z.output<typeof acceptable>,
  }));

function directionOf(max: number | undefined, min: number | undefined): Direction {
  if (min === undefined) return 'increase';
  return max === undefined ? 'decrease' : 'either';
}

const kinds: Readonly<Record<MetricKind, z.ZodType<PlanMetric>>> = { gauge, ratio, count, histogram, limit };

function isKind(kind: unknown): kind is MetricKind {
  return typeof kind === 'string' && Object.hasOwn(kinds, kind);
}

/** The kind decides which keys are allowed, so it is read first and its own issues are the only ones told. */
const metric = z.unknown().transform((value, context): PlanMetric => {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (!isKind(kind)) {
    context.addIssue({
      code: 'custom',
      path: ['kind'],
      message: `found ${JSON.stringify(kind) ?? 'nothing'}; allowed are ${Object.keys(kinds).join(', ')}`,
    });
    return z.NEVER;
  }
  const result = kinds[kind].safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  for (const issue of result.error.issues) context.addIssue({ ...issue } as never);
  return z.NEVER;
});

/** Absent is `true`, and stays absent: a default filled in would make plans of runs under way other plans. */
const noise = strict({ history: booleanLike.optional(), earlierRuns: booleanLike.optional() });

const plan = strict({
  name: z.string().min(1).max(100).optional(),
  duration: durationSchema,
  interval: durationSchema.default(60_000),
  step: durationSchema.optional(),
  delay: durationSchema.default(30_000),
  warmup: durationSchema.default(0),
  settle: numberLike.pipe(z.number().int().min(0).max(100)).default(2),
  alpha: numberLike.pipe(z.number().positive().max(0.5)).default(0.05),
  stages: numberLike.pipe(z.number().int().min(1).max(100)).default(1),
  judge: z.enum(['sequential', 'kayenta']).default('sequential'),
  kayenta: kayentaPlanSchema.optional(),
  earlyPass: booleanLike.default(false),
  noise: noise.optional(),
  onInconclusive: z.enum(['inconclusive', 'pass', 'fail', 'extend']).default('inconclusive'),
  maxDuration: durationSchema.optional(),
  onNoData: z.enum(['inconclusive', 'fail']).default('inconclusive'),
  onCanarySilent: z.enum(['inconclusive', 'fail']).default('inconclusive'),
  metrics: z.array(metric).min(1, 'at least one metric is needed').max(100),
});

/** One metric of a plan, defaults filled in. */
export type PlanMetric =
  | z.output<typeof gauge>
  | z.output<typeof ratio>
  | z.output<typeof count>
  | z.output<typeof histogram>
  | z.output<typeof limit>;

/** What to judge and how; all durations in milliseconds, defaults filled in. */
export type Plan = Omit<z.output<typeof plan>, 'name' | 'step' | 'maxDuration'> & {
  readonly name: string | null;
  readonly step: number;
  readonly maxDuration: number;
};

const shortest = 1_000;

function checkTimes(value: Plan, context: z.RefinementCtx): void {
  const say = (path: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (value.interval < shortest)
    say('interval', `found ${formatDuration(value.interval)}; the shortest is 1s`);
  if (value.step < shortest) say('step', `found ${formatDuration(value.step)}; the shortest is 1s`);
  if (value.duration < value.interval)
    say(
      'duration',
      `found ${formatDuration(value.duration)}; it must be at least the interval, ${formatDuration(value.interval)}`,
    );
  if (value.maxDuration < value.duration)
    say(
      'maxDuration',
      `found ${formatDuration(value.maxDuration)}; it must be at least the duration, ${formatDuration(value.duration)}`,
    );
  const judged = value.duration - value.warmup;
  if (judged < 4 * value.step)
    say(
      'duration',
      `after a warmup of ${formatDuration(value.warmup)} it must leave at least 4 steps of ${formatDuration(value.step)}; found ${formatDuration(judged)}`,
    );
  if (judged > 20_000 * value.step)
    say(
      'step',
      `found ${formatDuration(value.step)}; a run of ${formatDuration(value.duration)} may have at most 20000 steps`,
    );
  if (value.duration > 20_000 * value.interval)
    say(
      'interval',
      `found ${formatDuration(value.interval)}; a run of ${formatDuration(value.duration)} may have at most 20000 looks`,
    );
}

function checkNames(value: Plan, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  value.metrics.forEach(({ name }, index) => {
    if (seen.has(name))
      context.addIssue({
        code: 'custom',
        path: ['metrics', index, 'name'],
        message: `found "${name}" twice; names must differ`,
      });
    seen.add(name);
  });
}

/** The schema of a plan as it comes in a file or a request: text in, a `Plan` out. */
export const planSchema = plan
  .transform(
    (value): Plan => ({
      ...value,
      name: value.name ?? null,
      step: value.step ?? value.interval,
      maxDuration: value.maxDuration ?? 2 * value.duration,
    }),
  )
  .superRefine((value, context) => {
    checkTimes(value, context);
    checkNames(value, context);
    checkKayenta(value, context);
  });

/** Reads a plan; rejects with `invalid_input` whose paths start with `at`. */
export function parsePlan(value: unknown, at: readonly PropertyKey[] = []): Plan {
  return parseWith(planSchema, value, at);
}

/** The plan with another duration or interval, its rules checked again. `null` leaves a value as it is. */
export function overridePlan(value: Plan, duration: number | null, interval: number | null): Plan {
  const step = value.step === value.interval ? (interval ?? value.step) : value.step;
  const changed = {
    ...value,
    duration: duration ?? value.duration,
    interval: interval ?? value.interval,
    step,
  };
  const checked = z.custom<Plan>().superRefine((candidate, context) => {
    checkTimes(candidate, context);
  });
  return parseWith(checked, { ...changed, maxDuration: Math.max(changed.maxDuration, changed.duration) });
}

/** What of the time before a run its gauges' noise is learned from: all there is, unless the plan says otherwise. */
export function noiseFrom({ noise }: Pick<Plan, 'noise'>): {
  readonly history: boolean;
  readonly earlierRuns: boolean;
} {
  return { history: noise?.history ?? true, earlierRuns: noise?.earlierRuns ?? true };
}
