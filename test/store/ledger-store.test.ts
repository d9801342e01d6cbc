import assert from 'node:assert/strict';
import { hasCode } from '../../src/errors.ts';
import type { Change } from '../../src/ledger/change.ts';
import type { ChangeEvent } from '../../src/ledger/change-event.ts';
import type { LedgerStore } from '../../src/ledger/ledger-store.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { begun, ended, epoch, failed, hour, identity, policyAt, ruled, verdict } from '../ledger/events.ts';
import { databases, type TestDatabase } from '../support/databases.ts';

let made = 0;

/** A change of its own name and id, made as many milliseconds after the epoch as changes were made before. */
function newChange(changes: Partial<Change> = {}): Change {
  made += 1;
  const base = { ...identity, id: `id ${made}`, externalId: `name ${made}`, createdAt: epoch + made };
  return { ...foldChange(base, [], policyAt(0)), ...changes };
}

const full: Partial<Change> = {
  targets: ['eu', 'ü"s'],
  version: 'v1',
  commit: 'abc',
  artifact: 'pkg:oci/app',
  url: 'https://example.org/1',
  actor: 'ann',
  kind: 'hotfix',
  committedAt: epoch - hour,
  startedAt: epoch,
  finishedAt: epoch + hour,
  outcome: 'failed',
  failureClass: 'escaped',
  outcomeAt: epoch + 2 * hour,
  recoveredAt: epoch + 3 * hour,
  attribution: { method: 'manual', confidence: 1, by: 'ann', reason: 'seen' },
  attempts: [{ startedAt: epoch, endedAt: null, result: 'open' }],
  analysisIds: ['a', 'b'],
  verdictOverruled: true,
  settlesAt: null,
};

