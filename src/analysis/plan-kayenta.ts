import { z } from 'zod';
import {
  effectDefaults,
  effectMeasures,
  type KayentaConfig,
  type KayentaThresholds,
  kayentaMetric,
  nanStrategies,
  outlierStrategies,
} from '../judge/kayenta/config.ts';
import type { Direction } from '../judge/types.ts';
import { booleanLike, numberLike, strict } from '../parse.ts';

const nonNegative = numberLike.pipe(z.number().nonnegative());
const percent = numberLike.pipe(z.number().min(0).max(100));
const group = z.string().trim().min(1, 'a group must have a name');
/** Where a metric counts that names no group. */
const onlyGroup = 'metrics';

const effectSize = strict({
  measure: z.enum(effectMeasures).default('meanRatio'),
  allowedIncrease: nonNegative.optional(),
  allowedDecrease: nonNegative.optional(),
  criticalIncrease: nonNegative.optional(),
  criticalDecrease: nonNegative.optional(),
});

/** What `judge: kayenta` may be told of a metric, named as in a canaryConfig. */
export const kayentaMetricSchema = strict({
  groups: z
    .union([group.transform((name) => [name]), z.array(group).min(1, 'at least one group is needed')])
    .default([onlyGroup]),
  nanStrategy: z.enum(nanStrategies).default('remove'),
  mustHaveData: booleanLike.default(false),
  muted: booleanLike.default(false),
  outliers: strict({
    strategy: z.enum(outlierStrategies).default('keep'),
    outlierFactor: numberLike.pipe(z.number().positive()).default(3),
  }).default({ strategy: 'keep', outlierFactor: 3 }),
  effectSize: effectSize.default({ measure: 'meanRatio' }),
});

/** What `judge: kayenta` may be told of the whole: scores, and weights of groups in per cent. */
export const kayentaPlanSchema = strict({
  thresholds: strict({ pass: percent, marginal: percent })
    .refine(({ pass, marginal }) => pass >= marginal, 'pass must be at least marginal')
    .default({ pass: 95, marginal: 75 }),
  groupWeights: z.record(group, percent).default({}),
});

/** What of a plan's metric matters here. */
type Metric = {
  readonly name: string;
  readonly kind: string;
  readonly direction: Direction;
  readonly critical: boolean;
  readonly per?: unknown;
  readonly kayenta?: z.output<typeof kayentaMetricSchema> | undefined;
};

/** What of a plan matters here. */
type KayentaPlan = {
  readonly judge: string;
  readonly earlyPass: boolean;
  readonly noise?: unknown;
  readonly kayenta?: z.output<typeof kayentaPlanSchema> | undefined;
  readonly metrics: readonly Metric[];
};

const comparedKinds = ['gauge', 'ratio', 'count'];

function checkMetric(metric: Metric, index: number, isKayenta: boolean, context: z.RefinementCtx): void {
  const say = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: ['metrics', index, key], message });
  if (!isKayenta && metric.kayenta !== undefined) say('kayenta', 'goes with judge: kayenta alone');
  if (!isKayenta) return;
  if (!comparedKinds.includes(metric.kind))
    say('kind', `found "${metric.kind}"; with judge: kayenta allowed are ${comparedKinds.join(', ')}`);
  if (metric.per !== undefined)
    say('per', 'Kayenta compares one series an arm; leave it out with judge: kayenta');
}

/** Checks that what is said to Kayenta's judge is said to it, and asks it only for what it knows. */
export function checkKayenta(value: KayentaPlan, context: z.RefinementCtx): void {
  const isKayenta = value.judge === 'kayenta';
  if (!isKayenta && value.kayenta !== undefined)
    context.addIssue({ code: 'custom', path: ['kayenta'], message: 'goes with judge: kayenta alone' });
  if (isKayenta && value.earlyPass)
    context.addIssue({
      code: 'custom',
      path: ['earlyPass'],
      message: "Kayenta's rule is asked once, at the planned end",
    });
  if (isKayenta && value.noise !== undefined)
    context.addIssue({
      code: 'custom',
      path: ['noise'],
      message: "Kayenta's rule learns no noise; leave it out with judge: kayenta",
    });
  value.metrics.forEach((metric, index) => {
    checkMetric(metric, index, isKayenta, context);
  });
  const groups = new Set(value.metrics.flatMap(({ kayenta }) => kayenta?.groups ?? [onlyGroup]));
  for (const name of Object.keys(value.kayenta?.groupWeights ?? {})) {
    if (groups.has(name)) continue;
    context.addIssue({
      code: 'custom',
      path: ['kayenta', 'groupWeights', name],
      message: `no metric is in this group; the groups are ${[...groups].join(', ')}`,
    });
  }
}

function metricOf({ name, direction, critical, kayenta }: Metric): KayentaConfig['metrics'][number] {
  const settings = kayenta ?? kayentaMetricSchema.parse({});
  const { measure, ...thresholds } = settings.effectSize;
  const given = Object.fromEntries(Object.entries(thresholds).filter(([, value]) => value !== undefined));
  return kayentaMetric(name, {
    ...settings,
    direction,
    critical,
    effectSize: { ...effectDefaults(measure), ...given },
  });
}

/** The canaryConfig and the thresholds that a plan with `judge: kayenta` amounts to. */
export function kayentaConfigOf(plan: KayentaPlan): {
  readonly config: KayentaConfig;
  readonly thresholds: KayentaThresholds;
} {
  const { thresholds, groupWeights } = plan.kayenta ?? kayentaPlanSchema.parse({});
  return {
    config: { metrics: plan.metrics.map(metricOf), groupWeights: new Map(Object.entries(groupWeights)) },
    thresholds,
  };
}
