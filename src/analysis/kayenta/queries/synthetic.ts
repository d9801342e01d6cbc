import { below, type Place, type Reader } from '../../../judge/kayenta/reader.ts';
import type { TranslatedQuery } from './query.ts';

/** A query of the built-in synthetic provider: its metric is the name of a signal. */
export function translateSynthetic(reader: Reader, place: Place): TranslatedQuery {
  const fields = reader.fields(place, ['type', 'serviceType', 'metricName']);
  return { type: 'synthetic', query: reader.text(below(place, fields, 'metricName')), groups: [] };
}
