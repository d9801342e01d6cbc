import assert from 'node:assert/strict';
import { system } from '../../src/ledger/actor.ts';
import type { Change } from '../../src/ledger/change.ts';
import {
  type ChangeReport,
  type Changes,
  createChanges,
  type RolloutTold,
  recordRolloutEvent,
  supersedeOpen,
} from '../../src/ledger/changes.ts';
import { createIncidents, type Incidents } from '../../src/ledger/incidents.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { epoch, hour } from './events.ts';
import { makeIncidentReport } from './incidents-at-hand.ts';
import { assertRolledUp, emptyLedger, makeLedgerDeps } from './ledger-at-hand.ts';

const place = { service: 'checkout', environment: 'production' } as const;
const at = (hours: number): number => epoch + hours * hour;

/** What a source tells of a deployment from its beginning to its end, in hours. */
function deployed(
  source: string,
  externalId: string,
  [from, to]: readonly [number, number],
  facts: ChangeReport['facts'] = {},
): ChangeReport {
  const times = { finishedAt: at(to), facts: { startedAt: at(from), ...facts } };
  return { source, externalId, ...place, targets: [], ...times };
}

for (const { name, open } of databases) {
  describe(`what is told late, on ${name}`, () => {
    let test: TestDatabase;
    let changes: Changes;
    let incidents: Incidents;
    let hours = 80;
    const deps = makeLedgerDeps(
      () => test,
      () => hours,
    );
    const { policy } = deps;
    before(async () => {
      test = await open();
      changes = createChanges(deps);
      incidents = createIncidents(deps);
    });
    beforeEach(async () => {
      hours = 80;
      await emptyLedger(test);
    });
    afterEach(async () => {
      await assertRolledUp(test);
    });
    after(() => test.close());

    async function tell(...reports: readonly ChangeReport[]): Promise<void> {
      for (const report of reports) await changes.report([report], system);
    }
    /** A controller's event, as its hook takes it. */
    async function argo(name: string, version: string | null, type: RolloutTold['type'], hours: number) {
      const [uid = '', revision = ''] = name.split('/');
      const named = { source: 'argo-rollouts', externalId: name, ...place, target: null };
      const told = {
        ...named,
        type,
        at: at(hours),
        facts: { version },
        reason: null,
        dedupeKey: `${name}${type}`,
      };
      await deps.unitOfWork.transaction(async ({ ledger }) => {
        await recordRolloutEvent(ledger, told, policy());
        await supersedeOpen(ledger, { source: told.source, uid, revision, at: told.at }, policy());
      });
    }
    async function find(source: string, externalId: string): Promise<Change> {
      const change = await deps.unitOfWork.stores.ledger.findByName(source, externalId);
      assert.ok(change !== null);
      return change;
    }
    /** The names that mean the same change, each list in the order of text. */
    async function groups(): Promise<string[]> {
      const rows: { external_id: string; change_id: string }[] = await test.database.run((sql) =>
        sql('change_names').select('external_id', 'change_id').orderBy('external_id'),
      );
      const found = new Map<string, string[]>();
      for (const row of rows)
        found.set(row.change_id, [...(found.get(row.change_id) ?? []), row.external_id]);
      return [...found.values()].map((names) => names.join(' ')).sort();
    }

    it('ends what a controller left open, though a source that tells of another one said it was out', async () => {
      await argo('u/1', 'v1', 'started', 1);
      await tell(deployed('github', 'g', [2.9, 3], { version: 'v1' }));
      await argo('u/2', 'v2', 'started', 5);
      assert.equal((await find('argo-rollouts', 'u/1')).finishedAt, at(3));

      await tell(deployed('github', 'g', [2.9, 3], { commit: 'abcdef1' }), {
        ...deployed('argo-rollouts', 'u/1', [1, 1], { commit: '7654321' }),
        finishedAt: undefined,
      });

      assert.deepEqual(await groups(), ['g', 'u/1', 'u/2']);
      const { outcome, outcomeAt } = await find('argo-rollouts', 'u/1');
      assert.deepEqual([outcome, outcomeAt], ['abandoned', at(5)]);
    });

    it('ends a revision by whatever shows that the controller was at a higher one', async () => {
      await argo('u/2', 'v2', 'completed', 6);
      await argo('u/1', 'v1', 'started', 1);

      assert.equal((await find('argo-rollouts', 'u/1')).outcomeAt, at(6));
    });

    it('is put together anew when a supersession makes it nearer', async () => {
      await argo('u/1', 'v1', 'started', 1);
      await argo('w/1', 'v1', 'started', 9);
      await tell(deployed('github', 'g', [6, 6.5], { version: 'v1' }));
      assert.deepEqual(await groups(), ['g w/1', 'u/1']);

      await argo('u/2', 'v2', 'started', 5);
      assert.deepEqual(await groups(), ['g u/1', 'u/2', 'w/1']);
    });

    it('finds what agrees with one of several spellings of a commit', async () => {
      await tell(
        deployed('argo', 'a', [1, 2], { commit: 'aaaaaaa1' }),
        deployed('github', 'g', [10, 11], { commit: 'aaaaaaa' }),
        deployed('gitlab', 'l', [10.1, 11.1], { commit: 'aaaaaaa2' }),
      );
      assert.deepEqual(await groups(), ['a', 'g l']);
    });

    it('finds what agrees with one of several artifacts', async () => {
      const digest = `sha256:${'1'.repeat(64)}`;
      await tell(
        deployed('argo', 'a', [1, 2], { version: 'v1', artifact: 'shop/checkout:v1' }),
        deployed('github', 'g', [1.1, 2], { version: 'v1', artifact: `ghcr.io/checkout@${digest}` }),
        deployed('gitlab', 'l', [1.2, 2], { artifact: `registry/checkout@${digest}` }),
      );
      assert.deepEqual(await groups(), ['a g l']);
    });

    for (const end of [40, 79])
      it(`is put to what was under way then, however long that took: ${end} hours`, async () => {
        await tell(
          deployed('argo', 'a', [1, end], { version: 'v1' }),
          deployed('github', 'g', [1.5, 2], { version: 'v1' }),
        );
        assert.deepEqual(await groups(), ['a g']);
      });

    it('is put to what began then, also where a person said much later what became of it', async () => {
      await tell({ ...deployed('argo', 'a', [1, 1], { version: 'v1' }), finishedAt: undefined });
      const { id } = await find('argo', 'a');
      const ruling = { outcome: 'failed', failureClass: null, reason: 'seen', at: at(79) } as const;
      await changes.rule(id, ruling, system);
      await tell(deployed('github', 'g', [1.5, 2], { version: 'v1' }));

      assert.deepEqual(await groups(), ['a g']);
    });

    it('counts from when it was heard itself where it tells no time', async () => {
      const told = (source: string, externalId: string): ChangeReport => {
        return { source, externalId, ...place, targets: [], facts: { version: 'v1' } };
      };
      hours = 10;
      await tell(told('argo', 'a1'));
      hours = 30;
      await tell(told('github', 'g'));
      assert.deepEqual(await groups(), ['a1 g']);
      hours = 35;
      await tell(told('argo', 'a2'));

      assert.deepEqual(await groups(), ['a1', 'a2 g']);
    });

    it('leaves when a change became known as it was where one becomes two', async () => {
      await tell(
        deployed('argo', 'a', [1, 2], { version: 'v1' }),
        deployed('github', 'g', [1, 2], { version: 'v1' }),
      );
      hours = 90;
      await tell(
        deployed('argo', 'a', [1, 2], { commit: 'abcdef1' }),
        deployed('github', 'g', [1, 2], { commit: '7654321' }),
      );

      const { items } = await changes.list({}, 10, null);
      assert.deepEqual(
        items.map(({ createdAt }) => createdAt),
        [at(80), at(80)],
      );
    });

    it('keeps what took a change back when that becomes part of one that looks alike', async () => {
      await tell(
        deployed('argo', 'a0', [0, 0.5], { version: 'v0' }),
        deployed('argo', 'a1', [1, 2]),
        deployed('github', 'g1', [1, 2], { version: 'v1' }),
        deployed('argo', 'a2', [3, 4], { version: 'v0' }),
        deployed('argo', 'a1', [1, 2], { version: 'v1' }),
      );

      assert.deepEqual(await groups(), ['a0', 'a1 g1', 'a2']);
      const { outcome, attribution } = await find('github', 'g1');
      assert.deepEqual([outcome, attribution?.method], ['failed', 'rollback']);
    });

    it('puts incidents anew where what took a change back turns out to be of the same version', async () => {
      await tell(deployed('argo', 'a1', [1, 3], { version: 'v1' }));
      await incidents.take([makeIncidentReport(4)], system);
      await tell(deployed('argo', 'a2', [8, 10], { version: 'v1' }));
      hours = 81;
      await tell(deployed('github', 'g2', [8, 10], { kind: 'rollback', commit: 'abcdef1' }));
      const methods = async () =>
        (await incidents.list({}, 10, null)).items.map((one) => one.attribution.method);
      assert.deepEqual(await methods(), ['rollback']);
      await tell(deployed('gitlab', 'l2', [8, 10], { version: 'v1', commit: 'abcdef1' }));

      assert.deepEqual(await groups(), ['a1', 'a2 g2 l2']);
      assert.deepEqual(await methods(), ['window']);
    });

    it('takes nothing back with what turns out never to have been out', async () => {
      const end = { finishedAt: at(5), finishedAtEstimated: true };
      await tell(deployed('argo', 'a1', [1, 3], { version: 'v1' }), {
        ...deployed('argo', 'a2', [4, 5], { kind: 'rollback' }),
        ...end,
      });
      assert.equal((await find('argo', 'a1')).attribution?.method, 'rollback');
      await tell({ ...deployed('argo', 'a2', [4, 6]), outcome: 'failed', failureClass: 'failed_to_deploy' });

      assert.equal((await find('argo', 'a1')).outcome, 'succeeded');
    });

    it('names the version that a change was taken back by, once it is known', async () => {
      await tell(
        deployed('argo', 'a1', [1, 2], { version: 'v1' }),
        deployed('argo', 'a2', [3, 4], { kind: 'rollback' }),
        deployed('argo', 'a2', [3, 4], { version: 'v0' }),
      );

      assert.equal((await find('argo', 'a1')).attribution?.reason, 'taken back by a change to v0');
    });

    it('leaves incidents findable by an id that means another change now', async () => {
      await tell(deployed('argo', 'a1', [1, 2]), deployed('github', 'g1', [1, 2], { version: 'v1' }));
      const { id: gone } = await find('github', 'g1');
      const [told] = await incidents.take([makeIncidentReport(3)], system);
      await incidents.attribute(told?.id ?? '', { changeId: gone, reason: 'seen' }, system);
      await tell(deployed('argo', 'a1', [1, 2], { version: 'v1' }));
      const { id } = await find('github', 'g1');
      assert.notEqual(id, gone);

      for (const changeId of [gone, id])
        assert.equal((await incidents.list({ changeId }, 10, null)).items.length, 1);
      assert.equal((await incidents.list({ changeId: 'nobody' }, 10, null)).items.length, 0);
    });

    it('takes all incidents along, also more than are looked at again', async () => {
      await tell(deployed('argo', 'a1', [1, 2]), deployed('github', 'g1', [1, 2]));
      const [into, gone] = [await find('argo', 'a1'), await find('github', 'g1')];
      await incidents.take([makeIncidentReport(3)], system);
      const [before] = (await incidents.list({}, 10, null)).items;
      const [from, to] = before?.attribution.changeId === gone.id ? [gone.id, into.id] : [into.id, gone.id];
      await deps.unitOfWork.transaction(async ({ ledger }) => {
        await ledger.moves.dissolve(from, to);
        for (const id of [from, to]) assert.equal((await ledger.find(id))?.id, to);
        const [incident] = await ledger.incidents.ofChanges([to]);
        assert.deepEqual(incident?.attribution, { ...before?.attribution, changeId: to });
      });
    });
  });
}
