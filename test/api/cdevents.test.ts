import assert from 'node:assert/strict';
import request from 'supertest';
import { readPurl } from '../../src/api/cdevents/purl.ts';
import type { HookHouse } from '../../src/api/hook-house.ts';
import { authSchema } from '../../src/auth/config.ts';
import { signStandard } from '../../src/auth/webhook.ts';
import type { Actor } from '../../src/ledger/actor.ts';
import type { ChangeReport } from '../../src/ledger/changes.ts';
import type { IncidentReport } from '../../src/ledger/incident.ts';
import { parseWith } from '../../src/parse.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeApi } from '../support/api.ts';
import { knowCallers, makeCaller } from '../support/callers.ts';
import { start } from '../support/plans.ts';

const secret = 'a-secret-token';
const digest = `sha256:${'0b1c'.repeat(16)}`;
const artifactId = `pkg:oci/checkout@${encodeURIComponent(digest)}?repository_url=registry.example%2Fshop&tag=v1.8.0`;

const house: HookHouse = {
  services: [{ name: 'checkout', aliases: ['shop'], repository: null }],
  environments: ['production'],
  webhooks: parseWith(authSchema, { webhooks: { cdevents: { secrets: [secret] } } }).webhooks,
};

function makeEvent(
  predicate = 'deployed',
  context: object = {},
  content: object = {},
): Record<string, unknown> {
  return {
    context: {
      specversion: '0.5.0',
      id: '01J9',
      source: 'https://argo.example/eu1',
      type: `dev.cdevents.service.${predicate}.0.3.0`,
      timestamp: '2026-11-23T09:00:00Z',
      chainId: 'c',
      links: [],
      ...context,
    },
    subject: {
      id: 'prod/checkout',
      source: 'argo',
      content: { environment: { id: 'clusters/eu1/production' }, artifactId, ...content },
    },
    customData: { a: 1 },
    customDataContentType: 'application/json',
  };
}

function wrap(event: object, id = 'e-1'): Record<string, unknown> {
  return {
    specversion: '1.0',
    id,
    source: 'https://argo.example/eu1',
    type: 'dev.cdevents.service.deployed.0.3.0',
    datacontenttype: 'application/json',
    data: event,
  };
}

