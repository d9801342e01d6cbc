import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Stores } from '../../src/analysis/run-store.ts';
import { system } from '../../src/ledger/actor.ts';
import type { Change } from '../../src/ledger/change.ts';
import {
  type ChangeReport,
  type Changes,
  createChanges,
  type RolloutTold,
  recordReport,
  recordRolloutEvent,
  recordVerdict,
  settleDue,
  supersedeOpen,
} from '../../src/ledger/changes.ts';
import type { IncidentReport } from '../../src/ledger/incident.ts';
import { createIncidents, type Incidents } from '../../src/ledger/incidents.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun } from '../support/plans.ts';
import { epoch, hour } from './events.ts';
import { makeIncidentReport } from './incidents-at-hand.ts';
import { assertRolledUp, emptyLedger, makeLedgerDeps } from './ledger-at-hand.ts';

const place = { service: 'checkout', environment: 'production' } as const;
const at = (hours: number): number => epoch + hours * hour;

type Told = () => Promise<unknown>;

/** Ids are others each time. */
function withoutIds(attribution: Change['attribution']): object {
  const reason = attribution?.reason?.replace(/[0-9a-f-]{36}/, '…');
  return { ...attribution, reason, incidentId: undefined };
}

for (const { name, open } of databases) {
  describe(`what two sources and an analysis tell, in whatever order, on ${name}`, () => {
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
    beforeEach(() => emptyLedger(test));
    after(() => test.close());
    const within = <T>(work: (stores: Stores) => Promise<T>): Promise<T> => deps.unitOfWork.transaction(work);

    /** A controller's event; whatever shows it at a revision supersedes what is under way. */
    const argo =
      (
        revision: number,
        version: string,
        type: RolloutTold['type'],
        hours: number,
        target: string | null = null,
      ): Told =>
      () =>
        within(async ({ ledger }) => {
          const names = { source: 'argo-rollouts', externalId: `u/${revision}` };
          const dedupeKey = `${revision}/${type}/${hours}/${target}`;
          const rest = { ...place, target, facts: { version }, reason: null, dedupeKey };
          await recordRolloutEvent(ledger, { ...names, ...rest, type, at: at(hours) }, policy());
          const start = { source: 'argo-rollouts', uid: 'u', revision: String(revision), at: at(hours) };
          await supersedeOpen(ledger, start, policy());
        });

    const github = (id: string, facts: ChangeReport['facts'], more: Partial<ChangeReport> = {}): Told => {
      const report = { source: 'github', externalId: id, ...place, targets: [], facts, ...more };
      return () => changes.report([report], system);
    };

    /** A deployment's beginning and its end, as two deliveries tell of them. */
    const deployment = (
      id: string,
      version: string,
      [begun, ended]: readonly [number, number],
      outcome: ChangeReport['outcome'] = 'succeeded',
    ): readonly Told[] => {
      const facts = { version, commit: `${version}`.padEnd(9, '0'), actor: 'ann' };
      return [
        github(id, { ...facts, startedAt: at(begun) }),
        github(id, facts, { finishedAt: at(ended), outcome }),
      ];
    };

    /** An analysis of a revision and what it concluded. */
    const analysis =
      (revision: number, version: string, hours: number): Told =>
      () =>
        within(async ({ ledger, runs }) => {
          const names = { source: 'argo-rollouts', externalId: `u/${revision}` };
          const report = { ...names, ...place, targets: [], facts: { version } };
          const change = await recordReport(ledger, report, policy());
          const rollout = { uid: 'u', revision: String(revision), namespace: null, name: null };
          const id = `analysis of ${revision}`;
          await runs.insert(makeRun({ id, key: id, ...place, changeId: change.id, rollout }));
          const word = { verdict: 'fail', at: at(hours), enforced: true, reason: 'worse' } as const;
          await recordVerdict(ledger, change.id, { analysisId: id, ...word }, policy());
        });

    const incident =
      (hours: number, more: Partial<IncidentReport> = {}): Told =>
      () =>
        incidents.take([makeIncidentReport(hours, more)], system);

    /** A change without what it is called and when it was made; what its incident and its analyses are called. */
    async function outlineOf({ id, source, externalId, createdAt, ...state }: Change) {
      const known = (await incidents.list({ changeId: id }, 50, null)).items;
      const names: { external_id: string }[] = await test.database.run((sql) =>
        sql('change_names').where({ change_id: id }).select('external_id').orderBy('external_id'),
      );
      const runs = await deps.unitOfWork.stores.runs.findByChange(id, 10);
      return {
        ...state,
        names: names.map((one) => one.external_id),
        incidents: known.map((one) => one.externalId).sort(),
        attribution: withoutIds(state.attribution),
        runs: runs.map((run) => [run.id, run.changeId === id]),
      };
    }

    async function outcomeOf(tellings: readonly Told[]) {
      await emptyLedger(test);
      for (const tell of tellings) await tell();
      const { items } = await changes.list({}, 100, null);
      const outlines = await Promise.all(items.map(outlineOf));
      return outlines.sort((left, right) => (`${left.names}` < `${right.names}` ? -1 : 1));
    }

    it('comes to one state', async function () {
      this.timeout(300_000);
      const story: readonly Told[] = [
        argo(1, 'v1', 'started', 1),
        argo(1, 'v1', 'completed', 2),
        ...deployment('101', 'v1', [0.9, 2.1]),
        argo(2, 'v2', 'started', 5),
        argo(2, 'v2', 'completed', 6),
        ...deployment('102', 'v2', [4.9, 6.1]),
        incident(7),
        incident(9, { status: 'resolved' }),
        // The version before comes back.
        argo(3, 'v1', 'started', 8),
        argo(3, 'v1', 'completed', 8.4),
        ...deployment('103', 'v1', [7.9, 8.5]),
        // Stopped by a verdict, tried once more: the controller has one revision, the other two deployments.
        argo(4, 'v3', 'started', 12),
        analysis(4, 'v3', 12.4),
        argo(4, 'v3', 'aborted', 12.5),
        argo(4, 'v3', 'completed', 14),
        ...deployment('104', 'v3', [11.9, 12.6], 'failed'),
        ...deployment('105', 'v3', [13.4, 14.1]),
        // Superseded while under way, and cancelled by the other.
        argo(5, 'v4', 'started', 20),
        ...deployment('106', 'v4', [19.9, 21], 'abandoned'),
        argo(6, 'v5', 'started', 21),
        argo(6, 'v5', 'completed', 22),
        ...deployment('107', 'v5', [20.9, 22.1]),
      ];
      const expected = await outcomeOf(story);
      assert.deepEqual(
        expected.map(({ names, outcome, failureClass, incidents: put }) => [
          names.join(' '),
          outcome,
          failureClass,
          put.join(' '),
        ]),
        [
          ['101 u/1', 'succeeded', null, ''],
          ['102 u/2', 'failed', 'escaped', 'INC-1'],
          ['103 u/3', 'succeeded', null, ''],
          ['104 u/4', 'failed', 'caught_in_canary', ''],
          ['105', 'succeeded', null, ''],
          ['106 u/5', 'abandoned', null, ''],
          ['107 u/6', 'succeeded', null, ''],
        ],
      );
      assert.deepEqual(expected[3]?.runs, [['analysis of 4', true]]);
      await fc.assert(
        fc.asyncProperty(fc.shuffledSubarray([...story], { minLength: story.length }), async (shuffled) => {
          assert.deepEqual(await outcomeOf([...shuffled, ...shuffled.slice(0, 5)]), expected);
          await assertRolledUp(test);
        }),
        { numRuns: 12 },
      );
    });

    it('comes to one state also where versions come again and sources contradict each other', async function () {
      this.timeout(300_000);
      const told = fc.record({
        source: fc.constantFrom('github', 'gitlab', 'jenkins'),
        version: fc.constantFrom(null, 'v1', 'v2'),
        commit: fc.constantFrom(null, 'aaaaaaa', 'bbbbbbb', 'aaaaaaa1'),
        begun: fc.integer({ min: 0, max: 40 }),
        hours: fc.constantFrom(0.5, 1, 4),
        outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'abandoned' as const),
      });
      const story = fc.array(told, { minLength: 3, maxLength: 7 }).chain((deployments) => {
        const order = deployments.flatMap((_, index) => [2 * index, 2 * index + 1]);
        return fc.tuple(fc.constant(deployments), fc.shuffledSubarray(order, { minLength: order.length }));
      });
      await fc.assert(
        fc.asyncProperty(story, async ([deployments, order]) => {
          const inOrder = deployments.flatMap(({ source, version, commit, begun, hours, outcome }, index) => {
            const [name, early] = [`${index}`, index % 2 === 0];
            // One tells what it is at the beginning, another only when it is over.
            return [
              github(name, { startedAt: at(begun), ...(early ? { version } : {}) }, { source }),
              github(name, { version, commit }, { source, finishedAt: at(begun + hours), outcome }),
            ];
          });
          const shuffled = order.flatMap((index) => inOrder[index] ?? []);
          assert.deepEqual(await outcomeOf(shuffled), await outcomeOf(inOrder));
          await assertRolledUp(test);
        }),
        { numRuns: 20 },
      );
    });

    type Deployment = {
      readonly version: string;
      readonly begun: number;
      readonly end: 'completed' | 'aborted' | null;
      readonly isSplit: boolean;
      readonly judged: 'rollout' | 'alone' | null;
      readonly hurt: 'name' | 'version' | 'near' | null;
      readonly kind: 'normal' | 'rollback';
      readonly skew: number;
    };

    /** What the controller, the code host, an analysis and an incident tell of a deployment. */
    function tellAll(one: Deployment, number: number): Told[] {
      const { version, begun, end, isSplit, judged, hurt, kind, skew } = one;
      const [from, to] = [begun + number / 100, begun + 2 + number / 50];
      const commit = `aaaaaaa${version === 'v1' ? '' : '2'}`;
      const targets = isSplit ? ['eu', 'us'] : [null];
      const id = `g${number}`;
      const link = {
        changeId: null,
        source: null,
        externalId: null,
        version: null,
        commit: null,
        artifact: null,
      };
      const links = {
        name: { ...link, source: 'github', externalId: id },
        version: { ...link, version },
        near: null,
      };
      return [
        ...targets.map((target) => argo(number, version, 'started', from, target)),
        ...targets.flatMap((target) => (end === null ? [] : argo(number, version, end, to, target))),
        github(id, { startedAt: at(from + skew), ...(isSplit ? { version } : {}) }),
        github(id, { commit, kind }, { finishedAt: at(to + 2 * skew), outcome: 'succeeded' }),
        ...(judged === 'rollout' ? [analysis(number, version, to - 0.5)] : []),
        ...(judged === 'alone'
          ? [
              github(
                `k${number}`,
                { version, commit: `${commit}b`, startedAt: at(from) },
                { source: 'analysis' },
              ),
            ]
          : []),
        ...(hurt === null ? [] : [incident(to + 0.3, { externalId: id, facts: { link: links[hurt] } })]),
      ];
    }

    const settle: Told = () => within(({ ledger }) => settleDue(ledger, policy().now, policy()));

    it('comes to one state also with targets, supersessions, analyses, incidents and rollbacks', async function () {
      this.timeout(300_000);
      const deployment: fc.Arbitrary<Deployment> = fc.record({
        version: fc.constantFrom('v1', 'v2'),
        begun: fc.integer({ min: 1, max: 12 }),
        end: fc.constantFrom('completed', 'completed', 'aborted', null),
        isSplit: fc.boolean(),
        judged: fc.constantFrom('rollout', 'alone', null),
        hurt: fc.constantFrom('name', 'version', 'near', null, null),
        kind: fc.constantFrom('normal', 'normal', 'rollback'),
        skew: fc.constantFrom(-0.1, 0, 0.6),
      });
      const story = fc.array(deployment, { minLength: 2, maxLength: 4 }).chain((deployments) => {
        const inOrder = [...deployments]
          .sort((left, right) => left.begun - right.begun)
          .flatMap((one, index) => tellAll(one, index + 1));
        const order = inOrder.map((_, index) => index);
        return fc.tuple(
          fc.constant(deployments),
          fc.constant(inOrder),
          fc.shuffledSubarray(order, { minLength: order.length }),
        );
      });
      await fc.assert(
        fc.asyncProperty(story, async ([_, inOrder, order]) => {
          const expected = await outcomeOf([...inOrder, settle]);
          const shuffled = order.flatMap((index) => inOrder[index] ?? []);
          assert.deepEqual(
            await outcomeOf([...shuffled.slice(0, 4), settle, ...shuffled.slice(4), settle]),
            expected,
          );
          await assertRolledUp(test);
        }),
        { numRuns: 10 },
      );
    });
  });
}
