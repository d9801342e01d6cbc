import assert from 'node:assert/strict';
import request from 'supertest';
import { readQuery } from '../../src/api/flagger/prometheus.ts';
import { fileSources, loadConfig } from '../../src/config.ts';
import { makeApi } from '../support/api.ts';
import { pathOf, readYaml } from './files.ts';

type Webhook = {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly metadata: Readonly<Record<string, string>>;
};
type Canary = {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly analysis: { readonly webhooks: readonly Webhook[]; readonly stepWeights: readonly number[] };
  };
};
type MetricTemplate = {
  readonly spec: { readonly query: string; readonly provider: { readonly address: string } };
};

const canary = readYaml<Canary>('examples/flagger/canary.yaml');
const { webhooks } = canary.spec.analysis;
const phases: Readonly<Record<string, string>> = { 'post-rollout': 'Succeeded' };

describe('examples/flagger/canary.yaml', () => {
  it('wires what holds, what promotes, what takes back and what is reported, and no failed check', () => {
    assert.deepEqual(
      webhooks.map(({ type, url }) => [type, new URL(url).pathname.split('/').at(4)]),
      [
        ['confirm-traffic-increase', 'advance'],
        ['confirm-promotion', 'advance'],
        ['rollback', 'rollback'],
        ['post-rollout', 'outcome'],
      ],
    );
    assert.deepEqual(
      webhooks.map(({ metadata }) => metadata['gate'] ?? null),
      [null, 'promotion', null, null],
    );
  });

  it('names a service and a template of examples/serin.yaml', () => {
    const { services, templates } = loadConfig(
      pathOf('examples/serin.yaml'),
      fileSources({ PROMETHEUS_URL: 'http://127.0.0.1:9090' }),
    );
    for (const { metadata } of webhooks) {
      assert.ok(services.some(({ name }) => name === metadata['service']));
      const { template } = metadata;
      assert.ok(template === undefined || templates.some(({ name }) => name === template));
    }
  });

  for (const { name, type, url, metadata } of webhooks)
    it(`sends with ${name} what the service takes`, async () => {
      const fine = async () => ({ yes: true, reason: 'fine' });
      const steppedRollouts = {
        stay: fine,
        step: fine,
        rollBack: fine,
        end: async () => 'recorded' as const,
      };

      const answer = await request(makeApi({ steppedRollouts }).handler)
        .post(new URL(url).pathname)
        .send({ ...canary.metadata, phase: phases[type] ?? 'Progressing', checksum: 'c', metadata });

      assert.equal(answer.status, 200, answer.text);
    });
});

describe('examples/flagger/metric-template.yaml', () => {
  it('asks what the façade answers', async () => {
    const { query, provider } = readYaml<MetricTemplate>('examples/flagger/metric-template.yaml').spec;
    const values: Readonly<Record<string, string>> = {
      target: 'checkout',
      namespace: 'shop',
      name: 'checkout',
    };
    const filled = query.replace(/\{\{ (\w+) \}\}/g, (_, name: string) => values[name] ?? '');

    assert.deepEqual(readQuery(filled), { service: 'checkout', namespace: 'shop', name: 'checkout' });
    const answer = await request(makeApi().handler)
      .get(`${new URL(provider.address).pathname}/api/v1/query`)
      .query({ query: filled });
    assert.equal(answer.status, 200);
  });
});
