import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { components } from '../../src/api/schema.gen.ts';
import { signStandard } from '../../src/auth/webhook.ts';
import { callJson, type JsonReply } from '../support/json-api.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';

type Incident = components['schemas']['Incident'];
type Change = components['schemas']['Change'];

const secret = 'the-secret-of-incident-sources';
const token = 'serin-incidents-0123456789abcdef0123456789ab';
const config = {
  ...secondsConfig,
  incidents: { services: { PCHK: 'checkout' } },
  auth: {
    tokens: [{ name: 'tests', roles: ['admin'], token }],
    webhooks: Object.fromEntries(
      ['alertmanager', 'grafana', 'pagerduty', 'generic'].map((name) => [
        name,
        { secrets: ['the-secret-before', secret] },
      ]),
    ),
  },
};

const begun = Date.now() - 600_000;
const at = (seconds: number): string => new Date(begun + seconds * 1_000).toISOString();
const hmac = (body: string, key = secret): string => createHmac('sha256', key).update(body).digest('hex');

/** What Alertmanager and Grafana send of one alert. */
function alert(
  name: string,
  status: 'firing' | 'resolved',
  labels: Readonly<Record<string, string>>,
): string {
  return JSON.stringify({
    ...{
      version: '4',
      groupKey: '{}',
      truncatedAlerts: 0,
      status,
      receiver: 'serin',
      externalURL: 'http://am',
    },
    ...{ groupLabels: {}, commonAnnotations: {}, commonLabels: {} },
    alerts: [
      {
        ...{ status, labels: { alertname: name, ...labels }, annotations: { summary: name } },
        ...{ startsAt: at(60), endsAt: status === 'resolved' ? at(300) : '0001-01-01T00:00:00Z' },
        ...{ generatorURL: 'http://prometheus/graph', fingerprint: name },
      },
    ],
  });
}

/** A webhook of PagerDuty (v3) about one incident. */
function page(id: string, type: 'triggered' | 'resolved', seconds: number): string {
  return JSON.stringify({
    event: {
      ...{ id: `${id}-${type}`, event_type: `incident.${type}`, resource_type: 'incident' },
      occurred_at: at(seconds),
      data: {
        ...{ id, type: 'incident', status: type, title: 'Payments fail', created_at: at(60) },
        service: { id: 'PCHK', summary: 'Checkout API' },
      },
    },
  });
}

const bearer = { authorization: `Bearer ${secret}` };

