import assert from 'node:assert/strict';
import { Command } from 'commander';
import request from 'supertest';
import type { CanaryRequest } from '../../src/analysis/kayenta/canary-request.ts';
import { templateId } from '../../src/analysis/kayenta/templates.ts';
import { addGateOptions } from '../../src/cli/gate-options.ts';
import { fileSources, loadConfig } from '../../src/config.ts';
import { makeApi } from '../support/api.ts';
import { type MetricSpec, runMetric } from '../support/argo-assessor.ts';
import { findConfig, type KayentaMetric, lookupPath, startBody, startPath } from '../support/argo-kayenta.ts';
import { start } from '../support/plans.ts';
import { pathOf, readText, readYaml } from './files.ts';

type Template<Provider> = {
  readonly spec: {
    readonly args: readonly {
      readonly name: string;
      readonly value?: string;
      readonly valueFrom?: unknown;
    }[];
    readonly metrics: readonly (MetricSpec & { readonly provider: Provider })[];
  };
};

const { templates } = loadConfig(
  pathOf('examples/serin.yaml'),
  fileSources({ PROMETHEUS_URL: 'http://127.0.0.1:9090' }),
);

/** Fills the arguments as Argo does; fails on one that the template does not declare. */
function fill<T>(path: string, given: Readonly<Record<string, string>>): T {
  const { spec } = readYaml<Template<unknown>>(path);
  const declared = new Map(spec.args.map(({ name, value }) => [name, value]));
  const text = JSON.stringify(readYaml<T>(path)).replace(
    /\{\{args\.([\w-]+)\}\}/g,
    (_whole, name: string) => {
      assert.ok(declared.has(name), `args.${name} is not declared`);
      const value = given[name] ?? declared.get(name);
      assert.ok(value !== undefined, `args.${name} has no value`);
      return value;
    },
  );
  return JSON.parse(text) as T;
}

const given = {
  service: 'checkout',
  'canary-hash': '6d4cf56db6',
  'stable-hash': '5b8c7d9f4',
  'rollout-uid': '0b0e1a52',
  revision: '7',
  token: 'a-token',
};

describe('examples/argo-rollouts/kayenta-analysis-template.yaml', () => {
  const path = 'examples/argo-rollouts/kayenta-analysis-template.yaml';
  type Provider = {
    readonly kayenta: KayentaMetric & { readonly address: string; readonly lookback: boolean };
  };
  const [metric] = fill<Template<Provider>>(path, given).spec.metrics;
  const { kayenta } = metric!.provider;

  it('has the fields that the resource definition has, threshold among them', () => {
    const known = [
      'address',
      'application',
      'canaryConfigName',
      'metricsAccountName',
      'configurationAccountName',
      'storageAccountName',
      'threshold',
      'scopes',
      'lookback',
    ];

    assert.deepEqual(
      Object.keys(kayenta).filter((key) => !known.includes(key)),
      [],
    );
    assert.ok(Number.isInteger(kayenta.threshold.pass) && Number.isInteger(kayenta.threshold.marginal));
    assert.ok(kayenta.threshold.pass - kayenta.threshold.marginal >= 2, 'room for inconclusive');
  });

  it('names a template of examples/serin.yaml, whose variables its scopes give', async () => {
    const asked: CanaryRequest[] = [];
    const plan = templates.find(({ name }) => name === kayenta.canaryConfigName);
    assert.ok(plan !== undefined);
    const id = templateId(plan.name ?? '');
    const { deps } = makeApi();
    const { handler } = makeApi({
      kayenta: {
        ...deps.kayenta,
        configs: {
          ...deps.kayenta.configs,
          list: async () => [{ id, name: plan.name ?? '', applications: ['checkout'], updatedAt: start }],
        },
        canaries: {
          ...deps.kayenta.canaries,
          start: async (one) => {
            asked.push(one);
            return 'e';
          },
        },
      },
    });
    const { pathname } = new URL(kayenta.address);
    assert.equal(pathname, '/kayenta/t/a-token');

    const lookup = await request(handler).get(pathname + lookupPath(kayenta));
    const found = findConfig({ status: lookup.status, text: lookup.text }, kayenta.canaryConfigName);
    const at = { now: start + 60_000, interval: 60_000, startedAt: start, lookback: kayenta.lookback };
    const { status } = await request(handler)
      .post(pathname + startPath(kayenta, found ?? ''))
      .set('Content-Type', 'application/json')
      .send(startBody(kayenta, at));

    assert.equal(status, 200);
    const { experiment, control } = asked[0]!.scopes['default']!;
    assert.equal(
      experiment.scope,
      'app=checkout and namespace=shop and rollouts-pod-template-hash=6d4cf56db6',
    );
    assert.equal(control.start, start);
    const wanted = [...JSON.stringify(plan.metrics).matchAll(/\{\{scope\.([\w-]+)\}\}/g)].map(
      ([, name]) => name,
    );
    assert.deepEqual([...new Set(wanted)].sort(), ['namespace', 'pod_template_hash']);
  });

  it('ends with its one measurement, and through five minutes of errors', () => {
    assert.equal(runMetric(metric!, ['S']).phase, 'Successful');
    assert.equal(runMetric(metric!, ['F']).phase, 'Failed');
    assert.equal(runMetric(metric!, ['I']).phase, 'Inconclusive');
    assert.equal(runMetric(metric!, [...new Array<'E'>(29).fill('E'), 'S']).phase, 'Successful');
  });
});

describe('examples/argo-rollouts/job-analysis-template.yaml', () => {
  const path = 'examples/argo-rollouts/job-analysis-template.yaml';
  type Container = { readonly command: readonly string[]; readonly args: readonly string[] };
  type Job = {
    readonly backoffLimit: number;
    readonly activeDeadlineSeconds: number;
    readonly template: {
      readonly spec: { readonly restartPolicy: string; readonly containers: readonly Container[] };
    };
  };
  const [metric] = fill<Template<{ readonly job: { readonly spec: Job } }>>(path, given).spec.metrics;
  const { spec } = metric!.provider.job;
  const [container] = spec.template.spec.containers;

  it('is tried once', () => {
    assert.equal(spec.backoffLimit, 0);
    assert.equal(spec.template.spec.restartPolicy, 'Never');
    assert.equal(metric!.count, 1);
  });

  it('calls the gate with flags that it has, and lets it wait as long as it means to', () => {
    assert.deepEqual(container!.command, ['serin', 'gate']);
    const command = addGateOptions(new Command('gate')).exitOverride();
    command.parse([...container!.args], { from: 'user' });
    const flags = command.opts();

    assert.equal(flags['service'], 'checkout');
    assert.equal(flags['key'], '0b0e1a52/7/6d4cf56db6/job');
    assert.deepEqual(flags['canary'], ['namespace=shop', 'pod_template_hash=6d4cf56db6']);
    assert.deepEqual(flags['baseline'], ['namespace=shop', 'pod_template_hash=5b8c7d9f4']);
    assert.equal(flags['onInconclusive'], 'fail');
    assert.equal(flags['onUnavailable'], 'pass');
    assert.ok(flags['timeout'] < spec.activeDeadlineSeconds * 1000);
  });

  it('says of inconclusive what the page says', () => {
    const page = readText('docs/callers/argo-rollouts-kayenta.md');
    const option = addGateOptions(new Command('gate')).options.find(
      ({ long }) => long === '--on-inconclusive',
    );

    for (const choice of option?.argChoices ?? []) assert.match(page, new RegExp(`^\\| \`${choice}\``, 'm'));
  });
});
