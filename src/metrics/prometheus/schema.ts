import { z } from 'zod';

/** `null`: NaN or an infinity, which the backend may write and a Series may not hold. */
const SampleValue = z.union([z.string(), z.number()]).transform((written, context) => {
  const value = typeof written === 'number' ? written : readNumber(written);
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: 'a value is no number' });
  return z.NEVER;
});

const SampleTime = z.coerce.number();

/** Seconds since the epoch, and the value. */
const Sample = z
  .tuple([SampleTime, SampleValue])
  .transform(([seconds, value]) => ({ at: seconds * 1000, value }));

const Matrix = z.object({
  resultType: z.literal('matrix', { error: 'the result is no matrix' }),
  result: z
    .array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(Sample).default([]),
        histograms: z.array(z.unknown()).default([]),
      }),
    )
    .nullable()
    .transform((series) => series ?? []),
});

const remarks = z
  .array(z.string())
  .nullish()
  .transform((texts) => texts ?? []);

/** The answer of `/api/v1/query_range`. */
export const RangeAnswer = z.object({
  status: z.literal('success'),
  data: Matrix,
  warnings: remarks,
  infos: remarks,
});

export type RangeAnswer = z.infer<typeof RangeAnswer>;
export type RangeSeries = RangeAnswer['data']['result'][number];

/** What every endpoint answers when it refuses, with any HTTP status. */
export const ErrorAnswer = z.object({
  status: z.literal('error'),
  errorType: z.string().default('unknown'),
  error: z.string().default('no reason given'),
});

/** The answer of `/api/v1/status/config`. */
export const ConfigAnswer = z.object({ data: z.object({ yaml: z.string() }) });

/** The part of the backend's own configuration that tells how often it scrapes. */
export const ScrapeConfig = z.object({
  global: z.object({ scrape_interval: z.string().optional() }).nullish(),
  scrape_configs: z.array(z.object({ scrape_interval: z.string().optional() })).nullish(),
});

function readNumber(text: string): number | null | undefined {
  if (/^[+-]?(nan|inf|infinity)$/i.test(text)) return null;
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
}
