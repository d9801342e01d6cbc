import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import request from 'supertest';
import type { IncidentMapping } from '../../../src/api/incidents/mapping.ts';
import type { Refusal } from '../../../src/auth/authentication.ts';
import { anonymousCaller, type Caller } from '../../../src/auth/caller.ts';
import type { AuthConfig } from '../../../src/auth/config.ts';
import { SerinError } from '../../../src/errors.ts';
import type { Actor } from '../../../src/ledger/actor.ts';
import type { IncidentReport } from '../../../src/ledger/incident.ts';
import { makeIncident } from '../../ledger/incidents-at-hand.ts';
import { makeApi } from '../../support/api.ts';

const secret = 'a-secret-of-eight';
const mapping: IncidentMapping = {
  serviceLabels: ['service'],
  environmentLabels: ['env'],
  versionLabels: [],
  commitLabels: [],
  services: {},
  severities: { alertmanager: ['critical'] },
};
const refused: Refusal = { refused: 'missing', message: 'a credential is needed' };

type Options = {
  readonly webhooks?: AuthConfig['webhooks'];
  readonly identify?: (credential: string | null) => Caller | Refusal;
  readonly fails?: SerinError;
};

function makeHooks({ webhooks = {}, identify = () => refused, fails }: Options = {}) {
  const taken: IncidentReport[] = [];
  const actors: Actor[] = [];
  const never = () => Promise.reject(new Error('the test did not expect this call'));
  const incidents = {
    take: async (reports: readonly IncidentReport[], by: Actor) => {
      if (fails !== undefined) throw fails;
      taken.push(...reports);
      actors.push(by);
      return reports.map(({ facts }) =>
        makeIncident(1, { service: facts.service ?? null, serviceKeys: facts.serviceKeys ?? [] }),
      );
    },
    get: never,
    list: never,
    attribute: never,
    remap: never,
  };
  const findPlace = (name: string) =>
    name === 'checkout' ? { service: 'checkout', environment: 'production' } : null;
  const api = makeApi({
    incidents: { incidents, findPlace },
    incidentMapping: () => ({ mapping, findPlace, webhooks }),
    authentication: { identify: async (credential) => identify(credential) },
  });
  const post = (source: string, body: object) =>
    request(api.handler)
      .post(`/v1/hooks/incidents/${source}`)
      .set('Content-Type', 'application/json')
      .send(JSON.stringify(body));
  return { ...api, post, taken, actors };
}

const configured: AuthConfig['webhooks'] = Object.fromEntries(
  ['alertmanager', 'grafana', 'pagerduty', 'opsgenie', 'datadog', 'jira', 'servicenow', 'generic'].map(
    (source) => [source, { secrets: ['the-old-secret', secret] }],
  ),
);

const ping = { event: { event_type: 'pagey.ping', resource_type: 'pagey', data: {} } };
const alerts = {
  version: '4',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'HighErrors', service: 'checkout', severity: 'critical', env: 'production' },
      annotations: {},
      startsAt: '2026-01-01T00:00:00Z',
      fingerprint: 'f1',
    },
  ],
};
const pagerduty = {
  event: {
    event_type: 'incident.triggered',
    resource_type: 'incident',
    occurred_at: '2026-01-01T00:00:00Z',
    data: { id: 'Q1', status: 'triggered', service: { id: 'P1', summary: 'checkout' } },
  },
};
const issue = {
  webhookEvent: 'jira:issue_created',
  issue: { key: 'OPS-1', fields: { issuetype: { name: 'Incident' }, components: [{ name: 'checkout' }] } },
};

function hex(body: object): string {
  return createHmac('sha256', secret).update(JSON.stringify(body)).digest('hex');
}

/** Each source with a body of its own and the headers that prove where it comes from. */
const signed: readonly (readonly [source: string, body: object, headers: Record<string, string>])[] = [
  ['alertmanager', alerts, { Authorization: `Bearer ${secret}` }],
  ['alertmanager', alerts, { Authorization: `Basic ${btoa(`serin:${secret}`)}` }],
  ['grafana', alerts, { 'X-Grafana-Alerting-Signature': hex(alerts) }],
  ['grafana', alerts, { Authorization: `Bearer ${secret}` }],
  ['pagerduty', pagerduty, { 'X-PagerDuty-Signature': `v1=${'0'.repeat(64)},v1=${hex(pagerduty)}` }],
  ['opsgenie', { action: 'Create', alert: { alertId: 'a' } }, { Authorization: `Bearer ${secret}` }],
  ['datadog', { id: 1, transition: 'Triggered' }, { Authorization: `Bearer ${secret}` }],
  ['jira', issue, { 'X-Hub-Signature': `sha256=${hex(issue)}` }],
  ['servicenow', { sys_id: 's', state: '1' }, { Authorization: `Basic ${btoa(`serin:${secret}`)}` }],
  ['generic', { externalId: 'g' }, { Authorization: `Bearer ${secret}` }],
];

