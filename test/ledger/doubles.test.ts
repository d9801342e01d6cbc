import assert from 'node:assert/strict';
import fc from 'fast-check';
import { system } from '../../src/ledger/actor.ts';
import type { Change, ChangeFacts } from '../../src/ledger/change.ts';
import {
  type ChangeReport,
  type Changes,
  createChanges,
  recordRolloutEvent,
} from '../../src/ledger/changes.ts';
import { comparable, readVersion, type VersionMeaning } from '../../src/ledger/version-meaning.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { epoch, hour, policyAt } from './events.ts';

const sha = '9f1c2d3e4f5061728394a5b6c7d8e9f001122334';

function report(source: string, id: string, hours: number, facts: Partial<ChangeFacts>): ChangeReport {
  const place = { service: 'checkout', environment: 'production' };
  const finishedAt = epoch + hours * hour;
  return { source, externalId: id, ...place, targets: [], finishedAt, outcome: 'succeeded', facts };
}

for (const { name, open } of databases) {
  describe(`suspected doubles on ${name}`, () => {
    let test: TestDatabase;
    let changes: Changes;
    let meaning: VersionMeaning;
    const policy = () => ({ ...policyAt(200), versionFrom: () => meaning });

    before(async () => {
      test = await open();
      changes = createChanges({
        unitOfWork: createUnitOfWork(test.database),
        now: () => policy().now,
        policy,
      });
    });
    beforeEach(async () => {
      meaning = 'tag';
      await test.database.run((sql) => sql('changes').del());
    });
    after(() => test.close());

    const tell = async (...reports: ChangeReport[]): Promise<readonly Change[]> => {
      const told: Change[] = [];
      for (const one of reports) told.push(...(await changes.report([one], system)));
      return told;
    };
    const named = async (): Promise<Record<string, readonly string[]>> => {
      const { items } = await changes.list({}, 100, null);
      const names = new Map(items.map(({ id, externalId }) => [id, externalId]));
      const entries = await Promise.all(
        items.map(async (change) => [
          change.externalId,
          (await changes.doubles(change)).map((id) => names.get(id) ?? ''),
        ]),
      );
      return Object.fromEntries(entries);
    };
    const listed = async (): Promise<string[]> =>
      (await changes.list({ suspected: true }, 100, null)).items.map(({ externalId }) => externalId).sort();

    it('are those of other sources that agree in one thing and contradict in another', async () => {
      await tell(
        report('argo', 'a1', 1, { version: 'v1', commit: sha }),
        report('github', 'g1', 1.5, { version: '1.0.0', commit: sha.slice(0, 9) }),
        report('github', 'g2', 2, { version: 'v2' }),
      );

      assert.deepEqual(await named(), { a1: ['g1'], g1: ['a1'], g2: [] });
      assert.deepEqual(await listed(), ['a1', 'g1']);
    });

    it('are none where what agrees became known late: they are one from then on', async () => {
      await tell(report('argo', 'a1', 1, {}), report('github', 'g1', 1, { version: 'v1' }));
      assert.equal((await changes.list({}, 10, null)).items.length, 2);

      await tell(report('argo', 'a1', 1, { version: 'v1' }));
      assert.equal((await changes.list({}, 10, null)).items.length, 1);
      assert.deepEqual(await listed(), []);
    });

    it('are those of which a source told twice: only one of them can be the other’s', async () => {
      await tell(
        report('argo', 'a1', 1, { version: 'v1' }),
        report('github', 'g1', 1.1, { version: 'v1' }),
        report('github', 'g2', 2, { version: 'v1' }),
        report('gitlab', 'l2', 3, { version: 'v1', commit: sha }),
      );

      assert.deepEqual(await named(), { a1: [], g2: [] });
    });

    it('are none of one source, none joined, none elsewhere and none far away in time', async () => {
      await tell(
        report('argo', 'a1', 1, { version: 'v1' }),
        report('argo', 'a2', 2, { version: 'v1' }),
        report('argo', 'a3', 60, { version: 'v3', commit: sha }),
        report('github', 'g3', 60, { commit: sha }),
        report('github', 'g4', 100, { version: 'v4', commit: sha }),
        { ...report('github', 'g5', 1, { version: 'v1', commit: 'abcdef1' }), environment: 'staging' },
      );

      assert.deepEqual(Object.values(await named()), [[], [], [], [], []]);
      assert.deepEqual(await listed(), []);
    });

    it('come nearest first', async () => {
      await tell(
        report('argo', 'a1', 10, { version: 'v1', commit: sha }),
        report('github', 'far', 15, { version: 'v1', commit: 'abcdef1' }),
        report('gitlab', 'near', 11, { version: 'v1', commit: 'abcdef2' }),
      );

      assert.deepEqual((await named())['a1'], ['near', 'far']);
    });

    it('are the same whatever order the reports arrive in', async () => {
      const told = [
        report('argo', 'a1', 1, { version: 'v1', commit: sha }),
        report('github', 'g1', 1.5, { version: '1.0.0', commit: sha }),
        report('gitlab', 'l1', 2, { version: 'v1', commit: 'abcdef1' }),
        report('argo', 'a2', 60, { version: 'v9' }),
      ];
      const expected = { a1: ['g1', 'l1'], g1: ['a1'], l1: ['a1'], a2: [] };
      await fc.assert(
        fc.asyncProperty(fc.shuffledSubarray(told, { minLength: told.length }), async (order) => {
          await test.database.run((sql) => sql('changes').del());
          await tell(...order);
          assert.deepEqual(await named(), expected);
          assert.deepEqual(await listed(), ['a1', 'g1', 'l1']);
        }),
        { numRuns: 12 },
      );
    });

    it('are none where versions are commits, or are not to be compared', async () => {
      for (const [word, version] of [
        ['sha', `sha-${sha}`],
        ['label', 'checkout-1.0.0-build.5'],
      ] as const) {
        meaning = word;
        await test.database.run((sql) => sql('changes').del());
        const facts = word === 'sha' ? { version } : { version, commit: sha };
        await tell(
          report('argo', 'a1', 1, facts),
          report('github', 'g1', 1, { version: 'v1.0.0', commit: sha }),
        );

        const { items } = await changes.list({}, 10, null);
        assert.deepEqual(
          items.map(({ externalId, commit }) => [externalId, commit]),
          [['a1', sha]],
          word,
        );
      }
    });

    it('takes the commit from a version that a controller tells, too', async () => {
      meaning = 'sha';
      const facts = { version: sha.slice(0, 12) };
      const place = { service: 'checkout', environment: 'production', target: null };
      const told = {
        ...place,
        source: 'argo',
        externalId: 'u/1',
        type: 'completed',
        at: epoch + hour,
      } as const;
      await test.database.transaction((connection) =>
        recordRolloutEvent(
          createLedgerStore(connection),
          { ...told, facts, reason: null, dedupeKey: 'k' },
          policy(),
        ),
      );
      await tell(report('github', 'g1', 1, { commit: sha }));

      const { items } = await changes.list({}, 10, null);
      assert.deepEqual(
        items.map(({ externalId, version }) => [externalId, version]),
        [['u/1', facts.version]],
      );
    });
  });
}

describe('readVersion(facts, meaning)', () => {
  it('finds the commit in a version that is one, and in no other', () => {
    assert.equal(readVersion({ version: sha }, 'sha').commit, sha);
    assert.equal(readVersion({ version: 'sha-abcdef1' }, 'sha').commit, 'abcdef1');
    assert.equal(readVersion({ version: sha, commit: 'told' }, 'sha').commit, 'told');
    for (const version of ['v1.8.0', 'abcdef', 'main-abcdef1'])
      assert.equal(readVersion({ version }, 'sha').commit, undefined);
    assert.equal(readVersion({ version: sha }, 'tag').commit, undefined);
    assert.equal(readVersion({ version: sha }, 'label').commit, undefined);
    assert.deepEqual(readVersion({}, 'sha'), {});
  });
});

describe('comparable(facts, meaning)', () => {
  it('holds the version against others only where all share it', () => {
    assert.deepEqual(comparable({ version: 'v1', commit: sha }, 'tag'), { version: 'v1', commit: sha });
    assert.deepEqual(comparable({ version: 'v1', commit: sha }, 'label'), { version: null, commit: sha });
    assert.deepEqual(comparable({ version: 'v1' }, 'sha'), { version: null });
  });
});
