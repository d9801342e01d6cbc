import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '../../src/errors.ts';
import type { Change } from '../../src/ledger/change.ts';
import {
  type ChangeReport,
  type RolloutTold,
  recordReport,
  recordRolloutEvent,
  recordVerdict,
  settleDue,
  supersedeOpen,
} from '../../src/ledger/changes.ts';
import type { LedgerStore } from '../../src/ledger/ledger-store.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { type LedgerChanges, makeLedgerChanges } from '../support/ledger-changes.ts';
import { day, epoch, hour, policyAt } from './events.ts';

const place = { service: 'checkout', environment: 'production' } as const;

function makeReport(changes: Partial<ChangeReport> = {}): ChangeReport {
  return { source: 'github', externalId: '7', ...place, targets: [], facts: {}, ...changes };
}

function makeTold(
  revision: number,
  type: RolloutTold['type'],
  hours: number,
  changes: Partial<RolloutTold> = {},
): RolloutTold {
  const externalId = `uid/${revision}`;
  const told = { source: 'argo-rollouts', externalId, ...place, target: null, type, facts: {}, reason: null };
  return { ...told, at: epoch + hours * hour, dedupeKey: `${externalId}/${type}/${hours}`, ...changes };
}

/** What stays of a change when its own identity is taken away. */
function stateOf({ id: _, createdAt: __, ...state }: Change) {
  return state;
}