describe('POST /v1/hooks/incidents/{source}', () => {
  for (const [source, body, headers] of signed) {
    const [name] = Object.keys(headers);
    it(`takes an incident of ${source} that proves itself by ${name} ${headers[name ?? '']?.slice(0, 5)}…`, async () => {
      const { post, taken, actors } = makeHooks({ webhooks: configured });
      await post(source, body).set(headers).expect(202);
      assert.equal(taken.length, 1);
      assert.equal(taken[0]?.source, source);
      assert.equal(actors[0]?.name, `webhook:${source}`);
    });

    it(`refuses the same of ${source} when it is forged, and stores nothing`, async () => {
      const { post, taken } = makeHooks({ webhooks: configured });
      const forged = Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [key, value.replace(/.{4}$/, 'ffff')]),
      );
      await post(source, body).set(forged).expect(401);
      assert.deepEqual(taken, []);
    });
  }

  it('refuses what is not signed, with or without a secret configured', async () => {
    for (const webhooks of [configured, {}]) {
      const { post, taken } = makeHooks({ webhooks });
      await post('pagerduty', pagerduty).expect(401);
      assert.deepEqual(taken, []);
    }
  });

  it('takes what is signed by Standard Webhooks, and refuses what is stale', async () => {
    const { post, taken, deps } = makeHooks({ webhooks: configured });
    const body = { externalId: 'g' };
    const sign = (seconds: number) => {
      const text = `m1.${seconds}.${JSON.stringify(body)}`;
      return {
        'webhook-id': 'm1',
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${createHmac('sha256', secret).update(text).digest('base64')}`,
      };
    };
    const now = Math.floor(deps.now() / 1000);
    await post('generic', body).set(sign(now)).expect(202);
    await post('generic', body)
      .set(sign(now - 400))
      .expect(401);
    assert.equal(taken.length, 1);
  });

  it('takes a token of the role record instead, and keeps its scope', async () => {
    const caller: Caller = { name: 'token:oncall', kind: 'token', roles: ['record'], services: ['checkout'] };
    const { post, actors } = makeHooks({ webhooks: configured, identify: () => caller });
    await post('generic', { externalId: 'g' }).set('Authorization', 'Bearer serin_x').expect(202);
    assert.equal(actors[0]?.name, 'token:oncall');
    assert.deepEqual(actors[0]?.services, ['checkout']);
  });

  it('takes a token that is given by configuration, whatever it looks like, beside the secret of the source', async () => {
    const caller: Caller = { name: 'token:oncall', kind: 'token', roles: ['record'], services: null };
    const identify = (credential: string | null) => (credential === 'of-my-own' ? caller : refused);
    const { post, actors } = makeHooks({ webhooks: configured, identify });
    await post('pagerduty', ping).set('Authorization', 'Bearer of-my-own').expect(202);
    await post('alertmanager', alerts).set('Authorization', `Bearer ${secret}`).expect(202);
    await post('alertmanager', alerts).set('Authorization', 'Bearer of-nobody').expect(401);
    assert.deepEqual(
      actors.map(({ name }) => name),
      ['token:oncall', 'webhook:alertmanager'],
    );
    const { post: unsigned } = makeHooks({ identify });
    await unsigned('generic', { externalId: 'g' }).set('Authorization', 'Bearer of-my-own').expect(202);
  });

  it('refuses a token that may only read', async () => {
    const caller: Caller = { name: 'token:reader', kind: 'token', roles: ['read'], services: null };
    const { post, taken } = makeHooks({ identify: () => caller });
    await post('generic', { externalId: 'g' }).set('Authorization', 'Bearer serin_x').expect(403);
    assert.deepEqual(taken, []);
  });

  it('takes it unsigned as long as nobody needs a credential', async () => {
    const { post, taken } = makeHooks({ identify: () => anonymousCaller(['admin']) });
    await post('alertmanager', alerts).expect(202);
    assert.equal(taken[0]?.facts.service, 'checkout');
  });

  const open = { identify: () => anonymousCaller(['admin']) };

  it('accepts what maps to no service and says so', async () => {
    const { post, taken } = makeHooks(open);
    const { body } = await post('generic', [
      { externalId: 'a', service: 'billing' },
      { externalId: 'b', service: 'checkout' },
    ]).expect(202);
    assert.deepEqual(body, { accepted: true, incidents: 2, unmapped: 1 });
    assert.deepEqual(taken[0]?.facts.serviceKeys, ['billing']);
  });

  it('leaves out severities that do not count', async () => {
    const { post, taken } = makeHooks(open);
    const [alert] = alerts.alerts;
    const warning = { ...alert, labels: { ...alert?.labels, severity: 'warning' } };
    const { body } = await post('alertmanager', { ...alerts, alerts: [warning] }).expect(202);
    assert.equal(body.incidents, 0);
    assert.deepEqual(taken, []);
  });

  it('accepts what tells of no incident', async () => {
    const { post } = makeHooks(open);
    await post('pagerduty', ping).expect(202);
  });

  it('names the path of what it cannot read, and the sources there are', async () => {
    const { post } = makeHooks(open);
    const { body } = await post('alertmanager', { alerts: [{ status: 'x' }] }).expect(400);
    assert.equal(body.errors[0].path, 'alerts[0].status');
    const unknown = await post('nagios', {}).expect(400);
    assert.match(unknown.body.errors[0].message, /^allowed are alertmanager, grafana, pagerduty/);
  });

  it('answers 503 while the database is away, so that the source tries again', async () => {
    const { post } = makeHooks({
      ...open,
      fails: new SerinError('store_unavailable', 'the database is away'),
    });
    await post('alertmanager', alerts).expect(503);
  });
});
