import assert from 'node:assert/strict';
import request from 'supertest';
import { parse } from 'yaml';
import type { RolloutEvent } from '../../src/analysis/rollout-events.ts';
import { checkAnalysisTemplate } from '../../src/cli/argo-check.ts';
import { fileSources, loadConfig } from '../../src/config.ts';
import { makeApi, recordStarts } from '../support/api.ts';
import { type Measurement, runMetric } from '../support/argo-assessor.ts';
import { renderGoTemplate } from '../support/go-template.ts';
import { pathOf, readText, readYaml } from './files.ts';

type Argument = { readonly name: string; readonly value?: string; readonly valueFrom?: unknown };
type Web = { readonly url: string; readonly jsonBody: unknown };
type Metric = Parameters<typeof runMetric>[0] & { readonly provider: { readonly web: Web } };
type AnalysisTemplate = {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly args: readonly Argument[]; readonly metrics: readonly Metric[] };
};
type Step = {
  readonly analysis?: {
    readonly templates: readonly { readonly templateName: string }[];
    readonly args: readonly Argument[];
  };
};
type Rollout = {
  readonly spec: { readonly strategy: { readonly canary: { readonly steps: readonly Step[] } } };
};

const templatePath = 'deploy/argo-rollouts/analysis-template.yaml';
const template = readYaml<AnalysisTemplate>(templatePath);
const metric = template.spec.metrics[0]!;

const { templates } = loadConfig(
  pathOf('examples/serin.yaml'),
  fileSources({ PROMETHEUS_URL: 'http://127.0.0.1:9090' }),
);

const rolloutFacts = {
  namespace: 'shop',
  version: 'v1.8.0',
  'rollout-name': 'checkout',
  'rollout-uid': '0b0e1a52',
  revision: '7',
  'canary-hash': '6d4cf56db6',
  'stable-hash': '5b8c7d9f4',
};

/** Fills the arguments as Argo does: every value becomes a string. */
function fillArguments(value: unknown, args: Readonly<Record<string, string>>): unknown {
  const text = JSON.stringify(value).replace(/\{\{args\.([\w-]+)\}\}/g, (_whole, name: string) => {
    const found = args[name];
    assert.ok(found !== undefined, `args.${name} has no value`);
    return JSON.stringify(found).slice(1, -1);
  });
  return JSON.parse(text);
}

