import assert from 'node:assert/strict';
import request from 'supertest';
import { parseGitlabTime, readDeployment } from '../../src/api/gitlab/deployment.ts';
import type { HookHouse } from '../../src/api/hook-house.ts';
import { authSchema } from '../../src/auth/config.ts';
import { signStandard } from '../../src/auth/webhook.ts';
import type { InputIssue } from '../../src/errors.ts';
import type { Actor } from '../../src/ledger/actor.ts';
import type { ChangeReport } from '../../src/ledger/changes.ts';
import { parseWith } from '../../src/parse.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeApi } from '../support/api.ts';
import { knowCallers, makeCaller } from '../support/callers.ts';
import { start } from '../support/plans.ts';

const secret = 'a-secret-token';
const sha = '279484c09fbe69ededfced8c1bb6e6d24616b468';
const path = '/v1/hooks/gitlab';

/** As GitLab sends it, members that are not read included. */
const body = {
  object_kind: 'deployment',
  status: 'success',
  status_changed_at: '2021-04-28 21:50:00 +0200',
  deployment_id: 15,
  deployable_id: 796,
  deployable_url: 'https://gitlab.example/shop/checkout/-/jobs/796',
  environment: 'production',
  environment_tier: 'production',
  environment_slug: 'production',
  environment_external_url: 'https://shop.example',
  project: {
    id: 30,
    name: 'checkout',
    path_with_namespace: 'Shop/checkout',
    web_url: 'https://gitlab.example/Shop/checkout',
  },
  short_sha: '279484c0',
  user: { id: 1, name: 'Ada', username: 'ada' },
  user_url: 'https://gitlab.example/ada',
  commit_url: `https://gitlab.example/Shop/checkout/-/commit/${sha}`,
  commit_title: 'Add new file',
  ref: 'main',
};

const at = Date.parse('2021-04-28T19:50:00Z');
const webhooks = parseWith(authSchema, {
  webhooks: { gitlab: { secrets: [secret, 'the-one-before'] } },
}).webhooks;
const house: HookHouse = {
  services: [
    { name: 'checkout', aliases: [], repository: 'shop/checkout' },
    { name: 'billing', aliases: ['invoices'], repository: 'https://gitlab.example/shop/mono.git' },
    { name: 'search', aliases: [], repository: 'shop/mono' },
    { name: 'lonely', aliases: [], repository: null },
  ],
  environments: ['live', 'staging'],
  webhooks,
};

describe('a deployment of GitLab', () => {
  const read = (changes: object = {}): ChangeReport | null => readDeployment({ ...body, ...changes }, house);

  it('that succeeded is a change that is out, with the whole commit', () => {
    assert.deepEqual(read(), {
      source: 'gitlab',
      externalId: 'gitlab.example/30/15',
      service: 'checkout',
      environment: 'production',
      targets: [],
      facts: { commit: sha, actor: 'ada', url: body.deployable_url },
      finishedAt: at,
      outcome: 'succeeded',
    });
  });

  it('goes on as its status says', () => {
    assert.equal(read({ status: 'running' })?.facts.startedAt, at);
    const failed = read({ status: 'failed' });
    assert.deepEqual([failed?.outcome, failed?.failureClass], ['failed', 'failed_to_deploy']);
    assert.equal(read({ status: 'canceled' })?.outcome, 'abandoned');
    assert.equal(read({ status: 'rejected' })?.outcome, 'abandoned');
    assert.equal(read({ status: 'blocked' })?.outcome, undefined);
    assert.equal(read({ status: 'something-new' }), null);
  });

  it('knows its commit by the short form where there is no address', () => {
    assert.equal(read({ commit_url: undefined })?.facts.commit, '279484c0');
  });

  it('belongs to the service of its project, or the one called like it', () => {
    const of = (project: string, environment = 'production'): readonly unknown[] | null => {
      const found = read({ project: { ...body.project, path_with_namespace: project }, environment });
      return found === null ? null : [found.service, found.environment];
    };
    assert.deepEqual(of('other/lonely'), ['lonely', 'production']);
    assert.equal(of('other/unknown'), null);
    assert.equal(of('shop/mono'), null, 'nobody can say which of the two');
    assert.deepEqual(of('shop/mono', 'staging/search'), ['search', 'staging']);
    assert.deepEqual(of('shop/mono', 'invoices/staging'), ['billing', 'staging']);
  });

  it('reaches production by its tier, unless the environment is declared', () => {
    const of = (environment: string, tier: string) => {
      const found = read({ environment, environment_tier: tier });
      return [found?.environment, found?.targets];
    };
    assert.deepEqual(of('eu-west', 'production'), ['production', ['eu-west']]);
    assert.deepEqual(of('live', 'production'), ['live', []]);
    assert.deepEqual(of('eu-west', 'staging'), ['eu-west', []]);
  });

  it('tells times in GitLab’s own way and in others', () => {
    const parse = (text: string): number | string => {
      const issues: InputIssue[] = [];
      const found = parseGitlabTime(text, 'at', issues);
      return issues.length > 0 ? 'issue' : found;
    };
    for (const text of [
      '2021-04-28 21:50:00 +0200',
      '2021-04-28 19:50:00 UTC',
      '2021-04-28T21:50:00+02:00',
      '2021-04-28T19:50:00.000Z',
    ])
      assert.equal(parse(text), at, text);
    for (const text of [
      '2021-02-30 21:50:00 +0200',
      '2021-04-28',
      'yesterday',
      '2021-04-28 25:00:00 +0200',
      '2021-13-28 21:50:00 +0200',
      '2021-04-28 21:50:00',
    ])
      assert.equal(parse(text), 'issue', text);
  });

  it('without what must be there is bad input, and says where', () => {
    assert.throws(() => read({ status_changed_at: 'soon' }), /status_changed_at: found "soon"/);
    assert.throws(() => read({ project: undefined }), /project: is missing/);
  });
});

