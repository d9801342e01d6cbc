import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import { callJson } from '../support/json-api.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { until } from '../support/until.ts';

type Change = components['schemas']['Change'];
type Incident = components['schemas']['Incident'];

const admin = 'serin_admin-token-of-the-tests-0123456789';
const recorder = 'serin_record-token-of-the-tests-0123456789';
const bound = 'serin_bound-token-of-the-tests-01234567890';
const begun = Math.floor(Date.now() / 1000) * 1000 - 600_000;

const config = {
  ...secondsConfig,
  auth: {
    tokens: [
      { name: 'tests', roles: ['admin'], token: admin },
      { name: 'producer', roles: ['record'], token: recorder },
      { name: 'elsewhere', roles: ['record'], services: ['billing'], token: bound },
    ],
  },
};

function cdEvent(id: string, predicate: string, version: string, at: number, type = 'service'): object {
  return {
    context: {
      specversion: '0.5.0',
      id,
      source: '/argo/eu1',
      type: `dev.cdevents.${type}.${predicate}.0.2.0`,
      timestamp: new Date(at).toISOString(),
    },
    subject: {
      id: 'production/checkout',
      type,
      content: {
        environment: { id: 'production' },
        artifactId: `pkg:oci/checkout@sha256%3A${'ab'.repeat(32)}?tag=${version}`,
      },
    },
  };
}

const binary = {
  'ce-specversion': '1.0',
  'ce-id': 'x',
  'ce-source': '/argo/eu1',
  'ce-type': 'dev.cdevents.service.deployed.0.2.0',
};

function structured(event: object): object {
  return {
    specversion: '1.0',
    id: 'x',
    source: '/argo/eu1',
    type: 'dev.cdevents.x',
    datacontenttype: 'application/json',
    data: event,
  };
}

describe('a producer of CDEvents telling Serin what became of services', function () {
  this.timeout(60_000);
  const started = new Map<DatabaseName, SerinProcess>();

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  for (const database of databaseNames)
    describe(`on ${database}`, () => {
      const serin = (): SerinProcess => started.get(database)!;
      const send = (body: unknown, headers: Record<string, string> = {}, token: string | null = recorder) =>
        callJson(`${serin().url}/v1/hooks/cdevents`, { body, headers, ...(token === null ? {} : { token }) });
      const named = async (id: string): Promise<readonly Change[]> => {
        const { body } = await callJson(`${serin().url}/v1/changes?limit=100`, { token: admin });
        return (body as { items: Change[] }).items.filter(({ externalId }) => externalId === id);
      };

      it('records a deployment once, told in every mode of CloudEvents', async () => {
        const event = cdEvent('e1', 'deployed', 'v1', begun);
        assert.deepEqual(await send(event, binary), { status: 202, body: { accepted: true } });
        const { status } = await send(structured(event), { 'content-type': 'application/cloudevents+json' });
        assert.equal(status, 202);
        const batch = [structured(event), structured(event)];
        assert.equal(
          (await send(batch, { 'content-type': 'application/cloudevents-batch+json' })).status,
          202,
        );

        const found = await named('e1');
        assert.equal(found.length, 1);
        const [change] = found;
        assert.deepEqual(
          [change?.service, change?.environment, change?.version, change?.kind, change?.outcome],
          ['checkout', 'production', 'v1', 'normal', 'pending'],
        );
        assert.equal(change?.finishedAt, new Date(begun).toISOString());
        assert.equal(change?.source, 'cdevents:/argo/eu1');
      });

      it('records a rollback as a change of its own that is out', async () => {
        await send(cdEvent('e2', 'upgraded', 'v2', begun + 60_000), binary);
        await send(cdEvent('e3', 'rolledback', 'v1', begun + 120_000), binary);
        assert.equal((await named('e2'))[0]?.version, 'v2');
        const [rollback] = await named('e3');
        assert.deepEqual([rollback?.kind, rollback?.version], ['rollback', 'v1']);
        assert.equal(rollback?.finishedAt, new Date(begun + 120_000).toISOString());
      });

      it('accepts what it does not read, and counts it', async () => {
        for (const [type, predicate] of [
          ['incident', 'escalated'],
          ['incident', 'resolved'],
          ['service', 'removed'],
          ['build', 'finished'],
        ] as const)
          assert.equal(
            (await send(cdEvent(`i-${type}-${predicate}`, predicate, 'v1', begun, type), binary)).status,
            202,
          );
        const metrics = await (await fetch(`${serin().url}/metrics`)).text();
        assert.match(
          metrics,
          /serin_hook_events_total\{source="cdevents",event="incident",outcome="ignored"\} 1/,
        );
        assert.equal((await named('i-incident-escalated')).length, 0);
      });

      it('puts an incident to the change whose artifact was running, and sees it end', async () => {
        await send(cdEvent('e6', 'deployed', 'v6', begun + 240_000), binary);
        for (const [id, predicate, at] of [
          ['i2', 'resolved', begun + 360_000],
          ['i1', 'detected', begun + 300_000],
        ] as const) {
          const event = cdEvent(id, predicate, 'v6', at, 'incident') as { subject: { id: string } };
          const told = { ...event, subject: { ...event.subject, id: 'INC-7' } };
          for (const headers of [binary, binary]) assert.equal((await send(told, headers)).status, 202);
        }
        const { body } = await callJson(`${serin().url}/v1/incidents?limit=50`, { token: admin });
        const found = (body as { items: Incident[] }).items.filter(
          ({ externalId }) => externalId === 'INC-7',
        );
        assert.equal(found.length, 1);
        const [incident] = found;
        const [change] = await named('e6');
        assert.deepEqual([incident?.service, incident?.status], ['checkout', 'resolved']);
        assert.equal(incident?.openedAt, new Date(begun + 300_000).toISOString());
        assert.equal(incident?.attribution.changeId, change?.id);
        assert.deepEqual([change?.outcome, change?.failureClass], ['failed', 'escaped']);
      });

      it('refuses strangers, and tokens of another service, without a trace', async () => {
        const event = cdEvent('e4', 'deployed', 'v4', begun);
        assert.equal((await send(event, binary, null)).status, 401);
        assert.equal((await send(event, binary, 'serin_nobody')).status, 401);
        assert.equal((await send(event, binary, bound)).status, 403);
        assert.equal((await named('e4')).length, 0);
      });

      it('answers 503 while the database is away, and takes the event afterwards', async () => {
        const event = cdEvent('e5', 'deployed', 'v5', begun + 200_000);
        await serin().breakDatabase();
        const answer = await send(event, binary);
        await serin().mendDatabase();
        assert.equal(answer.status, 503);
        await until('the event is taken', 20_000, async () => (await send(event, binary)).status === 202);
        assert.equal((await named('e5')).length, 1);
      });
    });
});