function defaults(): Record<string, string> {
  return Object.fromEntries(
    template.spec.args.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

describe('deploy/argo-rollouts/analysis-template.yaml', () => {
  it('passes the check that the command line makes, under the plans of examples/serin.yaml', () => {
    assert.ok(templates.length > 0);
    assert.deepEqual(checkAnalysisTemplate(readText(templatePath), templates), []);
  });

  it('has the polls that the plan needs, to the one: (maxDuration + delay) / interval + 5', () => {
    const plan = templates.find(({ name }) => name === 'http-service')!;

    assert.equal(metric.count, Math.ceil((plan.maxDuration + plan.delay) / 30_000) + 5);
  });

  it('ends Inconclusive, never Successful, when the polls are used up, in Argo Rollouts before 1.8 too', () => {
    const running: Measurement[] = new Array(300).fill('I');
    const { consecutiveSuccessLimit: _unknown, ...before18 } = metric;

    assert.deepEqual(runMetric(metric, running), { phase: 'Inconclusive', used: 126 });
    assert.deepEqual(runMetric(before18, running), { phase: 'Inconclusive', used: 126 });
  });

  it('ends with the first verdict, through an outage of five minutes', () => {
    const outage: Measurement[] = new Array(29).fill('E');

    assert.equal(runMetric(metric, ['I', ...outage, 'I', 'S']).phase, 'Successful');
    assert.equal(runMetric(metric, ['I', ...outage, 'I', 'F']).phase, 'Failed');
  });

  it('sends a body that the service takes, with every value where it belongs', async () => {
    const { runs, started } = recordStarts();
    const { web } = metric.provider;
    const { pathname, search } = new URL(web.url);
    const body = fillArguments(web.jsonBody, { ...defaults(), ...rolloutFacts, service: 'checkout' });

    const { status, body: answer } = await request(makeApi({ runs }).handler)
      .post(`${pathname}${search}`)
      .send(body as object);

    assert.equal(status, 200);
    assert.equal(answer.verdict, 'running', answer.reason);
    const { service, environment, template: named, key, change, rollout, canary, baseline } = started[0]!;
    assert.deepEqual(
      { service, environment, named, key, change, rollout, canary, baseline },
      {
        service: 'checkout',
        environment: 'production',
        named: 'http-service',
        key: '0b0e1a52/7/6d4cf56db6/first',
        change: { version: 'v1.8.0' },
        rollout: { uid: '0b0e1a52', revision: '7', namespace: 'shop', name: 'checkout' },
        canary: { namespace: 'shop', pod_template_hash: '6d4cf56db6' },
        baseline: { namespace: 'shop', pod_template_hash: '5b8c7d9f4' },
      },
    );
  });
});

describe('examples/argo-rollouts/rollout.yaml', () => {
  const { steps } = readYaml<Rollout>('examples/argo-rollouts/rollout.yaml').spec.strategy.canary;
  const analyses = steps.flatMap(({ analysis }) => (analysis === undefined ? [] : [analysis]));

  it('names the shipped template and gives it every argument that has no value of its own', () => {
    const needed = template.spec.args.filter(({ value }) => value === undefined).map(({ name }) => name);

    for (const { templates: named, args } of analyses) {
      assert.deepEqual(named, [{ templateName: template.metadata.name }]);
      const given = args.map(({ name }) => name);
      assert.deepEqual(
        needed.filter((name) => !given.includes(name)),
        [],
      );
      const known = template.spec.args.map(({ name }) => name);
      assert.deepEqual(
        given.filter((name) => !known.includes(name)),
        [],
      );
    }
  });

  it('gives each analysis a stage of its own, as many as the plan says', () => {
    const stages = analyses.map(
      ({ args }) => args.find(({ name }) => name === 'stage')?.value ?? defaults()['stage'],
    );

    assert.equal(new Set(stages).size, stages.length);
    assert.equal(stages.length, templates.find(({ name }) => name === 'http-service')?.stages);
  });
});

describe('deploy/argo-rollouts/notifications.yaml', () => {
  type Hook = {
    readonly webhook: {
      readonly serin: { readonly method: string; readonly path: string; readonly body: string };
    };
  };
  const { data } = readYaml<{ data: Readonly<Record<string, string>> }>(
    'deploy/argo-rollouts/notifications.yaml',
  );

  const full = {
    rollout: {
      metadata: {
        ...{ namespace: 'shop', name: 'checkout', uid: '0b0e1a52', generation: 12 },
        annotations: { 'rollout.argoproj.io/revision': '7' },
        labels: { 'app.kubernetes.io/version': 'v1.8.0', note: 'a "quoted" <label> & more' },
      },
      spec: {
        strategy: { canary: {} },
        template: {
          spec: {
            containers: [
              { name: 'app', image: 'registry.example/shop/checkout:v1.8.0' },
              { name: 'side', image: 'side:1' },
            ],
          },
        },
      },
      status: {
        currentPodHash: '6d4cf56db6',
        stableRS: '5b8c7d9f4',
        phase: 'Progressing',
        message: 'more "quotes"',
      },
    },
    analysisRuns: [
      {
        metadata: { name: 'checkout-7-2' },
        status: { phase: 'Failed', message: 'metric "serin-verdict" assessed Failed' },
      },
      { metadata: { name: 'checkout-7-1' }, status: {} },
    ],
  };
  const bare = {
    rollout: {
      metadata: {
        namespace: 'shop',
        name: 'checkout',
        uid: '0b0e1a52',
        annotations: { 'rollout.argoproj.io/revision': '1' },
      },
      spec: { template: { spec: { containers: [{ name: 'app', image: 'checkout' }] } } },
      status: {},
    },
  };

  const triggered = Object.entries(data).flatMap(([name, text]) =>
    name.startsWith('trigger.')
      ? [[name.slice('trigger.'.length), parse(text)[0].send as string[]] as const]
      : [],
  );

  const send = async (sent: string, rollout: unknown): Promise<RolloutEvent> => {
    const { webhook } = parse(data[`template.${sent}`] ?? '') as Hook;
    const api = makeApi();
    const { method, path, body } = webhook.serin;
    assert.equal(method, 'POST');
    const { status } = await request(api.handler)
      .post(path)
      .set('Content-Type', 'application/json')
      .send(renderGoTemplate(body, rollout));
    assert.equal(status, 202);
    return api.taken[0]!;
  };

  it('subscribes to every trigger it has, and to no other', () => {
    const [{ triggers }] = parse(data['subscriptions'] ?? '') as [{ triggers: string[] }];

    assert.deepEqual(triggers.sort(), triggered.map(([name]) => name).sort());
  });

  for (const [trigger, [sent = '']] of triggered) {
    const expected = trigger === 'on-rollout-updated' ? 'started' : trigger.slice('on-rollout-'.length);

    it(`tells on ${trigger} that the rollout is ${expected}, with version and cause`, async () => {
      const event = await send(sent, full);

      assert.equal(event.type, expected);
      assert.deepEqual(event.rollout, {
        uid: '0b0e1a52',
        revision: '7',
        namespace: 'shop',
        name: 'checkout',
      });
      assert.equal(event.at, Date.parse('2026-11-23T10:20:30Z'));
      assert.equal(event.facts.version, 'v1.8.0');
      assert.match(event.reason ?? '', /metric "serin-verdict" assessed Failed/);
    });

    it(`tells the same on ${trigger} of a rollout that has no labels, status or analysis`, async () => {
      assert.equal((await send(sent, bare)).type, expected);
    });
  }
});