describe('POST /v1/hooks/gitlab', () => {
  const make = (changes: Parameters<typeof makeApi>[0] = {}) => {
    const told: { reports: readonly ChangeReport[]; by: Actor }[] = [];
    const metrics = createMetrics({ process: false });
    const api = makeApi({
      metrics,
      hookHouse: () => house,
      authentication: knowCallers([
        makeCaller('record', null, 'serin_record'),
        makeCaller('read', null, 'serin_read'),
      ]),
      ...changes,
      changes: {
        ...makeApi().deps.changes,
        report: async (reports, by) => {
          told.push({ reports, by });
          return [];
        },
      },
    });
    return { api, told, metrics };
  };
  const send = (api: ReturnType<typeof makeApi>, headers: Record<string, string>, sent: object = body) =>
    request(api.handler)
      .post(path)
      .set({ 'X-Gitlab-Event': 'Deployment Hook', ...headers })
      .send(JSON.stringify(sent));
  const signed = (text: string, at = start): Record<string, string> => ({
    ...signStandard(secret, { id: 'w-1', at, body: text }),
  });

  it('takes what carries the secret, the old one too', async () => {
    for (const token of [secret, 'the-one-before']) {
      const { api, told } = make();
      const answer = await send(api, { 'X-Gitlab-Token': token });
      assert.deepEqual([answer.status, answer.body], [202, { accepted: true }]);
      assert.equal(told[0]?.by.name, 'webhook:gitlab');
      assert.equal(told[0]?.reports[0]?.externalId, 'gitlab.example/30/15');
    }
  });

  it('takes what is signed by the rules of Standard Webhooks', async () => {
    const { api, told } = make();
    const answer = await send(api, signed(JSON.stringify(body)));
    assert.deepEqual([answer.status, told.length], [202, 1]);
  });

  it('takes what carries a token of Serin with the role record', async () => {
    const { api, told } = make();
    const answer = await send(api, { Authorization: 'Bearer serin_record' });
    assert.deepEqual([answer.status, told[0]?.by.name], [202, 'token:serin_record']);
    assert.equal((await send(api, { Authorization: 'Bearer serin_read' })).status, 403);
    assert.equal(told.length, 1);
  });

  it('refuses what is forged, unsigned, stale or changed, counts it and stores nothing', async () => {
    const { api, told, metrics } = make();
    const whole = signed(JSON.stringify(body));
    for (const headers of [
      {},
      { 'X-Gitlab-Token': 'wrong-secret' },
      { 'X-Gitlab-Token': '' },
      { ...whole, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` },
      signed(JSON.stringify(body), start - 400_000),
      signed(JSON.stringify({ ...body, status: 'failed' })),
      { Authorization: 'Bearer serin_unknown' },
    ]) {
      const answer = await send(api, headers as Record<string, string>);
      assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated'], JSON.stringify(headers));
    }
    assert.equal(told.length, 0);
    assert.match((await metrics.expose()).text, /serin_auth_failures_total\{reason="signature"\} 6/);
  });

  it('refuses all while no secret is configured, and says where it goes', async () => {
    const { api, told } = make({ hookHouse: () => ({ ...house, webhooks: {} }) });
    const answer = await send(api, { 'X-Gitlab-Token': secret });
    assert.equal(answer.status, 401);
    assert.match(answer.body.detail, /auth\.webhooks\.gitlab/);
    assert.equal(told.length, 0);
  });

  it('lets anybody in while access control is off, as on a laptop', async () => {
    const open = make({
      hookHouse: () => ({ ...house, webhooks: {} }),
      authentication: knowCallers([], ['admin']),
    });
    assert.equal((await send(open.api, {})).status, 202);
    assert.equal(open.told.length, 1);
  });

  it('accepts other webhooks and projects that nobody configured, and counts them', async () => {
    const { api, told, metrics } = make();
    const headers = { 'X-Gitlab-Token': secret };
    assert.equal((await send(api, headers, { object_kind: 'push', ref: 'main' })).status, 202);
    const stranger = { ...body, project: { ...body.project, path_with_namespace: 'a/b' } };
    assert.equal((await send(api, headers, stranger)).status, 202);
    assert.equal(told.length, 0);
    const { text } = await metrics.expose();
    assert.match(text, /serin_hook_events_total\{source="gitlab",event="other",outcome="ignored"\} 1/);
    assert.match(text, /serin_hook_events_total\{source="gitlab",event="deployment",outcome="ignored"\} 1/);
  });

  it('answers 400 with the path to a deployment that cannot be read', async () => {
    const answer = await send(make().api, { 'X-Gitlab-Token': secret }, { ...body, deployment_id: 'x' });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.errors[0].path, 'deployment_id');
  });
});
