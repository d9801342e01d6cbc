import { below, type Place, type Reader } from '../../../judge/kayenta/reader.ts';
import { translatePrometheus } from './prometheus.ts';
import type { Templates, TranslatedQuery } from './query.ts';
import { translateSynthetic } from './synthetic.ts';

type Translate = (reader: Reader, place: Place, templates: Templates) => TranslatedQuery;

const byType: Readonly<Record<string, Translate>> = {
  prometheus: translatePrometheus,
  synthetic: translateSynthetic,
};

/** Types of queries that are translated. */
export const queryTypes: readonly string[] = Object.keys(byType);

const nothing: TranslatedQuery = { type: '', query: '', groups: [] };

function typeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return 'type' in value ? value.type : 'serviceType' in value ? value.serviceType : undefined;
}

/**
 * The query of one metric of a canary config, translated by its type. What is wrong, another metric store included,
 * goes to `reader`.
 */
export function translateQuery(reader: Reader, place: Place, templates: Templates): TranslatedQuery {
  const type = typeOf(place.value);
  const translate = typeof type === 'string' && Object.hasOwn(byType, type) ? byType[type] : undefined;
  if (translate !== undefined) return translate(reader, place, templates);
  const found = type === undefined ? 'is missing' : `found ${JSON.stringify(type)}`;
  reader.refuse(
    below(place, {}, 'type'),
    `${found}; queries of these stores are translated so far: ${queryTypes.join(', ')}`,
  );
  return nothing;
}
