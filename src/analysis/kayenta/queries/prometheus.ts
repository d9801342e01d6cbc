import { below, type Place, type Reader } from '../../../judge/kayenta/reader.ts';
import { expandTemplate } from './expand.ts';
import type { Templates, TranslatedQuery } from './query.ts';

const keys = [
  'type',
  'serviceType',
  'metricName',
  'labelBindings',
  'groupByFields',
  'resourceType',
  'customInlineTemplate',
  'customFilterTemplate',
  'customFilter',
];
const verbatim = 'PromQL:';
/** Which label tells server groups apart; Kayenta's default of an account's `scopeLabel`. */
const scopeLabel = 'instance';
const label = /^[A-Za-z_]\w*$/;

/** Matchers of the resources that Kayenta knows by itself (PrometheusMetricsService). */
const resources: Readonly<Record<string, readonly string[]>> = {
  gce_instance: [`${scopeLabel}=~"{{scope.scope}}-.{4}"`, 'zone=~".+/zones/{{scope.location}}-.{1}"'],
  aws_ec2_instance: ['asg_groupName="{{scope.scope}}"', 'zone=~"{{scope.location}}.{1}"'],
};

type Fields = Readonly<Record<string, unknown>>;

function optionalText(reader: Reader, place: Place): string | null {
  const { value } = place;
  return value === undefined || value === null || value === '' ? null : reader.text(place);
}

/** The text of the filter, or of the whole query: in place wins over named. `null` when there is neither. */
function readTemplate(reader: Reader, place: Place, fields: Fields, templates: Templates): string | null {
  const inline = below(place, fields, 'customInlineTemplate');
  const written = optionalText(reader, inline);
  if (written !== null) return expandTemplate(written, inline, reader);
  const named = below(place, fields, 'customFilterTemplate');
  const wanted = optionalText(reader, named);
  if (wanted === null) return null;
  const found = templates[wanted];
  if (found !== undefined) return expandTemplate(found, named, reader);
  const known = Object.keys(templates).join(', ') || 'none';
  reader.refuse(named, `found ${JSON.stringify(wanted)}; the templates of the config are ${known}`);
  return '';
}

function readList(reader: Reader, place: Place): readonly string[] {
  return reader.items(place).map((item) => reader.text(item));
}

/** Kayenta's order: a resource's matchers follow the bindings, a filter of one's own comes before them. */
function readMatchers(
  reader: Reader,
  place: Place,
  fields: Fields,
  filter: string | null,
): readonly string[] {
  const bindings = readList(reader, below(place, fields, 'labelBindings'));
  if (filter !== null) return [filter, ...bindings];
  const resource = below(place, fields, 'resourceType');
  const wanted = optionalText(reader, resource);
  const matchers = wanted === null ? undefined : resources[wanted];
  if (matchers !== undefined) return [...bindings, ...matchers];
  reader.refuse(
    resource,
    `${wanted === null ? 'is missing' : `found ${JSON.stringify(wanted)}`}; needed is one of ${Object.keys(resources).join(', ')}, or a customInlineTemplate or customFilterTemplate that selects the scope`,
  );
  return [];
}

function readGroups(reader: Reader, place: Place): readonly string[] {
  const groups = readList(reader, place);
  for (const group of groups)
    if (group !== '' && !label.test(group))
      reader.refuse(place, `found ${JSON.stringify(group)}; allowed are names of labels`);
  return groups;
}

/**
 * A Prometheus query of a canary config as PromQL with our variables, as Kayenta builds it: `avg(metric{matchers})`,
 * grouped where `groupByFields` says so; after `PromQL:` the text as it stands. What is wrong goes to `reader`.
 */
export function translatePrometheus(reader: Reader, place: Place, templates: Templates): TranslatedQuery {
  const fields = reader.fields(place, keys);
  if (fields['customFilter'] !== undefined)
    reader.refuse(
      below(place, fields, 'customFilter'),
      'is no longer read, as in Kayenta; use customInlineTemplate or customFilterTemplate',
    );
  const groups = readGroups(reader, below(place, fields, 'groupByFields'));
  const template = readTemplate(reader, place, fields, templates);
  if (template?.startsWith(verbatim))
    return { type: 'prometheus', query: template.slice(verbatim.length).trim(), groups: [] };
  const metric = reader.text(below(place, fields, 'metricName'));
  const matchers = readMatchers(reader, place, fields, template).filter((one) => one.trim() !== '');
  const grouped = groups.length === 0 ? '' : ` by (${groups.join(',')})`;
  return { type: 'prometheus', query: `avg(${metric}{${matchers.join(',')}})${grouped}`, groups };
}