describe('POST /v1/hooks/cdevents', () => {
  const make = () => {
    const told: { reports: readonly ChangeReport[]; by: Actor }[] = [];
    const hurt: IncidentReport[] = [];
    const metrics = createMetrics({ process: false });
    const api = makeApi({
      metrics,
      hookHouse: () => house,
      authentication: knowCallers([
        makeCaller('record', null, 'serin_record'),
        makeCaller('gate', null, 'serin_gate'),
      ]),
      changes: {
        ...makeApi().deps.changes,
        report: async (reports, by) => {
          told.push({ reports, by });
          return [];
        },
      },
      incidents: {
        ...makeApi().deps.incidents,
        incidents: {
          ...makeApi().deps.incidents.incidents,
          take: async (reports) => {
            hurt.push(...reports);
            return [];
          },
        },
      },
    });
    const send = (sent: unknown, headers: Record<string, string> = {}) =>
      request(api.handler)
        .post('/v1/hooks/cdevents')
        .set({ Authorization: 'Bearer serin_record', ...headers })
        .send(JSON.stringify(sent));
    return { told, hurt, metrics, send };
  };
  const ce = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': 'e-1',
    'ce-source': 'https://argo.example/eu1',
    'ce-type': 'dev.cdevents.service.deployed.0.3.0',
  };

  const report: ChangeReport = {
    source: 'cdevents:https://argo.example/eu1',
    externalId: '01J9',
    service: 'checkout',
    environment: 'production',
    targets: [],
    facts: { kind: 'normal', artifact: artifactId, version: 'v1.8.0' },
    finishedAt: Date.parse('2026-11-23T09:00:00Z'),
    outcome: 'succeeded',
  };

  it('takes the binary mode: attributes in headers, the event as body', async () => {
    const { told, send } = make();
    const answer = await send(makeEvent(), ce);
    assert.deepEqual([answer.status, answer.body], [202, { accepted: true }]);
    assert.deepEqual(told[0]?.reports, [report]);
    assert.equal(told[0]?.by.name, 'token:serin_record');
  });

  it('takes the structured mode, its data plain or in base64', async () => {
    const { told, send } = make();
    const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    assert.equal((await send(wrap(makeEvent()), structured)).status, 202);
    const { data, ...envelope } = wrap(makeEvent());
    const encoded = Buffer.from(JSON.stringify(data)).toString('base64');
    assert.equal((await send({ ...envelope, data_base64: encoded }, structured)).status, 202);
    assert.deepEqual(
      told.map(({ reports }) => reports),
      [[report], [report]],
    );
  });

  it('takes a batch as a whole', async () => {
    const { told, send } = make();
    const second = makeEvent('rolledback', { id: '01JA' });
    const batch = [wrap(makeEvent()), wrap(second, 'e-2')];
    const answer = await send(batch, { 'content-type': 'application/cloudevents-batch+json' });
    assert.equal(answer.status, 202);
    assert.deepEqual(
      told[0]?.reports.map(({ externalId, facts }) => [externalId, facts.kind]),
      [
        ['01J9', 'normal'],
        ['01JA', 'rollback'],
      ],
    );
  });

  it('refuses a batch in which one cannot be read, with its place, and records none of it', async () => {
    const { told, send } = make();
    const broken = { ...makeEvent(), context: { id: 'x' } };
    const answer = await send([wrap(makeEvent()), wrap(broken)]);
    assert.equal(answer.status, 400);
    assert.match(answer.body.detail, /\[1\]\.data\.context\.source: is missing/);
    assert.equal((await send([{ specversion: '1.0' }])).status, 400);
    assert.equal(told.length, 0);
  });

  it('knows every service event that brings a version to users, in all versions of the format', async () => {
    const { told, send } = make();
    for (const type of [
      'service.deployed.0.1.0',
      'service.deployed.0.1.1',
      'service.upgraded.0.2.0',
      'service.rolledback.0.3.0',
      'service.deployed.0.3.0-draft',
    ])
      assert.equal((await send(makeEvent('', { type: `dev.cdevents.${type}` }), ce)).status, 202);
    assert.deepEqual(
      told.map(({ reports }) => reports[0]?.facts.kind),
      ['normal', 'normal', 'normal', 'rollback', 'normal'],
    );
  });

  it('accepts events of other kinds and services nobody configured, and counts them', async () => {
    const { told, send, metrics } = make();
    for (const type of [
      'dev.cdevents.incident.escalated.0.1.0',
      'dev.cdevents.build.finished.0.2.0',
      'dev.cdeventsx.tool-thing.done.0.1.0',
    ])
      assert.equal((await send(makeEvent('', { type }), ce)).status, 202);
    for (const predicate of ['removed', 'published'])
      assert.equal((await send(makeEvent(predicate), ce)).status, 202);
    const stranger = {
      ...makeEvent('deployed', {}, { artifactId: 'pkg:oci/other@1' }),
      subject: { id: 'other', content: {} },
    };
    assert.equal((await send(stranger, ce)).status, 202);
    assert.equal(told.length, 0);
    const { text } = await metrics.expose();
    assert.match(text, /source="cdevents",event="incident",outcome="ignored"\} 1/);
    assert.match(text, /source="cdevents",event="service",outcome="ignored"\} 3/);
    assert.match(text, /source="cdevents",event="other",outcome="ignored"\} 2/);
  });

  it('finds the service by subject, its last part, an alias or the artifact', async () => {
    const { told, send } = make();
    for (const id of ['checkout', 'a/b/checkout', 'shop', 'anything'])
      await send({ ...makeEvent(), subject: { ...(makeEvent()['subject'] as object), id } }, ce);
    assert.deepEqual(
      told.map(({ reports }) => reports[0]?.service),
      Array(4).fill('checkout'),
    );
  });

  it('takes an environment as object or text, declared or not', async () => {
    const { told, send } = make();
    for (const environment of ['production', { id: 'staging', source: 'x' }, 'eu/staging'])
      await send(makeEvent('deployed', {}, { environment }), ce);
    assert.deepEqual(
      told.map(({ reports }) => reports[0]?.environment),
      ['production', 'staging', 'eu/staging'],
    );
    const without = await send(makeEvent('deployed', {}, { environment: undefined }), ce);
    assert.equal(without.status, 400);
    assert.match(without.body.detail, /subject\.content\.environment: is missing/);
  });

  it('takes incidents, known by their subject, with the artifact that leads to the change', async () => {
    const { hurt, send } = make();
    const at = '2026-11-23T09:00:00Z';
    const tell = (predicate: string, content: object = {}) => {
      const event = makeEvent('', { type: `dev.cdevents.incident.${predicate}.0.2.0` }, content);
      return send({ ...event, subject: { ...(event['subject'] as object), id: 'INC-7' } }, ce);
    };
    const described = { description: 'checkout is slow', service: { id: 'prod/checkout' } };
    assert.equal((await tell('detected', described)).status, 202);
    assert.equal(
      (await tell('reported', { ...described, ticketURI: 'https://tickets.example/7' })).status,
      202,
    );
    assert.equal((await tell('resolved', { artifactId: undefined })).status, 202);

    const link = {
      changeId: null,
      source: null,
      externalId: null,
      version: 'v1.8.0',
      commit: null,
      artifact: artifactId,
    };
    assert.deepEqual(hurt[0], {
      source: 'cdevents:https://argo.example/eu1',
      externalId: 'INC-7',
      status: 'open',
      at: Date.parse(at),
      openedAt: Date.parse(at),
      acknowledgedAt: null,
      resolvedAt: null,
      facts: {
        service: 'checkout',
        serviceKeys: ['prod/checkout', 'checkout'],
        environment: 'production',
        title: 'checkout is slow',
        url: null,
        link,
      },
    });
    assert.equal(hurt[1]?.facts.url, 'https://tickets.example/7');
    assert.deepEqual(
      [hurt[2]?.status, hurt[2]?.openedAt, hurt[2]?.resolvedAt, hurt[2]?.facts.service, hurt[2]?.facts.link],
      ['resolved', null, Date.parse(at), null, null],
    );
  });

  it('keeps long names of producers apart', async () => {
    const { told, send } = make();
    for (const end of ['a', 'b'])
      await send(makeEvent('deployed', { source: `https://x/${'y'.repeat(300)}${end}` }), ce);
    const names = told.map(({ reports }) => reports[0]?.source ?? '');
    assert.ok(names.every((name) => name.length <= 200));
    assert.notEqual(names[0], names[1]);
  });

  it('refuses who neither signs nor shows a token with the role record', async () => {
    const { told, send } = make();
    const text = JSON.stringify(makeEvent());
    const good = signStandard(secret, { id: 'w', at: start, body: text });
    const bare = { ...ce, Authorization: '' };
    assert.equal((await send(makeEvent(), { ...bare, ...good })).status, 202);
    assert.equal(told[0]?.by.name, 'webhook:cdevents');
    for (const headers of [
      bare,
      { ...bare, ...good, 'webhook-id': 'other' },
      { ...bare, ...signStandard('another-secret', { id: 'w', at: start, body: text }) },
    ])
      assert.equal((await send(makeEvent(), headers)).status, 401);
    assert.equal((await send(makeEvent(), { ...ce, Authorization: 'Bearer serin_gate' })).status, 403);
    assert.equal(told.length, 1);
  });
});

describe('a package URL', () => {
  it('tells name, version and digest', () => {
    assert.deepEqual(readPurl(artifactId), { name: 'checkout', version: 'v1.8.0', digest });
    assert.deepEqual(readPurl('pkg:oci/checkout@sha256%3Aabc'), {
      name: 'checkout',
      version: null,
      digest: 'sha256:abc',
    });
    assert.deepEqual(readPurl('pkg:npm/%40shop/checkout@1.2.3#src'), {
      name: 'checkout',
      version: '1.2.3',
      digest: null,
    });
    assert.deepEqual(readPurl('pkg:docker/shop/checkout'), { name: 'checkout', version: null, digest: null });
  });

  it('is none where it does not say so', () => {
    for (const text of ['', 'checkout', 'pkg:', 'pkg:oci', 'https://x/y', 'pkg:oci/@1'])
      assert.equal(readPurl(text), null, text);
  });
});
