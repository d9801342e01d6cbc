import assert from 'node:assert/strict';
import request from 'supertest';
import type { GithubDeps } from '../../src/api/github/router.ts';
import { SerinError } from '../../src/errors.ts';
import type { HostEvent, Intake } from '../../src/gate/intake.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeApi, makeTimers } from '../support/api.ts';
import {
  headersOf,
  makeDeployment,
  makeDeploymentStatus,
  makeGithubHouse,
  makePolicy,
  makeProtectionRule,
  repository,
  sha,
} from '../support/github-events.ts';
import { start } from '../support/plans.ts';

const secrets = ['the-newer-secret', 'the-older-secret'];

type Taken = { readonly id: string; readonly event: HostEvent };

function makeHooks(changes: Partial<Pick<GithubDeps, 'intake' | 'secrets' | 'house'>> = {}) {
  const taken: Taken[] = [];
  const metrics = createMetrics({ process: false });
  const intake: Intake = {
    take: async ({ id }, event) => {
      taken.push({ id, event });
      return 'recorded';
    },
  };
  const timers = makeTimers();
  const github = { intake, secrets: () => secrets, house: () => makeGithubHouse(), ...changes };
  const api = makeApi({ github, metrics, after: timers.after });
  const post = (event: string, body: unknown, secret = 'the-newer-secret', deliveryId = 'd1') => {
    const text = JSON.stringify(body);
    return request(api.handler)
      .post('/v1/hooks/github')
      .set(headersOf(event, text, { secret, deliveryId }))
      .send(text);
  };
  return { api, taken, post, timers, counted: async () => (await metrics.expose()).text };
}

/** The gate or deployment that one event leads to; `null` when to none. */
async function read(event: string, body: unknown, house = makeGithubHouse()): Promise<HostEvent | null> {
  const { post, taken } = makeHooks({ house: () => house });
  const response = await post(event, body);
  assert.equal(response.status, 202, JSON.stringify(response.body));
  assert.equal(response.body.result, taken.length === 0 ? 'ignored' : 'recorded');
  return taken[0]?.event ?? null;
}

async function readGate(body: unknown, house = makeGithubHouse()) {
  const event = await read('deployment_protection_rule', body, house);
  return event?.type === 'gate' ? event.gate : assert.fail('no gate was asked at');
}

async function readReport(event: string, body: unknown) {
  const told = await read(event, body);
  return told?.type === 'deployment' ? told.deployment : null;
}

