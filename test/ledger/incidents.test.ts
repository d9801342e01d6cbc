import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '../../src/errors.ts';
import type { Actor } from '../../src/ledger/actor.ts';
import type { Change } from '../../src/ledger/change.ts';
import { type ChangeReport, type Changes, createChanges, settleDue } from '../../src/ledger/changes.ts';
import type { Incident, IncidentReport } from '../../src/ledger/incident.ts';
import { createIncidents, type Incidents, type IncidentsDeps } from '../../src/ledger/incidents.ts';
import { createAuditStore } from '../../src/store/audit-store.ts';
import type { Connection } from '../../src/store/database.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { epoch, hour, policyAt } from './events.ts';
import { makeIncidentReport as told } from './incidents-at-hand.ts';

const ann: Actor = { name: 'ann', isAdmin: true };
const at = (hours: number): number => epoch + hours * hour;

/** A deployment of checkout in production that was out at `hours`; half an hour before, it began. */
function deployed(externalId: string, hours: number, changes: Partial<ChangeReport> = {}): ChangeReport {
  return {
    source: 'github',
    externalId,
    service: 'checkout',
    environment: 'production',
    targets: [],
    finishedAt: at(hours),
    outcome: 'succeeded',
    ...changes,
    facts: { version: externalId, startedAt: at(hours - 0.5), ...changes.facts },
  };
}

/** What there is to know of a change, told by the names its sources gave it. */
function outlineOf(change: Change, incidents: readonly Incident[]) {
  const incident = incidents.find(({ id }) => id === change.attribution?.incidentId);
  return {
    name: change.externalId,
    outcome: change.outcome,
    failureClass: change.failureClass,
    outcomeAt: change.outcomeAt,
    recoveredAt: change.recoveredAt,
    method: change.attribution?.method ?? null,
    confidence: change.attribution?.confidence ?? null,
    incident: incident?.externalId ?? null,
  };
}

