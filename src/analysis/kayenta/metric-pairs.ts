import { invalidInput } from '../../errors.ts';
import type { MetricSetPair } from '../../judge/kayenta/config.ts';
import { below, type Place, Reader } from '../../judge/kayenta/reader.ts';

/** Pairs of series as Kayenta hands them to a judge, and the grid they are on. */
export type MetricPairs = { readonly pairs: readonly MetricSetPair[]; readonly stepSeconds: number };

type Fields = Readonly<Record<string, unknown>>;

const pairKeys = ['name', 'id', 'tags', 'values', 'scopes', 'attributes'];
/** How Java writes what JSON has no number for. */
const words: Readonly<Record<string, number | null>> = {
  NaN: null,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
/** In all: judging them holds up this process. */
const mostValues = 200_000;
const usualStep = 60;

function readValue(reader: Reader, { path, value }: Place): number | null {
  if (value === null) return null;
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && Object.hasOwn(words, value)) return words[value] ?? null;
  reader.refuse({ path }, `found ${JSON.stringify(value)}; needed is a number, null or "NaN"`);
  return null;
}

function readArm(reader: Reader, place: Place): readonly (number | null)[] {
  return reader.items(place).map((item) => readValue(reader, item));
}

function readTags(reader: Reader, place: Place): Readonly<Record<string, string>> {
  const fields = reader.fields(place, null);
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}

function readPair(reader: Reader, place: Place): MetricSetPair {
  const fields = reader.fields(place, pairKeys);
  const values = below(place, fields, 'values');
  const arms = reader.fields(values, ['control', 'experiment']);
  const { id } = fields;
  return {
    name: reader.text(below(place, fields, 'name')),
    ...(typeof id === 'string' ? { id } : {}),
    tags: readTags(reader, below(place, fields, 'tags')),
    control: readArm(reader, below(values, arms, 'control')),
    experiment: readArm(reader, below(values, arms, 'experiment')),
  };
}

function stepOf(item: unknown): number | null {
  const scopes = (item as { readonly scopes?: { readonly control?: Fields } } | null)?.scopes;
  const step = scopes?.control?.['stepMillis'];
  return typeof step === 'number' && step >= 1_000 ? step / 1_000 : null;
}

/**
 * Reads a list of MetricSetPairs.
 *
 * @throws `invalid_input` with every issue by its path, or when there are too many values
 */
export function readMetricPairs(value: unknown, path: string): MetricPairs {
  const reader = new Reader();
  const place = { path, value };
  const items = reader.items(place);
  if (items.length === 0) reader.refuse(place, 'at least one pair is needed');
  const pairs = reader.finish(items.map((item) => readPair(reader, item)));
  const count = pairs.reduce((sum, { control, experiment }) => sum + control.length + experiment.length, 0);
  if (count > mostValues)
    throw invalidInput([{ path, message: `has ${count} values in all; at most ${mostValues} are judged` }]);
  return { pairs, stepSeconds: stepOf(items[0]?.value) ?? usualStep };
}