describe('incident sources telling Serin', function () {
  this.timeout(120_000);
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
      const send = (
        source: string,
        body: string,
        headers: Readonly<Record<string, string>>,
      ): Promise<JsonReply> => callJson(`${serin().url}/v1/hooks/incidents/${source}`, { body, headers });
      const list = async (query = ''): Promise<readonly Incident[]> => {
        const { status, body } = await callJson(`${serin().url}/v1/incidents?limit=100${query}`, { token });
        assert.equal(status, 200, JSON.stringify(body));
        return (body as { items: Incident[] }).items;
      };
      const told = async (source: string, by: string): Promise<Incident> => {
        const found = (await list()).filter((one) => one.source === source && one.externalId.startsWith(by));
        assert.equal(found.length, 1, `${found.length} incidents ${by} of ${source}`);
        return found[0]!;
      };
      const deploy = async (version: string, seconds: number): Promise<Change> => {
        const { status, body } = await callJson(`${serin().url}/v1/changes`, {
          token,
          body: {
            ...{ source: 'ci', externalId: version, service: 'checkout', environment: 'production', version },
            ...{ startedAt: at(seconds), finishedAt: at(seconds + 20) },
          },
        });
        assert.ok(status < 300, JSON.stringify(body));
        return body as Change;
      };

      it('puts an alert of Alertmanager to the change that was just reported, which has failed then', async () => {
        const change = await deploy('v1', 0);
        const labels = { service: 'checkout', environment: 'production' };
        assert.equal((await send('alertmanager', alert('HighErrors', 'firing', labels), bearer)).status, 202);

        const incident = await told('alertmanager', 'HighErrors');
        assert.equal(incident.attribution?.changeId, change.id);
        const { body } = await callJson(`${serin().url}/v1/changes/${change.id}`, { token });
        const { outcome, failureClass } = body as Change;
        assert.deepEqual([outcome, failureClass], ['failed', 'escaped']);
      });

      it('keeps one incident of PagerDuty, resolved before it was triggered and told twice', async () => {
        for (const body of [
          page('Q1', 'resolved', 300),
          page('Q1', 'triggered', 60),
          page('Q1', 'triggered', 60),
          page('Q1', 'resolved', 300),
        ]) {
          const { status } = await send('pagerduty', body, { 'X-PagerDuty-Signature': `v1=${hmac(body)}` });
          assert.equal(status, 202);
        }
        const incident = await told('pagerduty', 'Q1');
        assert.deepEqual([incident.service, incident.status], ['checkout', 'resolved']);
        assert.deepEqual([incident.openedAt, incident.resolvedAt], [at(60), at(300)]);
      });

      it('refuses what is forged, unsigned or stale with 401, and stores nothing of it', async () => {
        const body = page('FORGED', 'triggered', 60);
        const labels = { service: 'checkout' };
        const own = JSON.stringify({ externalId: 'FORGED', service: 'checkout', openedAt: at(60) });
        const forged = [
          ['pagerduty', body, {}],
          ['pagerduty', body, { 'X-PagerDuty-Signature': `v1=${hmac(body, 'another')}` }],
          ['pagerduty', body, { 'X-PagerDuty-Signature': `v1=${hmac(`${body} `)}` }],
          ['alertmanager', alert('FORGED', 'firing', labels), { authorization: 'Bearer another' }],
          ['grafana', alert('FORGED', 'firing', labels), { 'X-Grafana-Alerting-Signature': hmac('else') }],
          ['generic', own, signStandard('another', { id: 'f', at: Date.now(), body: own })],
          ['generic', own, signStandard(secret, { id: 'f', at: Date.now() - 3_600_000, body: own })],
        ] as const;
        for (const [source, text, headers] of forged)
          assert.equal((await send(source, text, headers)).status, 401, source);
        assert.deepEqual(
          (await list()).filter(({ externalId }) => externalId.includes('FORGED')),
          [],
        );
        assert.match(serin().log(), /a webhook was refused/);
      });

      it('takes what Grafana signs, and what is signed by Standard Webhooks, with either secret', async () => {
        const grafana = alert('SlowGrafana', 'firing', { service: 'checkout' });
        const own = JSON.stringify({ externalId: 'INC-1', service: 'checkout', openedAt: at(90) });
        const signed = [
          ['grafana', grafana, { 'X-Grafana-Alerting-Signature': hmac(grafana) }],
          ['generic', own, signStandard('the-secret-before', { id: 'g', at: Date.now(), body: own })],
        ] as const;
        for (const [source, text, headers] of signed)
          assert.equal((await send(source, text, headers)).status, 202, source);
        assert.equal((await told('grafana', 'SlowGrafana')).service, 'checkout');
        assert.equal((await told('generic', 'INC-1')).openedAt, at(90));
      });

      it('accepts what maps to no service, and lists it as such with the names it came with', async () => {
        const body = alert('Elsewhere', 'firing', { service: 'billing' });
        const answer = await send('alertmanager', body, bearer);
        assert.deepEqual(answer, { status: 202, body: { accepted: true, incidents: 1, unmapped: 1 } });

        const unmapped = await list('&mapped=false');
        assert.deepEqual(
          unmapped.map(({ source, service }) => [source, service]),
          [['alertmanager', null]],
        );
        assert.match(JSON.stringify(unmapped), /billing/);
      });

      it('answers 503 while the database is away, and takes the same delivery afterwards', async () => {
        const body = page('Q2', 'triggered', 60);
        const headers = { 'X-PagerDuty-Signature': `v1=${hmac(body)}` };
        await serin().breakDatabase();
        const away = await send('pagerduty', body, headers);
        await serin().mendDatabase();
        assert.equal(away.status, 503);
        assert.equal((await send('pagerduty', body, headers)).status, 202);
        assert.equal((await told('pagerduty', 'Q2')).status, 'open');
      });

      it('finds everything as it was after it was killed, and wrote no secret to the log', async () => {
        const before = await list();
        assert.ok(before.length >= 6, `${before.length}`);

        await serin().kill();
        await serin().restart();

        assert.deepEqual(await list(), before);
        assert.doesNotMatch(serin().log(), new RegExp([secret, 'the-secret-before', token].join('|')));
      });
    });
});
