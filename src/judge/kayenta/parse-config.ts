import { directions } from '../types.ts';
import {
  type EffectThresholds,
  effectDefaults,
  effectMeasures,
  type KayentaConfig,
  type KayentaMetric,
  type KayentaThresholds,
  nanStrategies,
  outlierStrategies,
} from './config.ts';
import { below, type Place, Reader } from './reader.ts';

const configKeys = [
  'id',
  'name',
  'description',
  'configVersion',
  'applications',
  'createdTimestamp',
  'updatedTimestamp',
  'createdTimestampIso',
  'updatedTimestampIso',
  'judge',
  'metrics',
  'templates',
  'classifier',
];
const metricKeys = ['name', 'query', 'groups', 'scopeName', 'analysisConfigurations'];
const canaryKeys = [
  'direction',
  'nanStrategy',
  'critical',
  'mustHaveData',
  'muted',
  'effectSize',
  'outliers',
];
/** Names under which a canaryConfig may ask for a judge: Kayenta's own, one asked over HTTP, and Serin's sequential one. */
export const judgeNames = ['NetflixACAJudge-v1.0', 'RemoteJudge-v1.0', 'Serin-v1.0'] as const;
export type JudgeName = (typeof judgeNames)[number];
const percent = { least: 0, most: 100 };

function readEffect(reader: Reader, place: Place): EffectThresholds {
  const fields = reader.fields(place, Object.keys(effectDefaults('meanRatio')));
  const measure = reader.word(below(place, fields, 'measure'), effectMeasures, 'meanRatio');
  const absent = effectDefaults(measure);
  const range = measure === 'cles' ? { least: 0, most: 1 } : { least: 0 };
  const read = (key: Exclude<keyof EffectThresholds, 'measure'>): number =>
    reader.number(below(place, fields, key), range, absent[key]);
  return {
    measure,
    allowedIncrease: read('allowedIncrease'),
    allowedDecrease: read('allowedDecrease'),
    criticalIncrease: read('criticalIncrease'),
    criticalDecrease: read('criticalDecrease'),
  };
}

function readOutliers(reader: Reader, place: Place): KayentaMetric['outliers'] {
  const fields = reader.fields(place, ['strategy', 'outlierFactor']);
  return {
    strategy: reader.word(below(place, fields, 'strategy'), outlierStrategies, 'keep'),
    outlierFactor: reader.number(below(place, fields, 'outlierFactor'), { least: 0, above: true }, 3),
  };
}

function readMetric(reader: Reader, place: Place): KayentaMetric {
  const metric = reader.fields(place, metricKeys);
  const analysis = below(place, metric, 'analysisConfigurations');
  const canary = below(analysis, reader.fields(analysis, ['canary']), 'canary');
  const fields = reader.fields(canary, canaryKeys);
  return {
    name: reader.text(below(place, metric, 'name')),
    groups: reader.items(below(place, metric, 'groups')).map((group) => reader.text(group)),
    direction: reader.word(below(canary, fields, 'direction'), directions, 'either'),
    nanStrategy: reader.word(below(canary, fields, 'nanStrategy'), nanStrategies, 'remove'),
    outliers: readOutliers(reader, below(canary, fields, 'outliers')),
    critical: reader.flag(below(canary, fields, 'critical')),
    mustHaveData: reader.flag(below(canary, fields, 'mustHaveData')),
    muted: reader.flag(below(canary, fields, 'muted')),
    effectSize: readEffect(reader, below(canary, fields, 'effectSize')),
  };
}

function readMetrics(reader: Reader, place: Place): readonly KayentaMetric[] {
  const items = reader.items(place);
  if (items.length === 0) reader.refuse(place, 'at least one metric is needed');
  const metrics = items.map((item) => readMetric(reader, item));
  metrics.forEach(({ name }, index) => {
    if (metrics.findIndex((other) => other.name === name) < index)
      reader.refuse(
        { path: `${place.path}[${index}].name` },
        `found ${JSON.stringify(name)} twice; names must differ`,
      );
  });
  return metrics;
}

/** Weights beyond 100 in all would let a canary pass with a failing group, so they are refused. */
function readWeights(
  reader: Reader,
  place: Place,
  metrics: readonly KayentaMetric[],
): ReadonlyMap<string, number> {
  const fields = reader.fields(place, null);
  const groups = [...new Set(metrics.flatMap((metric) => metric.groups))];
  const weights = new Map<string, number>();
  for (const group of Object.keys(fields)) {
    const weight = below(place, fields, group);
    if (!groups.includes(group))
      reader.refuse(weight, `no metric is in this group; the groups are ${groups.join(', ') || 'none'}`);
    weights.set(group, reader.number(weight, percent));
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  if (total > 100 + 1e-9)
    reader.refuse(place, `found weights of ${total} in all; they may add up to at most 100`);
  return weights;
}

/**
 * Reads a Kayenta canaryConfig. What Kayenta guesses at is an error here: unknown keys, words it would silently
 * replace by a default, numbers written as text, names given twice, weights of groups that no metric is in and weights
 * of more than 100 in all. Absent and `null` give Kayenta's defaults. What only concerns fetching (queries, templates,
 * scopes) is left to who fetches.
 *
 * @param path where the config stands in a larger input; begins the paths of issues
 * @throws `invalid_input` with every issue: its path, what was found and what is allowed
 */
export function parseKayentaConfig(value: unknown, path = ''): KayentaConfig {
  const reader = new Reader();
  const place = { path, value };
  const fields = reader.fields(place, configKeys);
  const judge = below(place, fields, 'judge');
  const judgeFields = reader.fields(judge, ['name', 'judgeConfigurations']);
  reader.word(below(judge, judgeFields, 'name'), judgeNames, 'NetflixACAJudge-v1.0');
  const metrics = readMetrics(reader, below(place, fields, 'metrics'));
  const classifier = below(place, fields, 'classifier');
  const weights = below(
    classifier,
    reader.fields(classifier, ['groupWeights', 'scoreThresholds']),
    'groupWeights',
  );
  return reader.finish({ metrics, groupWeights: readWeights(reader, weights, metrics) });
}

/**
 * Reads the thresholds of a request; Kayenta takes them from there alone, never from the config. A canary that failed
 * has score 0, so that a pass from 0 on would pass everything and is refused.
 *
 * @throws `invalid_input` unless both are numbers up to 100, pass above 0 and marginal not above pass
 */
export function parseKayentaThresholds(value: unknown, path = 'thresholds'): KayentaThresholds {
  const reader = new Reader();
  const place = { path, value };
  const fields = reader.fields(place, ['pass', 'marginal']);
  const pass = reader.number(below(place, fields, 'pass'), { ...percent, above: true });
  const marginal = reader.number(below(place, fields, 'marginal'), percent);
  if (marginal > pass)
    reader.refuse(below(place, fields, 'marginal'), `found ${marginal}; it may be at most pass, ${pass}`);
  return reader.finish({ pass, marginal });
}