for (const { name, open } of databases) {
  describe(`the ledger on ${name}`, () => {
    let test: TestDatabase;
    let hours = 0;
    let changes: LedgerChanges;
    const now = (): number => policyAt(hours).now;
    const policy = () => policyAt(hours);
    const within = <T>(work: (store: LedgerStore) => Promise<T>): Promise<T> =>
      test.database.transaction((connection) => work(createLedgerStore(connection)));
    const empty = () => test.database.run((sql) => sql('changes').del());
    const count = async (): Promise<number> => (await changes.list({}, 100, null)).items.length;

    /** Takes an event as the controller's hook does: a start supersedes. */
    async function take(told: RolloutTold): Promise<{ change: Change; duplicate: boolean }> {
      return within(async (store) => {
        const recorded = await recordRolloutEvent(store, told, policy());
        const [uid = '', revision = ''] = told.externalId.split('/');
        const start = { source: told.source, uid, revision, at: told.at };
        if (told.type === 'started') await supersedeOpen(store, start, policy());
        return recorded;
      });
    }

    before(async () => {
      test = await open();
      changes = makeLedgerChanges(test.database, { now, policy });
    });
    beforeEach(async () => {
      hours = 10;
      await empty();
    });
    after(() => test.close());

    describe('report(reports)', () => {
      it('makes one change of a report however often it comes', async () => {
        const report = makeReport({ finishedAt: epoch + hour, facts: { version: 'v1', startedAt: epoch } });

        const [first] = await changes.report([report]);
        hours += 1;
        const [second] = await changes.report([report]);

        assert.deepEqual(second, first);
        assert.deepEqual(await changes.get(first?.id ?? ''), first);
        assert.equal(await count(), 1);
        assert.equal(first?.settlesAt, epoch + 25 * hour);
      });

      it('makes one change of two that come at the same time', async () => {
        const report = makeReport({ finishedAt: epoch + hour, facts: { version: 'v1' } });

        const made = await Promise.all(Array.from({ length: 8 }, () => changes.report([report])));

        assert.equal(new Set(made.map(([change]) => change?.id)).size, 1);
        assert.equal(await count(), 1);
      });

      it('makes one change of two sources that tell of it at the same time', async () => {
        const facts = { version: 'v1' };
        const made = await Promise.all(
          ['github', 'gitlab', 'jenkins', 'argo'].map((source) =>
            changes.report([makeReport({ source, facts })]),
          ),
        );

        assert.equal(new Set(made.map(([change]) => change?.id)).size, 1);
      });

      it('loses no event when several add to one change at the same time', async () => {
        const [change] = await changes.report([makeReport()]);
        const actors = Array.from({ length: 8 }, (_, index) => `r${index}`);

        await Promise.all(actors.map((target) => changes.report([makeReport({ targets: [target] })])));

        assert.deepEqual([...(await changes.get(change?.id ?? '')).targets].sort(), actors);
      });

      it('fills in what an earlier report lacked', async () => {
        await changes.report([makeReport({ facts: { version: 'v1' } })]);
        const [change] = await changes.report([makeReport({ facts: { version: 'v2', actor: 'ann' } })]);

        assert.deepEqual([change?.version, change?.actor], ['v1', 'ann']);
      });

      it('joins what another source told of, and keeps two deployments by one source apart', async () => {
        const facts = { version: 'v1' };
        await changes.report([makeReport({ source: 'argo', externalId: 'a', facts })]);
        await changes.report([makeReport({ source: 'github', externalId: 'b', facts })]);
        assert.equal(await count(), 1);

        await changes.report([makeReport({ source: 'github', externalId: 'c', facts })]);
        assert.equal(await count(), 2);
      });

      it('does not join over services, environments, or more than a day', async () => {
        const facts = { version: 'v1' };
        await changes.report([makeReport({ source: 'argo', facts })]);
        await changes.report([
          makeReport({ facts, service: 'search', externalId: '1' }),
          makeReport({ facts, environment: 'staging', externalId: '2' }),
          makeReport({ facts: { ...facts, startedAt: now() - 25 * hour }, externalId: '3' }),
        ]);

        assert.equal(await count(), 4);
      });

      it('takes all reports or none, and says where each is wrong', async () => {
        const wrong = makeReport({ externalId: 'x', finishedAt: now() + hour });

        await assert.rejects(changes.report([makeReport(), wrong]), (error) => {
          assert.ok(hasCode(error, 'invalid_input'));
          assert.equal(error.issues[0]?.path, '[1].finishedAt');
          return true;
        });
        await assert.rejects(changes.report([wrong]), /^SerinError: finishedAt: /);
        assert.equal(await count(), 0);
      });

      it('refuses a name that belongs to another service, with nothing stored', async () => {
        await changes.report([makeReport()]);

        await assert.rejects(
          changes.report([makeReport({ externalId: '8' }), makeReport({ service: 'search' })]),
          (error) => hasCode(error, 'conflict'),
        );
        assert.equal(await count(), 1);
      });

      it('gives the changes in the order of the reports', async () => {
        const made = await changes.report(['c', 'a', 'b'].map((externalId) => makeReport({ externalId })));

        assert.deepEqual(
          made.map(({ externalId }) => externalId),
          ['c', 'a', 'b'],
        );
      });
    });

    describe('recordRolloutEvent(store, told, policy)', () => {
      it('makes the change when a completion comes first', async () => {
        const { change, duplicate } = await take(makeTold(1, 'completed', 2));
        const { change: started } = await take(makeTold(1, 'started', 1));

        assert.equal(duplicate, false);
        assert.equal(started.id, change.id);
        assert.deepEqual(started.attempts, [
          { startedAt: epoch + hour, endedAt: epoch + 2 * hour, result: 'completed' },
        ]);
      });

      it('says that it heard an event before', async () => {
        await take(makeTold(1, 'aborted', 2));

        assert.equal((await take(makeTold(1, 'aborted', 2))).duplicate, true);
      });

      it('adds to the change that an analysis of the rollout made', async () => {
        const report = makeReport({ source: 'argo-rollouts', externalId: 'uid/1', facts: { version: 'v1' } });
        const made = await within((store) => recordReport(store, report, policy()));

        assert.equal((await take(makeTold(1, 'completed', 2))).change.id, made.id);
      });

      it('joins an analysis without a rollout by its version', async () => {
        const report = makeReport({ source: 'analysis', externalId: 'key', facts: { version: 'v1' } });
        const made = await within((store) => recordReport(store, report, policy()));
        const { change } = await take(makeTold(1, 'completed', 9, { facts: { version: 'v1' } }));

        assert.equal(change.id, made.id);
      });
    });

    describe('supersedeOpen(store, start, policy)', () => {
      async function outcomes(): Promise<string[]> {
        const { items } = await changes.list({}, 100, null);
        return [...items]
          .sort((left, right) => (left.externalId < right.externalId ? -1 : 1))
          .map(({ externalId, outcome }) => `${externalId} ${outcome}`);
      }

      it('abandons open lower revisions of the same rollout only', async () => {
        await take(makeTold(1, 'started', 1));
        await take(makeTold(2, 'started', 2, { externalId: 'uid-2/1' }));
        await take(makeTold(10, 'started', 3));

        assert.deepEqual(await outcomes(), ['uid-2/1 pending', 'uid/1 abandoned', 'uid/10 pending']);
      });

      it('leaves failures and completions as they are, also a completion that comes late', async () => {
        await take(makeTold(1, 'aborted', 1));
        await take(makeTold(2, 'started', 2));
        await take(makeTold(3, 'started', 4));
        assert.deepEqual(await outcomes(), ['uid/1 failed', 'uid/2 abandoned', 'uid/3 pending']);

        await take(makeTold(2, 'completed', 3));
        assert.deepEqual(await outcomes(), ['uid/1 failed', 'uid/2 pending', 'uid/3 pending']);
      });

      it('leaves a change failed by a verdict', async () => {
        const { change } = await take(makeTold(1, 'started', 1));
        const told = {
          analysisId: 'a',
          verdict: 'fail',
          at: epoch + 2 * hour,
          enforced: true,
          reason: null,
        } as const;
        await within((store) => recordVerdict(store, change.id, told, policy()));
        await take(makeTold(2, 'started', 3));

        assert.deepEqual(await outcomes(), ['uid/1 failed', 'uid/2 pending']);
      });

      it('abandons a revision of which the first word comes after a higher one started', async () => {
        await take(makeTold(2, 'started', 3));
        const { change } = await take(makeTold(1, 'paused', 2));

        assert.deepEqual([change.outcome, change.outcomeAt], ['abandoned', epoch + 3 * hour]);
      });

      it('takes no rollout for a revision of another whose uid its own begins with', async () => {
        await take(makeTold(1, 'started', 1, { externalId: 'uid/x/1' }));
        await take(makeTold(2, 'started', 2));

        assert.deepEqual(await outcomes(), ['uid/2 pending', 'uid/x/1 pending']);
      });

      it('adds nothing to what was superseded before', async () => {
        const { change } = await take(makeTold(1, 'started', 1));
        for (const revision of [2, 3, 4]) await take(makeTold(revision, 'started', revision));

        const events = await createLedgerStore(test.database).eventsOf(change.id);
        assert.deepEqual(
          events.map(({ type, at }) => [type, at]),
          [
            ['started', epoch + hour],
            ['superseded', epoch + 2 * hour],
          ],
        );
      });

      it('ends in one state, in whatever order the events of three revisions arrive', async () => {
        const story = [
          makeTold(1, 'started', 1),
          makeTold(1, 'paused', 2),
          makeTold(2, 'started', 3),
          makeTold(1, 'aborted', 4),
          makeTold(2, 'resumed', 4),
          makeTold(3, 'started', 5),
          makeTold(3, 'completed', 6),
        ];
        const tell = async (events: readonly RolloutTold[]) => {
          await empty();
          for (const event of events) await take(event);
          const { items } = await changes.list({}, 100, null);
          return items.map(stateOf).sort((left, right) => (left.externalId < right.externalId ? -1 : 1));
        };
        const expected = await tell(story);
        assert.deepEqual(
          expected.map(({ outcome }) => outcome),
          ['failed', 'abandoned', 'pending'],
        );

        const anyOrder = fc.shuffledSubarray(story, { minLength: story.length });
        const runs = fc.asyncProperty(anyOrder, async (events) => {
          assert.deepEqual(await tell([...events, ...events.slice(0, 3)]), expected);
        });
        await fc.assert(runs, { numRuns: 25 });
      }).timeout(60_000);
    });

    describe('recordVerdict(store, changeId, told, policy)', () => {
      const told = { analysisId: 'a', verdict: 'fail', at: epoch, enforced: true, reason: 'worse' } as const;

      it('fails the change provisionally, once', async () => {
        const [change] = await changes.report([makeReport()]);
        const id = change?.id ?? '';

        const first = await within((store) => recordVerdict(store, id, told, policy()));
        const second = await within((store) => recordVerdict(store, id, told, policy()));

        assert.deepEqual([first.outcome, first.failureClass], ['failed', 'caught_in_canary']);
        assert.deepEqual(second, first);
      });

      it('refuses a change that nobody knows', async () => {
        await assert.rejects(
          within((store) => recordVerdict(store, 'nobody', told, policy())),
          (error) => hasCode(error, 'not_found'),
        );
      });
    });

    describe('rule(id, ruling)', () => {
      const ruling = {
        outcome: 'failed',
        failureClass: 'escaped',
        at: epoch,
        reason: 'seen',
        by: 'ann',
      } as const;
      const succeeded = { ...ruling, outcome: 'succeeded', failureClass: null } as const;

      async function made(): Promise<string> {
        const [change] = await changes.report([makeReport()]);
        return change?.id ?? '';
      }

      it('wins, and says who ruled and why', async () => {
        const change = await changes.rule(await made(), ruling);

        assert.deepEqual(
          [change.outcome, change.failureClass, change.outcomeAt],
          ['failed', 'escaped', epoch],
        );
        assert.deepEqual(change.attribution, { method: 'manual', confidence: 1, by: 'ann', reason: 'seen' });
        assert.deepEqual(await changes.get(change.id), change);
      });

      it('counts the later of two for the same time, and back again', async () => {
        const id = await made();
        await changes.rule(id, ruling);
        assert.equal((await changes.rule(id, succeeded)).outcome, 'succeeded');
        assert.equal((await changes.rule(id, ruling)).outcome, 'failed');
      });

      it('adds nothing when the one in force is said again', async () => {
        const id = await made();
        await changes.rule(id, ruling);
        await changes.rule(id, ruling);

        const events = await createLedgerStore(test.database).eventsOf(id);
        assert.equal(events.filter(({ type }) => type === 'ruled').length, 1);
      });

      it('keeps both of two people who rule at the same time', async () => {
        const id = await made();
        await Promise.all(['ann', 'bob', 'eve'].map((by) => changes.rule(id, { ...ruling, by })));

        const events = await createLedgerStore(test.database).eventsOf(id);
        assert.equal(events.filter(({ type }) => type === 'ruled').length, 3);
      });

      it('refuses a future time, an unknown word, a class without a failure, and a change nobody knows', async () => {
        const id = await made();
        const at = now() + hour;

        await assert.rejects(changes.rule(id, { ...ruling, at }), (error) => hasCode(error, 'invalid_input'));
        await assert.rejects(
          changes.rule(id, { ...ruling, outcome: 'bad' as 'failed' }),
          /allowed are pending/,
        );
        await assert.rejects(changes.rule(id, { ...ruling, outcome: 'succeeded' }), /only a failed change/);
        await assert.rejects(changes.rule('nobody', ruling), (error) => hasCode(error, 'not_found'));
      });
    });

    describe('settleDue(store, now, policy)', () => {
      const settle = () => within((store) => settleDue(store, now(), policy()));

      it('settles what is due and leaves the rest', async () => {
        const [observed] = await changes.report([makeReport({ externalId: '1', finishedAt: epoch })]);
        const [later] = await changes.report([makeReport({ externalId: '2', finishedAt: epoch + 2 * hour })]);
        const [silent] = await changes.report([
          makeReport({ externalId: '3', facts: { startedAt: epoch - 7 * day + 11 * hour } }),
        ]);
        hours = 24;

        assert.equal(await settle(), 2);
        const found = await Promise.all(
          [observed, later, silent].map((change) => changes.get(change?.id ?? '')),
        );
        assert.deepEqual(
          found.map(({ outcome, settlesAt }) => [outcome, settlesAt === null]),
          [
            ['succeeded', true],
            ['pending', false],
            ['abandoned', true],
          ],
        );
        assert.equal(await settle(), 0);
      });

      it('settles each once when two do it at the same time', async () => {
        for (let index = 0; index < 5; index += 1)
          await changes.report([makeReport({ externalId: String(index), finishedAt: epoch })]);
        hours = 30;

        const settled = await Promise.all([settle(), settle()]);

        assert.equal(
          settled.reduce((sum, one) => sum + one, 0),
          5,
        );
      });
    });

    it('says not_found for a change that nobody knows', async () => {
      await assert.rejects(changes.get('nobody'), (error) => hasCode(error, 'not_found'));
    });
  });
}