for (const { name, open } of databases) {
  describe(`incidents on ${name}`, () => {
    let test: TestDatabase;
    let changes: Changes;
    let incidents: Incidents;
    let hours = 60;
    const over = (connection: Connection) => ({
      ledger: createLedgerStore(connection),
      audit: createAuditStore(connection),
    });
    const unitOfWork: IncidentsDeps['unitOfWork'] = {
      get stores() {
        return over(test.database);
      },
      transaction: (work) => test.database.transaction((connection) => work(over(connection))),
    };
    const deps = { unitOfWork, now: () => policyAt(hours).now, policy: () => policyAt(hours) };

    before(async () => {
      test = await open();
      changes = createChanges(deps);
      incidents = createIncidents(deps);
    });
    async function empty(): Promise<void> {
      hours = 60;
      for (const table of ['incidents', 'changes']) await test.database.run((sql) => sql(table).del());
    }
    beforeEach(empty);
    after(() => test.close());

    async function report(...reports: readonly ChangeReport[]): Promise<readonly Change[]> {
      return changes.report(reports, ann);
    }

    async function take(...reports: readonly IncidentReport[]): Promise<Incident> {
      const taken = (await incidents.take(reports, ann)).at(-1);
      assert.ok(taken !== undefined);
      return taken;
    }

    async function outcomeOf(id: string) {
      const { outcome, failureClass, outcomeAt, recoveredAt, attribution } = await changes.get(id);
      return { outcome, failureClass, outcomeAt, recoveredAt, method: attribution?.method };
    }

    it('fails the change that an incident is put to, and recovers it when that is over', async () => {
      const [change] = await report(deployed('v1', 10));
      assert.ok(change !== undefined);
      const incident = await take(told(12, { facts: { title: 'Payments fail' } }));
      assert.equal(incident.attribution.changeId, change.id);
      const failed = { outcome: 'failed', failureClass: 'escaped', outcomeAt: at(12), method: 'window' };
      assert.deepEqual(await outcomeOf(change.id), { ...failed, recoveredAt: null });
      await take(told(13, { status: 'resolved' }));
      assert.deepEqual(await outcomeOf(change.id), { ...failed, recoveredAt: at(13) });
      const { attribution } = await changes.get(change.id);
      assert.equal(attribution?.incidentId, incident.id);
      assert.equal(attribution?.reason, 'Payments fail');
    });

    it('takes an incident that is told again for the same', async () => {
      await report(deployed('v1', 10));
      const first = await take(told(12));
      assert.deepEqual(await take(told(12)), first);
      assert.equal((await incidents.list({}, 10, null)).items.length, 1);
    });

    it('puts what hurt early in a rollout of several days to it, before and after its end', async () => {
      hours = 200;
      const days = { facts: { startedAt: at(10) } };
      await report(deployed('v1', 100, { ...days, finishedAt: undefined, outcome: 'pending' }));
      const open = await take(told(12, { openedAt: at(12) }));
      assert.equal(open.attribution.method, 'window');
      const [long] = await report(deployed('v1', 100, days));
      assert.equal((await incidents.get(open.id)).attribution.changeId, long?.id);
      assert.equal(long?.outcome, 'failed');
      const late = await take(told(14, { externalId: 'INC-2', openedAt: at(14) }));
      assert.equal(late.attribution.changeId, long?.id);
    });

    it('fails a change that had succeeded long ago when the incident arrives late', async () => {
      const [change] = await report(deployed('v1', 10));
      assert.ok(change !== undefined);
      hours = 200;
      await unitOfWork.transaction(({ ledger }) => settleDue(ledger, deps.now(), policyAt(hours)));
      assert.equal((await changes.get(change.id)).outcome, 'succeeded');
      await take(told(12));
      assert.equal((await changes.get(change.id)).outcome, 'failed');
    });

    it('moves on to a nearer change that becomes known later, and lets go of the first', async () => {
      const [first] = await report(deployed('v1', 10));
      await take(told(14));
      const [second] = await report(deployed('v2', 13));
      assert.ok(first !== undefined && second !== undefined);
      assert.equal((await outcomeOf(first.id)).outcome, 'succeeded');
      assert.equal((await outcomeOf(second.id)).outcome, 'failed');
    });

    it('leaves an incident without a change in reach unattributed until there is one', async () => {
      const incident = await take(told(12));
      assert.deepEqual(incident.attribution, { changeId: null, method: 'none', confidence: 0 });
      const [change] = await report(deployed('v1', 10));
      assert.equal((await incidents.get(incident.id)).attribution.changeId, change?.id);
    });

    it('finds the change that an incident names by its source once there is one, wherever it is', async () => {
      const link = {
        changeId: null,
        source: 'gitlab',
        externalId: '77',
        version: null,
        commit: null,
        artifact: null,
      };
      const incident = await take(told(12, { facts: { link } }));
      const elsewhere = { source: 'gitlab', service: 'search', environment: 'staging' };
      const [change] = await report(deployed('77', 30, elsewhere));
      assert.ok(change !== undefined);
      assert.equal((await incidents.get(incident.id)).attribution.method, 'link');
      assert.equal((await outcomeOf(change.id)).outcome, 'failed');
    });

    it('obeys a person, who may put it to another change, to none, and back', async () => {
      const [first, second] = await report(deployed('v1', 10), deployed('v2', 11));
      assert.ok(first !== undefined && second !== undefined);
      const { id } = await take(told(12));
      const say = (changeId: string | null) => incidents.attribute(id, { changeId, reason: 'seen' }, ann);
      const moved = await say(first.id);
      assert.deepEqual(moved.attribution, { changeId: first.id, method: 'manual', confidence: 1 });
      assert.equal((await outcomeOf(second.id)).outcome, 'succeeded');
      assert.equal((await outcomeOf(first.id)).method, 'manual');
      assert.equal((await changes.get(first.id)).attribution?.by, 'ann');
      await say(null);
      assert.equal((await outcomeOf(first.id)).outcome, 'succeeded');
      await say(second.id);
      assert.equal((await outcomeOf(second.id)).outcome, 'failed');
    });

    it('keeps to a person’s word whatever else becomes known', async () => {
      const [first] = await report(deployed('v1', 10));
      const { id } = await take(told(14));
      await incidents.attribute(id, { changeId: first?.id ?? '', reason: 'seen' }, ann);
      await report(deployed('v2', 13));
      await take(told(15, { status: 'resolved' }));
      assert.equal((await incidents.get(id)).attribution.changeId, first?.id);
    });

    it('refuses a change that does not exist, and an incident that does not', async () => {
      const { id } = await take(told(12));
      const word = { changeId: 'nobody', reason: 'seen' };
      await assert.rejects(incidents.attribute(id, word, ann), (error) => hasCode(error, 'invalid_input'));
      await assert.rejects(incidents.attribute('none', word, ann), (error) => hasCode(error, 'not_found'));
      await assert.rejects(incidents.get('none'), (error) => hasCode(error, 'not_found'));
    });

    it('lets a person’s word on the change outrank the incident', async () => {
      const [change] = await report(deployed('v1', 10));
      assert.ok(change !== undefined);
      await take(told(12));
      const ruling = {
        outcome: 'succeeded',
        failureClass: null,
        at: at(20),
        reason: 'harmless',
      } as const;
      await changes.rule(change.id, ruling, ann);
      assert.deepEqual(await outcomeOf(change.id), {
        outcome: 'succeeded',
        failureClass: null,
        outcomeAt: at(20),
        recoveredAt: null,
        method: 'manual',
      });
    });

    it('lets go of the change when the incident is dismissed', async () => {
      const [change] = await report(deployed('v1', 10));
      assert.ok(change !== undefined);
      await take(told(12), told(13, { status: 'dismissed' }));
      assert.equal((await outcomeOf(change.id)).outcome, 'succeeded');
    });

    it('counts a change with two incidents as recovered when both are over', async () => {
      const [change] = await report(deployed('v1', 10));
      assert.ok(change !== undefined);
      const other = { externalId: 'INC-2' };
      await take(told(12), told(12.5, other), told(13, { status: 'resolved' }));
      assert.equal((await outcomeOf(change.id)).recoveredAt, null);
      await take(told(15, { ...other, status: 'resolved' }));
      assert.equal((await outcomeOf(change.id)).recoveredAt, at(15));
    });

    it('fails a change that was taken back, without any incident', async () => {
      const [, second, third] = await report(
        deployed('v1', 1),
        deployed('v2', 5),
        deployed('again', 8, { facts: { version: 'v1' } }),
      );
      assert.ok(second !== undefined && third !== undefined);
      assert.deepEqual(await outcomeOf(second.id), {
        outcome: 'failed',
        failureClass: 'escaped',
        outcomeAt: at(7.5),
        recoveredAt: at(8),
        method: 'rollback',
      });
      assert.equal((await outcomeOf(third.id)).outcome, 'succeeded');
    });

    it('sees a rollback in a commit that comes back, as code hosts tell no version, whatever arrives first', async () => {
      const at3 = ['a', 'b', 'a'].map((letter, index) =>
        deployed(`${index}`, 1 + 4 * index, { facts: { version: null, commit: letter.repeat(40) } }),
      );
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
      ]) {
        await empty();
        for (const index of order) await report(...at3.slice(index, index + 1));
        const { items } = await changes.list({}, 10, null);
        const became = items.map(({ externalId, outcome, attribution }) =>
          [externalId, outcome, attribution?.method].join(' '),
        );
        assert.deepEqual(became.sort(), [
          '0 succeeded observation',
          '1 failed rollback',
          '2 succeeded observation',
        ]);
      }
    });

    it('sees no rollback any longer in a commit that turns out to be another version', async () => {
      const commit = 'a'.repeat(40);
      await report(
        deployed('0', 1, { facts: { version: null, commit } }),
        deployed('1', 5, { facts: { version: null, commit: 'b'.repeat(40) } }),
        deployed('2', 9, { facts: { version: null, commit } }),
      );
      await report(deployed('0', 1, { facts: { version: 'v1', commit } }));

      const { items } = await changes.list({}, 10, null);
      assert.deepEqual(new Set(items.map(({ outcome }) => outcome)), new Set(['succeeded']));
    });

    it('puts incidents that mapped to nothing to a service once their names are known', async () => {
      const [change] = await report(deployed('v1', 10));
      const nowhere = { service: null, environment: null, serviceKeys: ['Checkout API'] };
      const { id } = await take(told(13, { status: 'resolved', openedAt: at(12), facts: nowhere }));
      await take(told(12, { externalId: 'INC-2', facts: { ...nowhere, serviceKeys: ['Billing'] } }));
      const place = { service: 'checkout', environment: 'production' };
      const find = (keys: readonly string[]) => (keys.includes('Checkout API') ? place : null);
      assert.equal(await incidents.remap(find), 1);
      const mapped = await incidents.get(id);
      assert.equal(mapped.service, 'checkout');
      assert.equal(mapped.status, 'resolved');
      assert.equal(mapped.attribution.changeId, change?.id);
      assert.equal(await incidents.remap(find), 0);
    });

    it('keeps to the scope of its caller', async () => {
      const scoped = { name: 'token:search', isAdmin: false, services: ['search'] };
      const isForbidden = (error: unknown) => hasCode(error, 'forbidden');
      await assert.rejects(incidents.take([told(12)], scoped), isForbidden);
      const [change] = await report(deployed('v1', 10));
      const { id } = await take(told(12));
      await assert.rejects(incidents.attribute(id, { changeId: null, reason: 'r' }, scoped), isForbidden);
      const elsewhere = told(12, { externalId: 'INC-9', facts: { service: 'search' } });
      const [own] = await incidents.take([elsewhere], scoped);
      const word = { changeId: change?.id ?? '', reason: 'r' };
      await assert.rejects(incidents.attribute(own?.id ?? '', word, scoped), isForbidden);
    });

    it('lets no caller blame a change of a service outside its scope', async () => {
      const [change] = await report(deployed('v1', 10));
      const ci = { name: 'token:ci', isAdmin: false, services: ['search'] };
      const named = {
        changeId: null,
        source: null,
        externalId: null,
        version: null,
        commit: null,
        artifact: null,
      };
      for (const link of [
        { ...named, changeId: change?.id ?? '' },
        { ...named, source: 'github', externalId: 'v1' },
      ])
        await assert.rejects(
          incidents.take([told(12, { facts: { service: 'search', link } })], ci),
          (error) => hasCode(error, 'forbidden'),
        );
      assert.equal((await changes.get(change?.id ?? '')).outcome, 'succeeded');
    });

    it('writes who told and who ruled into the audit trail, and nothing for a repetition', async () => {
      const { id } = await take(told(12));
      await take(told(12));
      for (const _ of ['once', 'again'])
        await incidents.attribute(id, { changeId: null, reason: 'cloud' }, ann);
      const { items } = await createAuditStore(test.database).list({ subject: id }, 10, null);
      // Both were written in the same millisecond.
      const written = items.map(({ action, actor, reason }) => `${action} ${actor} ${reason}`).sort();
      assert.deepEqual(written, ['incident.attribution ann cloud', 'incident.report ann null']);
    });

    it('writes a ruling on a change into the audit trail once', async () => {
      const [change] = await report(deployed('v1', 10));
      assert.ok(change !== undefined);
      const word = { outcome: 'failed', failureClass: null, at: at(11), reason: 'seen' } as const;
      for (const _ of ['once', 'again']) await changes.rule(change.id, word, ann);
      const { items } = await createAuditStore(test.database).list({ subject: change.id }, 10, null);
      assert.deepEqual(items.map(({ action }) => action).sort(), ['change.outcome', 'change.report']);
    });

    it('refuses times that cannot be, naming them, and takes nothing of the batch', async () => {
      const backwards = told(12, { openedAt: at(12), resolvedAt: at(11), status: 'resolved' });
      await assert.rejects(
        incidents.take([told(11), backwards, told(99)], ann),
        (error) =>
          hasCode(error, 'invalid_input') &&
          /\[1\]\.resolvedAt: is before openedAt/.test(error.message) &&
          /\[2\]\.at: found/.test(error.message),
      );
      assert.deepEqual((await incidents.list({}, 10, null)).items, []);
    });

    it('comes to the same state whatever the order of arrival', async function () {
      this.timeout(60_000);
      type Told = () => Promise<unknown>;
      const link = {
        changeId: null,
        source: null,
        externalId: null,
        version: 'v3',
        commit: null,
        artifact: null,
      };
      const story: readonly Told[] = [
        () => report(deployed('v1', 1)),
        () => report(deployed('v2', 5)),
        () => report(deployed('v1 again', 8, { facts: { version: 'v1' } })),
        () => report(deployed('v3', 20)),
        () => report(deployed('v4', 22, { facts: { kind: 'rollback' } })),
        () => take(told(6)),
        () => take(told(9, { status: 'resolved' })),
        () => take(told(21, { externalId: 'INC-2' })),
        () => take(told(25, { externalId: 'INC-3', facts: { link } })),
        () => take(told(26, { externalId: 'INC-3', status: 'resolved' })),
        () => take(told(40, { externalId: 'INC-4', openedAt: at(30) })),
      ];
      async function outcome(tellings: readonly Told[]) {
        await empty();
        for (const tell of tellings) await tell();
        const known = (await incidents.list({}, 50, null)).items;
        const { items } = await changes.list({}, 50, null);
        const outlines = items.map((change) => outlineOf(change, known));
        return outlines.sort((left, right) => (left.name < right.name ? -1 : 1));
      }
      const expected = await outcome(story);
      assert.deepEqual(
        expected.map(({ name: one, outcome: became, method }) => `${one} ${became} ${method}`),
        [
          'v1 succeeded observation',
          'v1 again succeeded observation',
          'v2 failed rollback',
          'v3 failed version',
          'v4 succeeded observation',
        ],
      );
      await fc.assert(
        fc.asyncProperty(fc.shuffledSubarray([...story], { minLength: story.length }), async (shuffled) => {
          assert.deepEqual(await outcome(shuffled), expected);
        }),
        { numRuns: 10 },
      );
    });
  });
}
