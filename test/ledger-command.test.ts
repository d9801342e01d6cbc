import assert from 'node:assert/strict';
import { hasCode } from '../src/errors.ts';
import { foldChange } from '../src/ledger/outcome.ts';
import { checkLedger, rebuildLedger } from '../src/ledger-command.ts';
import { createLedgerStore } from '../src/store/ledger-store.ts';
import { epoch, identity, policyAt } from './ledger/events.ts';
import { databases, type TestDatabase } from './support/databases.ts';

for (const { name, open } of databases) {
  describe(`serin ledger on ${name}`, () => {
    let test: TestDatabase;
    let said: string[];
    const command = () => ({ env: { SERIN_DATABASE_URL: test.url }, say: (line: string) => said.push(line) });
    beforeEach(async () => {
      said = [];
      test = await open();
    });
    afterEach(() => test.close());

    it('finds no difference where there is none, names the ones there are with 1, and mends them', async () => {
      await createLedgerStore(test.database).insert({
        ...foldChange({ ...identity, service: 'a\u001b[2Jb' }, [], policyAt(0)),
        startedAt: epoch,
      });
      assert.equal(await checkLedger(command()), 0);
      assert.deepEqual(said.splice(0), ['1 roll-ups compared with 1 changes: no difference']);

      await test.database.run((sql) => sql('changes').update({ kind: 'hotfix' }));
      assert.equal(await checkLedger(command()), 1);
      assert.deepEqual(said.splice(0), [
        '"a\\u001b[2Jb in production", 2026-10-29 to 2026-11-05: the roll-up holds 1 changes and there are 1; 1 are in the roll-up only, 1 are not in it as they are',
        '1 roll-ups compared with 1 changes: 1 differ; build them anew with `serin ledger rebuild`',
      ]);

      assert.equal(await rebuildLedger(command()), 0);
      assert.deepEqual(said.splice(0), ['1 changes counted into 1 roll-ups, which are in use now']);
      assert.equal(await checkLedger(command()), 0);
    });

    it('names a roll-up that cannot be read beside those that differ, and mends both', async () => {
      const ledger = createLedgerStore(test.database);
      for (const service of ['checkout', 'search']) {
        const base = { ...identity, id: service, externalId: service, service };
        await ledger.insert({ ...foldChange(base, [], policyAt(0)), startedAt: epoch });
      }
      await test.database.run((sql) =>
        sql('change_rollups')
          .where({ service: 'checkout' })
          .update({ facts: Buffer.from([255]) }),
      );
      await test.database.run((sql) => sql('change_rollups').where({ service: 'search' }).del());

      assert.equal(await checkLedger(command()), 1);
      assert.deepEqual(said.splice(0).sort(), [
        '"checkout in production", 2026-10-29 to 2026-11-05: the roll-up cannot be read; there are 1 changes',
        '"search in production", 2026-10-29 to 2026-11-05: the roll-up holds 0 changes and there are 1; 0 are in the roll-up only, 1 are not in it as they are',
        '1 roll-ups compared with 2 changes: 2 differ; build them anew with `serin ledger rebuild`',
      ]);

      assert.equal(await rebuildLedger(command()), 0);
      assert.equal(await checkLedger(command()), 0);
    });

    it('names a change that was damaged by hand, and builds nothing of it', async () => {
      await createLedgerStore(test.database).insert({
        ...foldChange(identity, [], policyAt(0)),
        startedAt: epoch,
      });
      const damages = [
        [{ outcome: 'bogus' }, 'outcome holds "bogus"'],
        [{ kind: 'odd' }, 'kind holds "odd"'],
        [{ failure_class: 'odd' }, 'failure_class holds "odd"'],
        [{ finished_at: 0 }, `reported_at holds ${epoch}, and its other times come to 0`],
      ] as const;
      for (const [damage, why] of damages) {
        const sound = await test.database.run((sql) => sql('changes').first(...Object.keys(damage)));
        await test.database.run((sql) => sql('changes').update(damage));
        const expected = `the change ${identity.id} cannot be counted: ${why}; mend its row`;
        assert.equal(await checkLedger(command()), 1);
        assert.deepEqual(said.splice(0), [expected]);
        await assert.rejects(
          rebuildLedger(command()),
          (error) => hasCode(error, 'internal') && error.message === expected,
        );
        await test.database.run((sql) => sql('changes').update(sound));
        assert.equal(await checkLedger(command()), 0);
        said.splice(0);
      }
    });

    it('says what to do when the database is of an older version', async () => {
      const bare = await open({ migrated: false });
      try {
        await assert.rejects(
          checkLedger({ env: { SERIN_DATABASE_URL: bare.url }, say: () => {} }),
          (error) => hasCode(error, 'conflict') && /serin migrate/.test(error.message),
        );
      } finally {
        await bare.close();
      }
    });
  });
}
