import assert from 'node:assert/strict';
import { hasCode } from '../../src/errors.ts';
import type { Change } from '../../src/ledger/change.ts';
import type { Incident } from '../../src/ledger/incident.ts';
import type { LedgerStore } from '../../src/ledger/ledger-store.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { epoch, hour } from '../ledger/events.ts';
import { makeIncident, makeIncidentReport, makeOut } from '../ledger/incidents-at-hand.ts';
import { databases, type TestDatabase } from '../support/databases.ts';

const full: Partial<Incident> = {
  severity: 'SEV1',
  title: 'Payments "fail"',
  url: 'https://example.org/1',
  labels: { alertname: 'Höhe' },
  status: 'resolved',
  acknowledgedAt: epoch + hour,
  resolvedAt: epoch + 2 * hour,
  link: { changeId: null, source: 'github', externalId: '7', version: null, commit: 'abc', artifact: null },
  ruling: { changeId: null, by: 'ann', reason: 'seen', at: epoch },
};

for (const { name, open } of databases) {
  describe(`incidents and remedies in the ledger store on ${name}`, () => {
    let test: TestDatabase;
    let ledger: LedgerStore;
    before(async () => {
      test = await open();
      ledger = createLedgerStore(test.database);
    });
    beforeEach(async () => {
      await test.database.run((sql) => sql('incidents').del());
      await test.database.run((sql) => sql('changes').del());
    });
    after(() => test.close());

    async function stored(id: string, hours = 10, changes: Partial<Incident> = {}): Promise<Incident> {
      const incident = makeIncident(hours, { id, externalId: id, ...changes });
      assert.equal(await ledger.incidents.insert(incident), true);
      return incident;
    }

    async function storedChange(change: Change): Promise<Change> {
      assert.equal(await ledger.insert(change), true);
      return change;
    }

    it('gives an incident back as it was written', async () => {
      const incident = await stored('a', 10, full);
      assert.deepEqual(await ledger.incidents.find('a'), incident);
      assert.deepEqual(await ledger.incidents.findByName('oncall', 'a'), incident);
      assert.equal(await ledger.incidents.find('b'), null);
      assert.equal(await ledger.incidents.findByName('other', 'a'), null);
    });

    it('takes a name once', async () => {
      await stored('a');
      const again = makeIncident(11, { id: 'b', externalId: 'a' });
      assert.equal(await ledger.incidents.insert(again), false);
      assert.equal(await ledger.incidents.find('b'), null);
    });

    it('saves what became of it', async () => {
      const incident = await stored('a');
      const change = await storedChange(makeOut('c', 8, 9));
      const attribution = { changeId: change.id, method: 'link', confidence: 1 } as const;
      await ledger.incidents.save({ ...incident, ...full, attribution });
      assert.deepEqual(await ledger.incidents.find('a'), { ...incident, ...full, attribution });
    });

    it('keeps a report once, and rulings as often as they are made', async () => {
      await stored('a');
      const report = makeIncidentReport(1, { facts: { title: 't' } });
      assert.equal(await ledger.incidents.addReport('a', report, epoch), true);
      assert.equal(await ledger.incidents.addReport('a', report, epoch + 5), false);
      assert.deepEqual(await ledger.incidents.reportsOf('a'), [report]);
      const ruling = { changeId: null, by: 'ann', reason: 'r', at: epoch };
      await ledger.incidents.addRuling('a', ruling, epoch);
      await ledger.incidents.addRuling('a', { ...ruling, changeId: 'c' }, epoch);
      await ledger.incidents.addRuling('a', ruling, epoch);
      assert.deepEqual(
        (await ledger.incidents.rulingsOf('a')).map(({ changeId }) => changeId),
        [null, 'c', null],
      );
    });

    it('finds what began in a place within a range, its ends included', async () => {
      await stored('early', 1);
      await stored('late', 3);
      await stored('elsewhere', 2, { service: 'search' });
      await stored('unmapped', 2, { service: null });
      const find = (from: number, to: number) =>
        ledger.incidents.openedWithin('checkout', 'production', epoch + from * hour, epoch + to * hour);
      assert.deepEqual(
        (await find(1, 3)).map(({ id }) => id),
        ['early', 'late'],
      );
      assert.deepEqual(await find(1.1, 2.9), []);
    });

    it('finds those that name a change', async () => {
      await stored('a', 10, full);
      await stored('b');
      const ids = async (externalId: string) =>
        (await ledger.incidents.naming('github', externalId)).map(({ id }) => id);
      assert.deepEqual(await ids('7'), ['a']);
      assert.deepEqual(await ids('8'), []);
    });

    it('lists by service, state, change, attribution, mapping and range', async () => {
      await storedChange(makeOut('c', 8, 9));
      const attribution = { changeId: 'c', method: 'window', confidence: 0.6 } as const;
      await stored('a', 1, { attribution, createdAt: epoch + 1 });
      await stored('b', 2, { service: null, status: 'resolved', createdAt: epoch + 2 });
      await stored('c', 3, { service: 'search', environment: 'staging', createdAt: epoch + 3 });
      const ids = async (filter: Parameters<typeof ledger.incidents.list>[0]) =>
        (await ledger.incidents.list(filter, 10, null)).items.map(({ id }) => id).join('');
      assert.equal(await ids({}), 'cba');
      assert.equal(await ids({ service: 'search' }), 'c');
      assert.equal(await ids({ environment: 'staging' }), 'c');
      assert.equal(await ids({ source: 'other' }), '');
      assert.equal(await ids({ status: 'resolved' }), 'b');
      assert.equal(await ids({ changeId: 'c' }), 'a');
      assert.equal(await ids({ attributed: true }), 'a');
      assert.equal(await ids({ attributed: false }), 'cb');
      assert.equal(await ids({ mapped: false }), 'b');
      assert.equal(await ids({ mapped: true }), 'ca');
      assert.equal(await ids({ from: epoch + 2 * hour, to: epoch + 3 * hour }), 'b');
    });

    it('pages, and refuses a cursor that it did not write', async () => {
      for (const [index, id] of ['a', 'b', 'c'].entries()) await stored(id, 1, { createdAt: epoch + index });
      const first = await ledger.incidents.list({}, 2, null);
      assert.deepEqual(
        first.items.map(({ id }) => id),
        ['c', 'b'],
      );
      const second = await ledger.incidents.list({}, 2, first.nextCursor);
      assert.deepEqual(
        second.items.map(({ id }) => id),
        ['a'],
      );
      assert.equal(second.nextCursor, null);
      await assert.rejects(ledger.incidents.list({}, 2, 'nonsense'), (error) =>
        hasCode(error, 'invalid_input'),
      );
    });

    it('knows when versions were first out, and where one came back', async () => {
      await storedChange(makeOut('a', 1, 2, { version: 'v1' }));
      await storedChange(makeOut('b', 5, 6, { version: 'v1' }));
      await storedChange(makeOut('c', 3, 4, { version: 'v2', attempts: [] }));
      await storedChange(makeOut('d', 0, 1, { version: 'v1', service: 'search' }));
      const first = await ledger.remedies.firstOut('checkout', 'production', ['v1', 'v2', 'v3']);
      assert.deepEqual([...first], [['v1', epoch + 2 * hour]]);
      assert.equal((await ledger.remedies.firstOut('checkout', 'production', [])).size, 0);
      const later = await ledger.remedies.findLater('checkout', 'production', 'v1', epoch + 2 * hour);
      assert.deepEqual(
        later.map(({ id }) => id),
        ['b'],
      );
    });

    it('knows whether any change may have taken another back', async () => {
      const range = { since: epoch, until: epoch + 100 * hour, from: epoch };
      const isLikely = (changed: Partial<typeof range> = {}, service = 'checkout') =>
        ledger.remedies.isAnyLikely(service, 'production', { ...range, ...changed });
      await storedChange(makeOut('a', 1, 2, { version: 'v1' }));
      await storedChange(makeOut('b', 3, 4, { version: 'v2' }));
      // Out at the same time elsewhere: it began before the other one was out.
      await storedChange(makeOut('c', 1, 5, { version: 'v1' }));
      await storedChange(makeOut('d', 6, 7, { version: 'v1', service: 'search' }));
      assert.equal(await isLikely(), false);

      await storedChange(makeOut('e', 8, 9, { version: 'v1' }));
      assert.equal(await isLikely(), true);
      assert.equal(await isLikely({ from: epoch + 9 * hour }), true);
      assert.equal(await isLikely({ from: epoch + 9 * hour + 1 }), false);
      assert.equal(await isLikely({ until: epoch + 8 * hour }), false);
      assert.equal(await isLikely({}, 'search'), false);

      await storedChange(makeOut('f', 8, 9, { version: 'v9', service: 'search', kind: 'rollback' }));
      assert.equal(await isLikely({}, 'search'), true);
    });

    it('takes what is kept of a change for likely, so that it can be taken back', async () => {
      await storedChange(makeOut('a', 1, 2, { version: 'v1' }));
      await storedChange(makeOut('b', 3, 4, { version: 'v2' }));
      const range = { since: epoch, until: epoch + 100 * hour, from: epoch };
      const remedy = { remedyId: 'b', undoneId: 'a', startedAt: epoch, at: epoch, ground: 'told' } as const;
      await ledger.remedies.replace(['b'], [remedy]);
      assert.equal(await ledger.remedies.isAnyLikely('checkout', 'production', range), true);
      await ledger.remedies.replace(['b'], []);
      assert.equal(await ledger.remedies.isAnyLikely('checkout', 'production', range), false);
    });

    it('keeps what took what back, and holds it against the change', async () => {
      await storedChange(makeOut('a', 1, 2));
      await storedChange(makeOut('b', 3, 4, { version: 'v1' }));
      const remedy = {
        remedyId: 'b',
        undoneId: 'a',
        startedAt: epoch,
        at: epoch + 1,
        ground: 'version',
      } as const;
      await ledger.remedies.replace(['b'], [remedy]);
      assert.deepEqual(await ledger.remedies.ofRemedies(['a', 'b']), [remedy]);
      assert.deepEqual([...(await ledger.remedies.undoneAt(['a', 'b']))], [['a', epoch]]);
      const [blame] = await ledger.blamesOf('a');
      assert.equal(blame?.reason, 'taken back by a change to v1');
      assert.equal(blame?.confidence, 0.7);
      await ledger.remedies.replace(['b'], []);
      assert.deepEqual(await ledger.blamesOf('a'), []);
    });

    it('holds an incident against the change that it is put to', async () => {
      await storedChange(makeOut('a', 1, 2));
      const attribution = { changeId: 'a', method: 'version', confidence: 0.95 } as const;
      await stored('i', 10, { ...full, ruling: null, attribution });
      assert.deepEqual(await ledger.blamesOf('a'), [
        {
          method: 'version',
          confidence: 0.95,
          incidentId: 'i',
          at: epoch + 10 * hour,
          recoveredAt: epoch + 2 * hour,
          by: null,
          reason: 'Payments "fail"',
        },
      ]);
      assert.deepEqual(await ledger.blamesOf('other'), []);
    });
  });
}
