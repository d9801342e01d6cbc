import assert from 'node:assert/strict';
import { Command } from 'commander';
import request from 'supertest';
import { parse } from 'yaml';
import { parseSpec, readSpecText } from '../../src/api/spec.ts';
import { addGateOptions } from '../../src/cli/gate-options.ts';
import { parseConfig } from '../../src/config.ts';
import { hookHouseOf } from '../../src/wire-hooks.ts';
import { makeApi } from '../support/api.ts';
import { readText, readYaml } from './files.ts';

type Action = {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly description: string }>>;
  readonly outputs: Readonly<Record<string, object>>;
  readonly runs: { readonly using: string; readonly main: string };
};
type Step = {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
};
type Workflow = {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { readonly environment: string; readonly steps: readonly Step[] }>>;
};

const action = readYaml<Action>('action/action.yml');
const sources = { env: {}, readFile: () => 'a-secret-from-a-file-of-its-own' };

/** Steps that use the action, of a workflow or of the steps alone that a page shows. */
function checkSteps(steps: readonly Step[], where: string): void {
  const ours = steps.filter(({ uses }) => /\/action@/.test(uses ?? ''));
  assert.ok(ours.length > 0, `${where} uses the action`);
  for (const { with: inputs = {} } of ours) {
    for (const name of Object.keys(inputs)) assert.ok(name in action.inputs, `${where}: ${name}`);
    for (const [name, { required }] of Object.entries(action.inputs))
      if (required === true) assert.ok(inputs[name], `${where} lacks ${name}`);
  }
}

describe('action/action.yml', () => {
  it('starts the committed bundle on a runtime that runners have', () => {
    assert.deepEqual([action.runs.using, action.runs.main], ['node24', 'dist/index.js']);
    assert.ok(readText('action/dist/index.js').length > 10_000);
  });

  it('has every input and output on its page, with the default it has', () => {
    const page = readText('docs/callers/github-actions.md');
    for (const name of [...Object.keys(action.inputs), ...Object.keys(action.outputs)])
      assert.ok(page.includes(`\`${name}\``), `${name} is missing`);
    const rows = [...page.matchAll(/^\| `([\w-]+)` \| `([^`]+)` \|/gm)];
    const inputs = action.inputs as Readonly<Record<string, { readonly default?: string }>>;
    const tabled = rows.filter(([, name = '']) => inputs[name]?.default !== undefined);
    assert.ok(tabled.length >= 5);
    for (const [, name = '', value] of tabled) assert.equal(inputs[name]?.default, value, name);
  });
});

describe('examples/github', () => {
  const text = readText('examples/github/workflow.yaml');
  const workflow = parse(text) as Workflow;

  it('uses the action with inputs that it has, and outputs that it gives', () => {
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    checkSteps(steps, 'workflow.yaml');
    for (const [, name = ''] of text.matchAll(/steps\.serin\.outputs\.([\w-]+)/g))
      assert.ok(name in action.outputs, name);
    assert.ok(steps.some(({ id }) => id === 'serin'));
  });

  it('lets the job mint a token that the rule of serin.yaml lets in', () => {
    assert.equal(workflow.permissions['id-token'], 'write');
    const { auth } = parseConfig(readText('examples/github/serin.yaml'), sources);
    const [issuer] = auth.oidc;
    assert.equal(issuer?.rules[0]?.claims['environment'], workflow.jobs['deploy']?.environment);
    assert.equal(issuer?.rules[0]?.claims['ref'], 'refs/heads/main');
    const url = workflow.jobs['deploy']?.steps.find(({ id }) => id === 'serin')?.with?.['url'] ?? '';
    assert.deepEqual(issuer?.audience, [new URL(url).origin]);
  });

  it('is what the page shows', () => {
    const page = readText('docs/callers/github-actions.md');
    const [, block = ''] = /```yaml\n(- uses.*?)```/s.exec(page) ?? [];
    checkSteps(parse(block) as Step[], 'the page');
  });
});

describe('examples/gitlab', () => {
  const pipeline = readYaml<
    Record<string, { readonly script: readonly string[]; readonly [key: string]: unknown }>
  >('examples/gitlab/.gitlab-ci.yml');
  const { judge } = pipeline;

  it('calls the gate with flags that it has, and allows the exit code of inconclusive alone', () => {
    const flags = addGateOptions(new Command('gate')).options.map(({ long }) => long);
    const script = judge?.script.join('\n') ?? '';
    assert.match(script, /^serin gate /);
    for (const [flag] of script.matchAll(/--[\w-]+/g)) assert.ok(flags.includes(flag), flag);
    assert.deepEqual(judge?.['allow_failure'], { exit_codes: [3] });
  });

  it('asks for the token where the gate looks for it, for the audience of serin.yaml', () => {
    const { auth, services } = parseConfig(readText('examples/gitlab/serin.yaml'), sources);
    assert.deepEqual(judge?.['id_tokens'], { SERIN_TOKEN: { aud: auth.oidc[0]?.audience[0] } });
    assert.equal(auth.oidc[0]?.type, 'gitlab');
    assert.equal(services[0]?.repository, 'shop/checkout');
    assert.ok(auth.webhooks.gitlab);
  });
});

describe('examples/jenkins/Jenkinsfile', () => {
  it('asks with members that the API has, and reads what the callback says', () => {
    const text = readText('examples/jenkins/Jenkinsfile');
    const [, body = ''] = /json: \[\n(.*?)\n {14}\]\)/s.exec(text) ?? [];
    const names = [...body.matchAll(/^ {16}(\w+):/gm)].map(([, name = '']) => name);
    const { properties = {} } = parseSpec(readSpecText()).components.schemas['StartAnalysis'] ?? {};
    assert.ok(names.includes('callbackUrl') && names.includes('callbackHeaders'));
    for (const name of names) assert.ok(name in properties, name);
    const page = readText('docs/callers/jenkins.md');
    for (const [, member = ''] of text.matchAll(/told\.(\w+)/g))
      assert.ok(page.includes(`\`${member}\``), member);
    assert.equal(text.split('{').length, text.split('}').length);
  });
});

describe('examples/cdevents', () => {
  it('is taken as a change that is out', async () => {
    const taken: unknown[] = [];
    const config = parseConfig('services: [{ name: checkout }]', sources);
    const api = makeApi({
      hookHouse: () => hookHouseOf(config),
      now: () => Date.parse('2026-11-23T11:00:00Z'),
      changes: {
        ...makeApi().deps.changes,
        report: async (reports) => {
          taken.push(...reports.map(({ service, outcome, facts }) => [service, outcome, facts.version]));
          return [];
        },
      },
    });
    const answer = await request(api.handler)
      .post('/v1/hooks/cdevents')
      .set('Content-Type', 'application/cloudevents+json')
      .send(readText('examples/cdevents/service-deployed.json'));
    assert.equal(answer.status, 202);
    assert.deepEqual(taken, [['checkout', 'succeeded', 'v1.8.0']]);
  });
});