for (const { name, open } of databases) {
  describe(`the ledger store on ${name}`, () => {
    let test: TestDatabase;
    let ledger: LedgerStore;
    before(async () => {
      test = await open();
      ledger = createLedgerStore(test.database);
    });
    beforeEach(() => test.database.run((sql) => sql('changes').del()));
    after(() => test.close());

    async function stored(changes: Partial<Change> = {}): Promise<Change> {
      const change = newChange(changes);
      assert.equal(await ledger.insert(change), true);
      return change;
    }

    const within = <T>(work: (store: LedgerStore) => Promise<T>): Promise<T> =>
      test.database.transaction((connection) => work(createLedgerStore(connection)));

    const ids = (changes: readonly Change[]): string[] => changes.map(({ id }) => id);

    describe('insert(change), find(id) and save(change)', () => {
      it('gives back a change as it was inserted, bare and full', async () => {
        const bare = await stored();
        const whole = await stored(full);

        assert.deepEqual(await ledger.find(bare.id), bare);
        assert.deepEqual(await ledger.find(whole.id), whole);
        assert.equal(await ledger.find('nobody'), null);
      });

      it('replaces the state and no other change’s', async () => {
        const [change, other] = [await stored(), await stored()];
        await ledger.save({ ...change, ...full });

        assert.deepEqual(await ledger.find(change.id), { ...change, ...full });
        assert.deepEqual(await ledger.find(other.id), other);
      });

      it('says false and keeps nothing when the name is taken', async () => {
        const first = await stored();
        const second = newChange({ externalId: first.externalId });

        assert.equal(await ledger.insert(second), false);
        assert.equal(await ledger.find(second.id), null);
        assert.deepEqual(await ledger.findByName(first.source, first.externalId), first);
      });

      it('lets one of ten racing requests have the name', async () => {
        const racing = Array.from({ length: 10 }, () => newChange({ externalId: 'one' }));

        const inserted = await Promise.all(racing.map((change) => within((store) => store.insert(change))));

        assert.equal(inserted.filter(Boolean).length, 1);
      });
    });

    describe('names', () => {
      it('finds a change by each of them, and tells sources apart', async () => {
        const change = await stored();
        await ledger.addName(change.id, 'github', '7');
        await ledger.addName(change.id, 'github', '7');

        assert.deepEqual(await ledger.findByName('github', '7'), change);
        assert.deepEqual(await ledger.findByName(change.source, change.externalId), change);
        assert.equal(await ledger.findByName('gitlab', '7'), null);
        assert.deepEqual(
          [...(await ledger.sourcesOf([change.id, 'nobody']))],
          [[change.id, ['argo-rollouts', 'github']]],
        );
        assert.equal((await ledger.sourcesOf([])).size, 0);
      });

      it('keeps a name with the change that had it first', async () => {
        const [first, second] = [await stored(), await stored()];
        await ledger.addName(second.id, first.source, first.externalId);

        assert.equal((await ledger.findByName(first.source, first.externalId))?.id, first.id);
      });

      it('finds names by how they begin, to the letter', async () => {
        const wanted = [await stored({ externalId: 'u_1/1' }), await stored({ externalId: 'u_1/20' })];
        for (const externalId of ['u_1', 'U_1/1', 'u_10/1', 'ux1/1', 'u_1.1', 'u_10', 'u_%/1'])
          await stored({ externalId });
        await stored({ externalId: 'u_1/1', source: 'other' });

        const found = await ledger.findByNamePrefix('argo-rollouts', 'u_1/');

        assert.deepEqual(
          found.map(({ externalId, change }) => [externalId, change]),
          wanted.reverse().map((change) => [change.externalId, change]),
        );
      });
    });

    describe('findRecent(service, environment, since, until)', () => {
      it('finds by the time reports count a change: finished, else failed, else started, else created', async () => {
        const at = epoch + 100 * hour;
        const wanted = [
          await stored({ finishedAt: at, startedAt: 1 }),
          await stored({ outcome: 'failed', outcomeAt: at, startedAt: 1 }),
          await stored({ startedAt: at, outcomeAt: 1, outcome: 'abandoned' }),
          await stored({ createdAt: at }),
        ];
        await stored({ finishedAt: at + 1 });
        await stored({ finishedAt: at - 1 });
        await stored({ finishedAt: at, service: 'search' });
        await stored({ finishedAt: at, environment: 'staging' });

        const found = await within((store) => store.findRecent('checkout', 'production', at, at));

        assert.deepEqual(ids(found).sort(), ids(wanted).sort());
      });

      it('finds those that had begun by then and ended later, up to 30 days', async () => {
        const at = epoch + 1_000 * hour;
        const month = 30 * 24 * hour;
        const wanted = [
          await stored({ startedAt: at - hour, finishedAt: at + 72 * hour }),
          await stored({ startedAt: at, finishedAt: at + month }),
        ];
        await stored({ startedAt: at + 1, finishedAt: at + 72 * hour });
        await stored({ startedAt: at, finishedAt: at + month + 1 });

        const found = await within((store) => store.findRecent('checkout', 'production', at, at));

        assert.deepEqual(ids(found).sort(), ids(wanted).sort());
      });

      it('leaves out those that only one source gave a name', async () => {
        const at = epoch + 200 * hour;
        const own = await stored({ finishedAt: at });
        const [joined, other] = [
          await stored({ finishedAt: at, source: 'github' }),
          await stored({ finishedAt: at, source: 'github' }),
        ];
        await ledger.addName(joined.id, own.source, 'joined');
        const besides = (source: string) =>
          within((store) => store.findNear('checkout', 'production', at, at, source));

        assert.deepEqual(ids(await besides(own.source)).sort(), ids([joined, other]).sort());
        assert.deepEqual(ids(await besides('github')).sort(), ids([own, joined]).sort());
        assert.equal((await besides('gitlab')).length, 3);
      });
    });

    describe('append(events) and eventsOf(changeId)', () => {
      const events = (changeId: string): ChangeEvent[] =>
        [
          begun('started', 1, { version: 'v1', committedAt: epoch }, { target: 'eu' }),
          verdict(2, 'fail'),
          ended('aborted', 3, { reason: 'errors' }),
          failed(4, 'escaped'),
          ruled(5, 'succeeded'),
        ].map((event) => ({ ...event, id: `${changeId}/${event.id}`, changeId }));

      it('gives back every kind of event as it was added', async () => {
        const change = await stored();
        const other = await stored();
        for (const event of events(change.id))
          assert.equal(await within((store) => store.append([event])), 1);

        assert.deepEqual(await ledger.eventsOf(change.id), events(change.id));
        assert.deepEqual(await ledger.eventsOf(other.id), []);
      });

      it('leaves out a duplicate, whatever else it says, and keeps the first', async () => {
        const change = await stored();
        const [event] = events(change.id);
        assert.ok(event !== undefined);
        await ledger.append([event]);

        assert.equal(await within((store) => store.append([{ ...event, id: 'other', at: epoch }])), 0);
        assert.equal(await ledger.append([{ ...event, id: 'another', source: 'github' }]), 1);
        const kept = (await ledger.eventsOf(change.id)).filter(({ source }) => source === event.source);
        assert.deepEqual(kept, [event]);
      });

      it('counts those that are new of several, more than one statement takes', async () => {
        const change = await stored();
        const [event] = events(change.id);
        assert.ok(event !== undefined);
        const many = Array.from({ length: 1200 }, (_, index) => ({
          ...event,
          id: `many ${index}`,
          dedupeKey: `many ${index % 1100}`,
        }));

        assert.equal(await within((store) => store.append(many.slice(0, 50))), 50);
        assert.equal(await within((store) => store.append(many)), 1050);
        assert.equal(await ledger.append([]), 0);
        assert.equal((await ledger.eventsOf(change.id)).length, 1100);
      });

      it('lets one of ten racing requests add an event', async () => {
        const change = await stored();
        const [event] = events(change.id);
        assert.ok(event !== undefined);
        const racing = Array.from({ length: 10 }, (_, index) => ({ ...event, id: String(index) }));

        const added = await Promise.all(racing.map((one) => within((store) => store.append([one]))));

        assert.equal(added.filter(Boolean).length, 1);
      });

      it('takes it back when the transaction fails', async () => {
        const change = await stored();
        const [event] = events(change.id);
        assert.ok(event !== undefined);
        const failing = within(async (store) => {
          await store.append([event]);
          throw new Error('stop');
        });

        await assert.rejects(failing, /stop/);
        assert.deepEqual(await ledger.eventsOf(change.id), []);
      });
    });

    describe('list(filter, limit, cursor)', () => {
      it('gives each once, newest first, page by page, also those of one millisecond', async () => {
        for (const createdAt of [2, 1, 1, 1, 3]) await stored({ createdAt });
        const seen: Change[][] = [];
        let cursor: string | null = null;
        do {
          const page: Awaited<ReturnType<LedgerStore['list']>> = await ledger.list({}, 2, cursor);
          seen.push([...page.items]);
          cursor = page.nextCursor;
        } while (cursor !== null);

        assert.deepEqual(
          seen.map((page) => page.map(({ createdAt }) => createdAt)),
          [[3, 2], [1, 1], [1]],
        );
        assert.equal(new Set(ids(seen.flat())).size, 5);
      });

      it('narrows by service, environment, outcome and time of making', async () => {
        const wanted = await stored({ service: 'a', environment: 'b', outcome: 'failed', createdAt: 10 });
        for (const other of [
          { service: 'x' },
          { environment: 'x' },
          { outcome: 'pending' as const },
          { createdAt: 9 },
          { createdAt: 12 },
        ])
          await stored({ service: 'a', environment: 'b', outcome: 'failed', createdAt: 10, ...other });

        const filter = { service: 'a', environment: 'b', outcome: 'failed', from: 10, to: 12 } as const;
        assert.deepEqual((await ledger.list(filter, 10, null)).items, [wanted]);
      });

      it('finds what a source calls so, under each of its names', async () => {
        const one = await stored({ source: 'argo', externalId: 'x/1' });
        const other = await stored({ source: 'argo', externalId: 'x/2' });
        await ledger.addName(one.id, 'github', '7');

        const found = async (filter: Parameters<LedgerStore['list']>[0]) =>
          ids((await ledger.list(filter, 10, null)).items).sort();
        assert.deepEqual(await found({ source: 'github', externalId: '7' }), [one.id]);
        assert.deepEqual(await found({ source: 'argo', externalId: 'x/2' }), [other.id]);
        assert.deepEqual(await found({ source: 'argo', externalId: '7' }), []);
        assert.deepEqual(await found({ source: 'argo' }), [one.id, other.id].sort());
        assert.deepEqual(await found({ externalId: '7' }), [one.id]);
      });

      it('refuses an unreadable cursor', async () => {
        await assert.rejects(ledger.list({}, 2, 'x'), (error) => hasCode(error, 'invalid_input'));
      });
    });

    describe('findSettling(now, limit)', () => {
      it('gives those whose time has come, the longest due first, and no more than asked for', async () => {
        const second = await stored({ settlesAt: 2 });
        const first = await stored({ settlesAt: 1 });
        await stored({ settlesAt: 3 });
        await stored({ settlesAt: null });

        const due = (limit: number) => within((store) => store.findSettling(2, limit));
        assert.deepEqual(ids(await due(10)), [first.id, second.id]);
        assert.deepEqual(ids(await due(1)), [first.id]);
      });
    });
  });
}
