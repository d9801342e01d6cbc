import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { queriesOf } from '../../src/analysis/metric-queries.ts';
import { parsePlan } from '../../src/analysis/plan.ts';
import { fileSources, loadConfig } from '../../src/config.ts';
import { createProvider } from '../../src/metrics/registry.ts';
import { pathOf, readYaml } from './files.ts';

const load = () =>
  loadConfig(pathOf('examples/serin.yaml'), fileSources({ PROMETHEUS_URL: 'http://127.0.0.1:9090' }));

/** What a query may use when a caller gives the scopes of the shipped AnalysisTemplate. */
const variables = [
  'service',
  'environment',
  'target',
  'version',
  'step',
  'start',
  'end',
  'scope.namespace',
  'scope.pod_template_hash',
];

describe('examples/serin.yaml', () => {
  it('is read without an objection, the files of the teams included', () => {
    const names = load().services.map(({ name }) => name);

    assert.deepEqual(names, ['checkout', 'indexer']);
  });

  it('configures providers that can be made, and queries that are theirs', () => {
    const { providers, templates } = load();

    for (const [name, config] of Object.entries(providers)) {
      const provider = createProvider(name, config);
      for (const metric of templates.flatMap((plan) => plan.metrics).filter((one) => one.provider === name)) {
        for (const { query } of queriesOf(metric)) provider.checkQuery(query, variables);
      }
      provider.close();
    }
  });

  for (const file of readdirSync(pathOf('examples/plans'))) {
    it(`has the plan of plans/${file} as a template`, () => {
      const plan = parsePlan(readYaml(`examples/plans/${file}`));

      assert.deepEqual(
        load().templates.find(({ name }) => name === plan.name),
        plan,
      );
    });
  }
});