describe('POST /v1/hooks/github', () => {
  describe('who may deliver', () => {
    it('is who knows one of the secrets', async () => {
      for (const secret of secrets) {
        const { post, taken } = makeHooks();
        const response = await post('deployment', makeDeployment(), secret);
        assert.deepEqual([response.status, response.body], [202, { accepted: true, result: 'recorded' }]);
        assert.equal(taken.length, 1);
      }
    });

    it('is nobody else: forged, unsigned and otherwise signed events are 401, counted, and reach nothing', async () => {
      const { api, post, taken, counted } = makeHooks();
      const text = JSON.stringify(makeDeployment());
      const { 'X-Hub-Signature-256': signature = '', ...unsigned } = headersOf('deployment', text, {
        secret: 'the-newer-secret',
        deliveryId: 'd1',
      });
      const send = (headers: Record<string, string>, body = text) =>
        request(api.handler).post('/v1/hooks/github').set(headers).send(body);

      const responses = [
        await post('deployment', makeDeployment(), 'another-secret'),
        await send(unsigned),
        await send({ ...unsigned, 'X-Hub-Signature-256': signature }, `${text} `),
        await send({ ...unsigned, 'X-Hub-Signature': 'sha1=0000' }),
        await send({ 'Content-Type': 'application/json' }),
      ];

      assert.deepEqual(
        responses.map(({ status, body }) => [status, body.code]),
        responses.map(() => [401, 'unauthenticated']),
      );
      assert.deepEqual(taken, []);
      assert.match(await counted(), /serin_auth_failures_total\{reason="signature"\} 5/);
    });

    it('is nobody while no secret is configured', async () => {
      const { post, taken } = makeHooks({ secrets: () => [] });
      const response = await post('deployment', makeDeployment(), '');
      assert.equal(response.status, 401);
      assert.match(response.body.detail, /no secret is configured/);
      assert.deepEqual(taken, []);
    });
  });

  it('needs the name of the event and of the delivery', async () => {
    const { api, taken } = makeHooks();
    const text = JSON.stringify(makeDeployment());
    const headers = headersOf('deployment', text, { secret: 'the-newer-secret', deliveryId: 'd1' });
    for (const name of ['X-GitHub-Event', 'X-GitHub-Delivery']) {
      const { [name]: _left, ...rest } = headers;
      const response = await request(api.handler).post('/v1/hooks/github').set(rest).send(text);
      assert.deepEqual([response.status, response.body.errors[0].path], [400, name]);
    }
    assert.deepEqual(taken, []);
  });

  it('accepts events and repositories that concern nothing here, and counts them', async () => {
    const { post, taken, counted } = makeHooks();
    const elsewhere = { repository: { ...repository, full_name: 'shop/other' } };
    for (const [event, body] of [
      ['ping', { zen: 'Keep it logically awesome.' }],
      ['star', { action: 'created', repository }],
      ['deployment', makeDeployment(elsewhere)],
      ['deployment_protection_rule', makeProtectionRule(elsewhere)],
      ['deployment_protection_rule', makeProtectionRule({ action: 'other' })],
      ['workflow_run', { action: 'completed', workflow_run: { id: 7301 }, ...elsewhere }],
      ['workflow_run', { action: 'requested', workflow_run: { id: 7301 }, repository }],
    ] as const) {
      const response = await post(event, body);
      assert.deepEqual([response.status, response.body.result], [202, 'ignored'], event);
    }
    assert.deepEqual(taken, []);
    const text = await counted();
    assert.match(text, /serin_hook_events_total\{source="github",event="other",outcome="ignored"\} 2/);
    assert.match(text, /event="deployment_protection_rule",outcome="ignored"\} 2/);
  });

  it('says that a delivery came before', async () => {
    const { post, counted } = makeHooks({ intake: { take: async () => 'duplicate' } });
    const response = await post('deployment', makeDeployment());
    assert.deepEqual([response.status, response.body.result], [202, 'duplicate']);
    assert.match(await counted(), /outcome="duplicate"\} 1/);
  });

  it('is 503 while nothing can be stored, so that GitHub marks the delivery as failed', async () => {
    const away = () => Promise.reject(new SerinError('store_unavailable', 'the database is away'));
    const response = await makeHooks({ intake: { take: away } }).post('deployment', makeDeployment());
    assert.equal(response.status, 503);
  });

  it('does not wait for a store that does not answer', async () => {
    const { post, timers } = makeHooks({ intake: { take: () => new Promise(() => {}) } });
    const asked = post('deployment', makeDeployment()).then((response) => response.status);
    while (!timers.pending().includes(5_000)) await new Promise(setImmediate);
    timers.fire(5_000);
    assert.equal(await asked, 503);
  });

  it('refuses an event that lacks what it is about', async () => {
    const { post, taken } = makeHooks();
    const response = await post('deployment', { action: 'created', repository });
    assert.deepEqual([response.status, response.body.errors[0].path], [400, 'deployment']);
    assert.deepEqual(taken, []);
  });

  describe('deployment_protection_rule', () => {
    it('asks at the gate of the environment, by commit, until the deadline', async () => {
      const gate = await readGate(makeProtectionRule());
      assert.deepEqual(gate, {
        key: 'github/88/7301/production/412',
        group: 'github/88/7301',
        service: 'checkout',
        environment: 'production',
        change: { commit: sha },
        policy: makePolicy(),
        receiver: {
          channel: 'github',
          data: {
            owner: 'shop',
            repository: 'checkout',
            repositoryId: 88,
            installationId: 99,
            runId: 7301,
            environment: 'production',
            sha,
          },
        },
        comments: true,
        report: 'none',
        deadline: start + 21_600_000,
      });
    });

    it('does without a deployment, an installation, and members it does not know', async () => {
      const body = makeProtectionRule({ deployment: null, installation: undefined, extra: { deep: [1] } });
      const gate = await readGate(body);
      assert.equal(gate.key, 'github/88/7301/production/d1');
      assert.equal((gate.receiver.data as { installationId: unknown }).installationId, null);
    });

    it('takes the commit of the deployment where the event says none, and no report without any', async () => {
      const house = makeGithubHouse({ report: 'check' });
      const fromDeployment = await readGate(makeProtectionRule({ sha: undefined }), house);
      assert.deepEqual([fromDeployment.change, fromDeployment.report], [{ commit: sha }, 'check']);
      const without = await readGate(makeProtectionRule({ sha: undefined, deployment: { id: 1 } }), house);
      assert.deepEqual([without.change, without.report], [{}, 'none']);
    });

    it('finds the service that the deployment names among those of the repository', async () => {
      const services = ['checkout', 'search'].map((name) => ({
        name,
        repository: 'Shop/Checkout',
        gates: [],
      }));
      const house = makeGithubHouse({ services });
      const naming = (payload: unknown) => makeProtectionRule({ deployment: { id: 412, payload } });
      for (const payload of [{ service: 'search', version: 'v2' }, '{"service":"search","version":"v2"}']) {
        const gate = await readGate(naming(payload), house);
        assert.deepEqual([gate.service, gate.change.version, gate.policy], ['search', 'v2', null]);
      }
      for (const payload of [{}, 'no object', { service: 'elsewhere' }])
        assert.equal(await read('deployment_protection_rule', naming(payload), house), null);
    });

    it('is refused when it leads to another host, another repository, or no run', async () => {
      for (const address of [
        'https://evil.example/repos/shop/checkout/actions/runs/1/deployment_protection_rule',
        'https://api.github.com.evil.example/repos/shop/checkout/actions/runs/1/deployment_protection_rule',
        'http://169.254.169.254/repos/shop/checkout/actions/runs/1/deployment_protection_rule',
        'https://api.github.com/repos/shop/other/actions/runs/1/deployment_protection_rule',
        'https://api.github.com/repos/shop/checkout/actions/runs/x/deployment_protection_rule',
        'https://api.github.com/repos/shop/checkout/actions/runs/1/deployment_protection_rule/../x',
        'not an address',
      ]) {
        const { post, taken, counted } = makeHooks();
        const body = makeProtectionRule({ deployment_callback_url: address });
        const response = await post('deployment_protection_rule', body);
        assert.deepEqual([response.status, response.body.code], [403, 'forbidden'], address);
        assert.deepEqual(taken, []);
        assert.match(await counted(), /event="deployment_protection_rule",outcome="refused"\} 1/);
      }
    });

    it('knows a run behind the path of an enterprise server', async () => {
      const address =
        'https://github.example/api/v3/repos/shop/checkout/actions/runs/9/deployment_protection_rule';
      const house = makeGithubHouse({ allowedHosts: ['github.example'] });
      const gate = await readGate(makeProtectionRule({ deployment_callback_url: address }), house);
      assert.equal(gate.group, 'github/88/9');
    });
  });

  describe('deployment and deployment_status', () => {
    it('tell of a change by repository and deployment', async () => {
      assert.deepEqual(await readReport('deployment', makeDeployment()), {
        report: {
          source: 'github',
          externalId: '88/412',
          service: 'checkout',
          environment: 'production',
          targets: [],
          facts: { commit: sha, actor: 'ada', url: 'https://github.com/shop/checkout/actions/runs/7301' },
        },
        attempt: { name: 'run/88/7301/checkout/production', number: 1 },
      });
    });

    const at = '2026-01-01T00:10:00Z';
    const time = Date.parse(at);
    const states = [
      ['in_progress', { startedAt: time }, {}],
      ['success', {}, { finishedAt: time, outcome: 'succeeded' }],
      ['failure', {}, { finishedAt: time, outcome: 'failed', failureClass: 'failed_to_deploy' }],
      ['error', {}, { finishedAt: time, outcome: 'failed', failureClass: 'failed_to_deploy' }],
    ] as const;
    for (const [state, facts, ended] of states)
      it(`tell by ${state} what it is, at the time of the status`, async () => {
        const told = await readReport('deployment_status', makeDeploymentStatus(state, at));
        const { facts: found, finishedAt, outcome, failureClass } = told?.report ?? assert.fail();
        assert.equal(found.startedAt, 'startedAt' in facts ? facts.startedAt : undefined);
        const {
          finishedAt: f,
          outcome: o,
          failureClass: c,
        } = { finishedAt: undefined, outcome: undefined, failureClass: undefined, ...ended };
        assert.deepEqual([finishedAt, outcome, failureClass], [f, o, c]);
      });

    for (const state of ['inactive', 'queued', 'pending', 'waiting', 'a-new-one'])
      it(`tell nothing by ${state}`, async () => {
        assert.equal(await readReport('deployment_status', makeDeploymentStatus(state, at)), null);
      });

    it('know rollbacks and hotfixes by task and payload', async () => {
      const kindOf = async (deployment: Record<string, unknown>) =>
        (await readReport('deployment', makeDeployment({}, deployment)))?.report.facts.kind;
      assert.equal(await kindOf({ task: 'deploy:rollback' }), 'rollback');
      assert.equal(await kindOf({ payload: { kind: 'rollback' } }), 'rollback');
      assert.equal(await kindOf({ payload: '{"kind":"hotfix"}' }), 'hotfix');
      assert.equal(await kindOf({ task: 'deploy:migrations' }), undefined);
    });

    it('say which try of a run it is', async () => {
      const run = { id: 7301, run_attempt: 3 };
      const told = await readReport('deployment', makeDeployment({ workflow_run: run }));
      assert.equal(told?.attempt?.number, 3);
      assert.equal((await readReport('deployment', makeDeployment({ workflow_run: null })))?.attempt, null);
    });
  });

  it('withdraws what waits in a workflow run that is over', async () => {
    const body = { action: 'completed', workflow_run: { id: 7301, run_attempt: 1 }, repository };
    assert.deepEqual(await read('workflow_run', body), { type: 'over', group: 'github/88/7301' });
  });
});
