import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Measurement, type MetricSpec, runMetric } from './argo-assessor.ts';

type Vector = {
  readonly metric_phase: string;
  readonly measurements_used: number;
  readonly spec: MetricSpec & { readonly id: string; readonly measurement_sequence: string };
};

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/argo-analysisrun.json', import.meta.url), 'utf8'),
) as readonly Vector[];

describe("the model of Argo's assessor", () => {
  for (const { metric_phase, measurements_used, spec } of vectors) {
    it(`ends as Argo did: ${spec.id}`, () => {
      const outcome = runMetric(spec, [...spec.measurement_sequence] as Measurement[]);

      assert.deepEqual(outcome, { phase: metric_phase, used: measurements_used });
    });
  }
});
