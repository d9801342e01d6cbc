import assert from 'node:assert/strict';
import type { Run } from '../../src/analysis/run.ts';
import type { Actor } from '../../src/ledger/actor.ts';
import type { Change } from '../../src/ledger/change.ts';
import { type ChangeReport, type Changes, createChanges, recordVerdict } from '../../src/ledger/changes.ts';
import { createIncidents, type Incidents } from '../../src/ledger/incidents.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun } from '../support/plans.ts';
import { epoch, hour } from './events.ts';
import { makeIncidentReport } from './incidents-at-hand.ts';
import { assertRolledUp, emptyLedger, makeLedgerDeps } from './ledger-at-hand.ts';

const ann: Actor = { name: 'ann', isAdmin: true };
const place = { service: 'checkout', environment: 'production' } as const;

/** What a source tells of a deployment that was out at `hours`, half an hour after it began. */
function deployed(source: string, externalId: string, hours: number, facts: ChangeReport['facts'] = {}) {
  const [startedAt, finishedAt] = [epoch + (hours - 0.5) * hour, epoch + hours * hour];
  return { source, externalId, ...place, targets: [], finishedAt, facts: { startedAt, ...facts } };
}

for (const { name, open } of databases) {
  describe(`putting together what sources tell, on ${name}`, () => {
    let test: TestDatabase;
    let changes: Changes;
    let incidents: Incidents;
    const deps = makeLedgerDeps(() => test);
    const { policy } = deps;
    before(async () => {
      test = await open();
      changes = createChanges(deps);
      incidents = createIncidents(deps);
    });
    beforeEach(async () => {
      await emptyLedger(test);
    });
    afterEach(async () => {
      await assertRolledUp(test);
    });
    after(() => test.close());

    async function tell(...reports: readonly ChangeReport[]): Promise<Change> {
      let last: readonly Change[] = [];
      for (const report of reports) last = await changes.report([report], ann);
      assert.ok(last[0] !== undefined);
      return last[0];
    }
    const stores = () => deps.unitOfWork.stores;
    async function idOf(source: string, externalId: string): Promise<string> {
      const change = await stores().ledger.findByName(source, externalId);
      assert.ok(change !== null);
      return change.id;
    }
    const count = async (): Promise<number> => (await changes.list({}, 100, null)).items.length;

    /** Two changes of two sources, of which the second says too late that they are one. */
    async function tellTwo(): Promise<readonly [string, string]> {
      const first = await tell(deployed('argo', 'a1', 1));
      const second = await tell(deployed('github', 'g1', 1, { version: 'v1' }));
      assert.notEqual(first.id, second.id);
      return [first.id, second.id];
    }
    const tellLate = () => tell(deployed('argo', 'a1', 1, { version: 'v1' }));

    it('makes one of two when they turn out to be one, and keeps both ids', async () => {
      const [first, second] = await tellTwo();

      const change = await tellLate();

      assert.equal(change.id, first);
      assert.equal(await count(), 1);
      assert.deepEqual(await changes.get(second), change);
      assert.equal(await idOf('github', 'g1'), first);
      assert.equal(change.version, 'v1');
    });

    it('makes one of a rollout of days and what another source tells of its beginning, in any order', async () => {
      const startedAt = epoch;
      const whole = { ...deployed('argo', 'a1', 70), facts: { version: 'v1', startedAt } };
      const { finishedAt: _, ...begun } = { ...whole, source: 'github', externalId: 'g1' };
      for (const order of [
        [whole, begun],
        [begun, whole],
      ]) {
        await test.database.run((sql) => sql('changes').del());
        await test.database.run((sql) => sql('change_rollups').del());
        await tell(...order);
        assert.equal(await count(), 1);
      }
    });

    it('keeps both ids also when the one they mean becomes another’s', async () => {
      const [first, second] = await tellTwo();
      const third = await tell(deployed('gitlab', 'l1', 1, { commit: 'abcdef1' }));
      await tellLate();
      await tell(deployed('github', 'g1', 1, { version: 'v1', commit: 'abcdef1' }));

      assert.equal(await count(), 1);
      const ids = await Promise.all([first, second, third.id].map(async (id) => (await changes.get(id)).id));
      assert.deepEqual(new Set(ids), new Set([first]));
    });

    it('keeps what a person ruled of either, the latest first', async () => {
      const [first, second] = await tellTwo();
      const ruling = { outcome: 'failed', failureClass: 'escaped', reason: 'seen' } as const;
      await changes.rule(second, { ...ruling, at: epoch + 3 * hour }, ann);
      const { outcome, attribution } = await tellLate();
      assert.deepEqual([outcome, attribution?.method, attribution?.reason], ['failed', 'manual', 'seen']);

      const later = {
        outcome: 'succeeded',
        failureClass: null,
        reason: 'fine',
        at: epoch + 4 * hour,
      } as const;
      assert.equal((await changes.rule(second, later, ann)).id, first);
      assert.equal((await changes.get(first)).outcome, 'succeeded');
    });

    it('leaves an incident with the change that a person put it to, whatever that is called now', async () => {
      const [first, second] = await tellTwo();
      const [told] = await incidents.take([makeIncidentReport(30)], ann);
      await incidents.attribute(told?.id ?? '', { changeId: second, reason: 'seen' }, ann);
      await tellLate();

      assert.deepEqual((await incidents.get(told?.id ?? '')).attribution, {
        changeId: first,
        method: 'manual',
        confidence: 1,
      });
      assert.equal((await changes.get(first)).outcome, 'failed');
      await incidents.take([makeIncidentReport(31, { status: 'resolved' })], ann);
      assert.equal((await changes.get(first)).recoveredAt, epoch + 31 * hour);
    });

    it('lets go of the nearest when a nearer one is heard of, with the incidents that name it', async () => {
      await tell(deployed('argo', 'u/1', 1, { version: 'v1' }));
      const joined = await tell(deployed('github', '103', 8, { version: 'v1' }));
      assert.equal(joined.id, await idOf('argo', 'u/1'));
      const link = { changeId: null, version: null, commit: null, artifact: null };
      const facts = { link: { ...link, source: 'github', externalId: '103' } };
      await incidents.take([makeIncidentReport(9, { facts })], ann);

      const own = await tell(deployed('argo', 'u/3', 8, { version: 'v1' }));

      assert.equal(await count(), 2);
      assert.equal(await idOf('github', '103'), own.id);
      assert.equal((await changes.get(await idOf('argo', 'u/1'))).finishedAt, epoch + hour);
      const { items } = await incidents.list({}, 10, null);
      assert.deepEqual(
        items.map(({ attribution }) => attribution.changeId),
        [own.id],
      );
      assert.equal((await changes.get(own.id)).failureClass, 'escaped');
    });

    it('makes two of one when its sources turn out to contradict each other', async () => {
      await tell(
        deployed('argo', 'u/1', 1, { version: 'v1' }),
        deployed('github', 'g1', 1, { version: 'v1' }),
      );
      assert.equal(await count(), 1);

      await tell(
        deployed('argo', 'u/1', 1, { commit: 'abcdef1' }),
        deployed('github', 'g1', 1, { commit: '7654321' }),
      );

      const { items } = await changes.list({}, 10, null);
      assert.deepEqual(items.map(({ commit }) => commit).sort(), ['7654321', 'abcdef1']);
      assert.deepEqual((await changes.list({ suspected: true }, 10, null)).items.length, 2);
    });

    it('finds for what was taken out of a change the one that it belongs to', async () => {
      const first = await tell(deployed('github', 'g1', 1, { commit: 'bbbbbbb' }));
      await tell(deployed('github', 'g2', 1, { version: 'v1', commit: 'aaaaaaa' }));
      await tell(deployed('gitlab', 'l1', 1, { version: 'v1' }));
      // With this it contradicts the one whose version it has.
      const { id } = await tell(deployed('gitlab', 'l1', 1, { commit: 'bbbbbbb' }));
      assert.equal(await count(), 2);
      assert.equal((await changes.get(first.id)).id, id);
      assert.equal(await idOf('github', 'g1'), id);
    });

    it('takes the analyses along, with their verdicts; who looks at one has to look again', async () => {
      const first = await tell(deployed('github', 'g1', 1));
      const second = await tell(deployed('argo-rollouts', 'u/1', 1, { version: 'v1' }));
      const rollout = { uid: 'u', revision: '1', namespace: null, name: null };
      const run = makeRun({ id: 'r', key: 'r', ...place, changeId: second.id, rollout, nextLookAt: epoch });
      await stores().runs.insert(run);
      const told = { analysisId: 'r', verdict: 'fail', at: epoch, enforced: true, reason: null } as const;
      await deps.unitOfWork.transaction(({ ledger }) => recordVerdict(ledger, second.id, told, policy()));
      const [claim] = await stores().runs.claimDue(epoch, 1, 60_000);
      assert.ok(claim !== undefined);

      await tell(deployed('github', 'g1', 1, { version: 'v1' }));

      assert.deepEqual((await changes.get(first.id)).analysisIds, ['r']);
      assert.equal((await changes.get(first.id)).verdictOverruled, true);
      assert.equal(await stores().runs.countByChange(first.id), 1);
      assert.equal(await stores().runs.saveClaimed(claim.run, claim.token), false);
      const moved = await stores().runs.find('r');
      assert.equal(moved?.changeId, first.id);
      assert.ok(moved !== null && (await stores().runs.saveForced({ ...moved, reason: 'again' }, moved)));
      assert.equal((await stores().runs.claimDue(epoch, 1, 60_000)).length, 1);
    });

    it('leaves the analyses of one with it when another goes', async () => {
      await tell(deployed('argo-rollouts', 'u/1', 1, { version: 'v1' }));
      const both = await tell(deployed('github', '103', 8, { version: 'v1' }));
      const rollout = { uid: 'u', revision: '1', namespace: null, name: null };
      await stores().runs.insert(makeRun({ id: 'r', key: 'r', ...place, changeId: both.id, rollout }));
      const told = { analysisId: 'r', verdict: 'fail', at: epoch, enforced: true, reason: null } as const;
      await deps.unitOfWork.transaction(({ ledger }) => recordVerdict(ledger, both.id, told, policy()));

      const own = await tell(deployed('argo-rollouts', 'u/3', 8, { version: 'v1' }));

      const at = await idOf('argo-rollouts', 'u/1');
      assert.equal((await stores().runs.find('r'))?.changeId, at);
      assert.deepEqual((await changes.get(at)).analysisIds, ['r']);
      assert.deepEqual((await changes.get(own.id)).analysisIds, []);
    });

    /** A change of one deployment, with an analysis of one that turns out to be of another change. */
    async function tellJudged(source: string, externalId: string, rollout: Run['rollout']): Promise<string> {
      const first = await tell(deployed('github', '101', 1, { version: 'v1' }));
      const joined = await tell(deployed(source, externalId, 8, { version: 'v1' }));
      assert.equal(joined.id, first.id);
      const run = makeRun({ id: 'r', key: 'r', ...place, changeId: joined.id, rollout });
      await stores().runs.insert(run);
      const window = { window_start: 0, window_end: 1, target_key: '', fingerprint: '', profile: '{}' };
      const profile = { run_id: 'r', metric: 'm', change_id: joined.id, ...place, ...window };
      await test.database.run((sql) => sql('noise_profiles').insert(profile));
      const told = { analysisId: 'r', verdict: 'fail', at: epoch, enforced: true, reason: null } as const;
      await deps.unitOfWork.transaction(({ ledger }) => recordVerdict(ledger, joined.id, told, policy()));
      await tell(deployed('github', '103', 8, { version: 'v1' }));
      return first.id;
    }
    for (const [source, externalId, rollout] of [
      ['argo-rollouts', 'u/3', { uid: 'u', revision: '3', namespace: null, name: null }],
      ['analysis', 'checkout/production//k', null],
    ] as const)
      it(`takes the analyses of ${source} along when what it told goes`, async () => {
        const left = await tellJudged(source, externalId, rollout);
        const own = await idOf('github', '103');

        assert.equal(await idOf(source, externalId), own);
        assert.equal((await stores().runs.find('r'))?.changeId, own);
        const noise = await test.database.run((sql) => sql('noise_profiles').pluck<string[]>('change_id'));
        assert.deepEqual(noise, [own]);
        assert.deepEqual((await changes.get(own)).analysisIds, ['r']);
        assert.deepEqual((await changes.get(left)).analysisIds, []);
        assert.equal((await changes.get(left)).externalId, '101');
      });

    it('calls a change by a name that it has', async () => {
      const first = await tell(deployed('github', '103', 8, { version: 'v1' }));
      await tell(
        deployed('argo', 'u/1', 1, { version: 'v1' }),
        deployed('argo', 'u/3', 8, { version: 'v1' }),
      );

      assert.equal(await idOf('argo', 'u/1'), first.id);
      const { source, externalId } = await changes.get(first.id);
      assert.deepEqual([source, externalId], ['argo', 'u/1']);
    });

    it('keeps an id that means a change which becomes another’s in turn', async () => {
      const [first, second] = await tellTwo();
      await tellLate();
      const third = await tell(
        deployed('gitlab', 'l1', 1, { commit: 'abcdef1' }),
        deployed('jenkins', 'j1', 1, { commit: 'abcdef1' }),
        deployed('travis', 't1', 1, { commit: 'abcdef1' }),
      );
      await tell(deployed('github', 'g1', 1, { version: 'v1', commit: 'abcdef1' }));

      assert.equal(await count(), 1);
      for (const id of [first, second, third.id]) assert.equal((await changes.get(id)).id, third.id);
    });

    it('leaves ids with what they can only be', async () => {
      const both = await tell(
        deployed('argo', 'a', 1, { artifact: 'shop:1' }),
        deployed('gitlab', 'l', 1.1, { artifact: 'shop:1', commit: '7654321' }),
      );
      const other = await tell(deployed('github', 'g', 1, { version: 'v1', commit: 'abcdef1' }));
      await tell(deployed('argo', 'a', 1, { version: 'v1' }));

      assert.equal(await idOf('gitlab', 'l'), both.id);
      assert.equal(await idOf('github', 'g'), other.id);
      assert.equal(await idOf('argo', 'a'), other.id);
    });

    it('puts incidents anew also where no times are known', async () => {
      const told = (source: string, facts: ChangeReport['facts']): ChangeReport => {
        return { source, externalId: source, ...place, targets: [], facts };
      };
      await tell(told('argo', { version: 'v1' }), told('github', { version: 'v1', commit: 'abcdef1' }));
      const link = { changeId: null, version: null, source: null, externalId: null, artifact: null };
      await incidents.take(
        [makeIncidentReport(75, { facts: { link: { ...link, commit: 'abcdef1' } } })],
        ann,
      );
      await tell(told('argo', { commit: '7654321' }));

      const [apart, hurt] = [await idOf('argo', 'argo'), await idOf('github', 'github')];
      assert.equal((await incidents.list({ changeId: hurt }, 10, null)).items.length, 1);
      assert.deepEqual(
        [(await changes.get(hurt)).outcome, (await changes.get(apart)).outcome],
        ['failed', 'pending'],
      );
    });

    it('comes to the same when many tell at once', async () => {
      const reports = [1, 4, 7, 10].flatMap((hours, index) => [
        deployed('argo', `u/${index}`, hours, { version: `v${index % 2}` }),
        deployed('github', `${index}`, hours + 0.1, {
          version: `v${index % 2}`,
          commit: `abcdef${index % 2}`,
        }),
        deployed('gitlab', `${index}`, hours + 0.2, { commit: `abcdef${index % 2}` }),
      ]);
      await Promise.all([...reports, ...reports].map((report) => changes.report([report], ann)));

      assert.equal(await count(), 4);
      for (const index of [0, 1, 2, 3]) {
        const id = await idOf('argo', `u/${index}`);
        assert.equal(await idOf('github', `${index}`), id);
        assert.equal(await idOf('gitlab', `${index}`), id);
      }
    });
  });
}
