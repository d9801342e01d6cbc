import {
  type KayentaConfig,
  type KayentaMetric,
  kayentaMetric,
  type MetricSetPair,
} from '../../../src/judge/kayenta/config.ts';
import {
  judgeKayenta,
  type KayentaFinding,
  type KayentaJudgement,
} from '../../../src/judge/kayenta/judge-kayenta.ts';

/** A metric `m` in group `g`, everything else Kayenta's default. */
export function metric(changes: Partial<KayentaMetric> = {}): KayentaMetric {
  return kayentaMetric('m', { groups: ['g'], ...changes });
}

/** Both arms of a metric. */
export function pair(
  experiment: MetricSetPair['experiment'],
  control: MetricSetPair['control'],
  name = 'm',
): MetricSetPair {
  return { name, experiment, control };
}

/** Judges pairs by some metrics with the usual thresholds. */
export function judgeBy(
  metrics: readonly KayentaMetric[],
  pairs: readonly MetricSetPair[],
  groupWeights: KayentaConfig['groupWeights'] = new Map(),
): KayentaJudgement {
  return judgeKayenta({ metrics, groupWeights }, { pass: 95, marginal: 75 }, pairs);
}

/** What is found of one metric. */
export function findingOf(
  experiment: MetricSetPair['experiment'],
  control: MetricSetPair['control'],
  changes: Partial<KayentaMetric> = {},
): KayentaFinding {
  return judgeBy([metric(changes)], [pair(experiment, control)]).findings[0]!;
}
