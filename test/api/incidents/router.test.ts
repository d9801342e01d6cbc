import assert from 'node:assert/strict';
import request from 'supertest';
import type { Incident, IncidentReport } from '../../../src/ledger/incident.ts';
import type { IncidentFilter } from '../../../src/ledger/incident-store.ts';
import type { AttributionWord, Incidents } from '../../../src/ledger/incidents.ts';
import { makeIncident } from '../../ledger/incidents-at-hand.ts';
import { makeApi } from '../../support/api.ts';

const instant = '2026-11-23T10:40:00.000Z';
const body = { source: 'oncall', externalId: 'INC-42', service: 'checkout', openedAt: instant };

/** An API whose incidents remember what they were asked. */
function makeIncidents(incident: Incident = makeIncident(10)) {
  const taken: IncidentReport[] = [];
  const filters: IncidentFilter[] = [];
  const words: AttributionWord[] = [];
  const incidents: Incidents = {
    take: async (reports) => {
      taken.push(...reports);
      return reports.map(() => incident);
    },
    get: async () => incident,
    list: async (filter) => {
      filters.push(filter);
      return { items: [incident], nextCursor: 'next' };
    },
    remap: async () => 0,
    attribute: async (_id, word) => {
      words.push(word);
      return incident;
    },
  };
  const findPlace = (name: string) => (name === 'cart' ? { service: 'checkout', environment: 'live' } : null);
  return { ...makeApi({ incidents: { incidents, findPlace } }), taken, filters, words };
}

describe('POST /v1/incidents', () => {
  it('takes one report and answers the incident', async () => {
    const { handler, taken } = makeIncidents();
    const { body: answer } = await request(handler).post('/v1/incidents').send(body).expect(200);
    assert.equal(answer.attribution.method, 'none');
    assert.deepEqual(taken[0], {
      source: 'oncall',
      externalId: 'INC-42',
      status: 'open',
      at: Date.parse(instant),
      openedAt: Date.parse(instant),
      acknowledgedAt: null,
      resolvedAt: null,
      facts: { service: 'checkout', environment: 'production', serviceKeys: ['checkout'] },
    });
  });

  it('takes several and answers them in their order', async () => {
    const { handler, taken } = makeIncidents();
    const second = { ...body, externalId: 'INC-43' };
    const { body: answer } = await request(handler).post('/v1/incidents').send([body, second]).expect(200);
    assert.equal(answer.items.length, 2);
    assert.deepEqual(
      taken.map(({ externalId }) => externalId),
      ['INC-42', 'INC-43'],
    );
  });

  it('knows a service by its alias, and the environment configured for it', async () => {
    const { handler, taken } = makeIncidents();
    await request(handler)
      .post('/v1/incidents')
      .send({ ...body, service: 'cart' })
      .expect(200);
    const { service, environment, serviceKeys } = taken[0]?.facts ?? {};
    assert.deepEqual(
      { service, environment, serviceKeys },
      {
        service: 'checkout',
        environment: 'live',
        serviceKeys: ['cart'],
      },
    );
  });

  it('takes a report that tells its end for a resolution', async () => {
    const { handler, taken } = makeIncidents();
    const over = { ...body, resolvedAt: '2026-11-23T11:00:00Z', change: { version: 'v1' } };
    await request(handler).post('/v1/incidents').send(over).expect(200);
    assert.equal(taken[0]?.status, 'resolved');
    assert.equal(taken[0]?.at, Date.parse('2026-11-23T11:00:00Z'));
    assert.equal(taken[0]?.facts.link?.version, 'v1');
  });

  it('names everything that is wrong, with its path', async () => {
    const { handler, taken } = makeIncidents();
    const wrong = [body, { ...body, openedAt: 'yesterday', url: 'ftp://x', change: { source: 'github' } }];
    const { body: problem } = await request(handler).post('/v1/incidents').send(wrong).expect(400);
    assert.deepEqual(
      problem.errors.map(({ path }: { path: string }) => path),
      ['[1].openedAt'],
    );
    const { body: more } = await request(handler)
      .post('/v1/incidents')
      .send({ ...body, url: 'ftp://x', change: { source: 'github' } })
      .expect(400);
    assert.deepEqual(
      more.errors.map(({ path }: { path: string }) => path),
      ['url', 'change'],
    );
    assert.deepEqual(taken, []);
  });

  it('refuses an unknown key and an unknown state', async () => {
    const { handler } = makeIncidents();
    await request(handler)
      .post('/v1/incidents')
      .send({ ...body, colour: 'red' })
      .expect(400);
    await request(handler)
      .post('/v1/incidents')
      .send({ ...body, status: 'closed' })
      .expect(400);
  });
});

describe('GET /v1/incidents', () => {
  it('lists by what it is asked for', async () => {
    const { handler, filters } = makeIncidents();
    const { body: page } = await request(handler)
      .get('/v1/incidents?service=checkout&status=open&attributed=false&mapped=true&changeId=c1')
      .expect(200);
    assert.equal(page.nextCursor, 'next');
    assert.deepEqual(filters, [
      {
        service: 'checkout',
        environment: undefined,
        source: undefined,
        status: 'open',
        changeId: 'c1',
        attributed: false,
        mapped: true,
        from: undefined,
        to: undefined,
      },
    ]);
  });

  it('answers one', async () => {
    const ruling = { changeId: null, by: 'ann', reason: 'provider outage', at: 0 };
    const { handler } = makeIncidents(makeIncident(10, { ruling }));
    const { body: incident } = await request(handler).get('/v1/incidents/i1').expect(200);
    assert.equal(incident.attribution.by, 'ann');
    assert.equal(incident.attribution.reason, 'provider outage');
  });
});

describe('PUT /v1/incidents/{id}/attribution', () => {
  it('takes a person’s word for a change or for none', async () => {
    const { handler, words } = makeIncidents();
    const put = (word: object) => request(handler).put('/v1/incidents/i1/attribution').send(word);
    await put({ changeId: 'c1', reason: 'seen' }).expect(200);
    await put({ changeId: null, reason: 'cloud' }).expect(200);
    assert.deepEqual(
      words.map(({ changeId, reason }) => [changeId, reason]),
      [
        ['c1', 'seen'],
        [null, 'cloud'],
      ],
    );
  });

  it('refuses a word without a reason', async () => {
    const { handler, words } = makeIncidents();
    await request(handler).put('/v1/incidents/i1/attribution').send({ changeId: 'c1' }).expect(400);
    assert.deepEqual(words, []);
  });
});
