import assert from 'node:assert/strict';
import { system } from '../../src/ledger/actor.ts';
import {
  type ChangeReport,
  type Changes,
  createChanges,
  recordReport,
  recordVerdict,
  settleDue,
} from '../../src/ledger/changes.ts';
import { createIncidents, type Incidents } from '../../src/ledger/incidents.ts';
import { createRollupStore } from '../../src/store/rollup-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun } from '../support/plans.ts';
import { day, epoch, hour } from './events.ts';
import { makeIncidentReport } from './incidents-at-hand.ts';
import { makeLedgerDeps } from './ledger-at-hand.ts';

const services = ['cart', 'checkout', 'search', 'shop'];
const environment = 'production';

function deployed(
  source: string,
  service: string,
  number: number,
  facts: ChangeReport['facts'],
): ChangeReport {
  const startedAt = epoch + number * hour;
  const name = { source, externalId: `${service}/${number}`, service, environment, targets: [] };
  return { ...name, finishedAt: startedAt + hour / 2, facts: { startedAt, ...facts } };
}

for (const { name, open } of databases) {
  describe(`much that happens at once, on ${name}`, () => {
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
    after(() => test.close());

    /** How many transactions the database ended because each waited for the other. */
    async function deadlocks(): Promise<number> {
      if (name !== 'PostgreSQL') return 0;
      const [row] = await test.database.run((sql) =>
        sql('pg_stat_database')
          .whereRaw('datname = current_database()')
          .select<{ deadlocks: string }[]>('deadlocks'),
      );
      return Number(row?.deadlocks);
    }

    async function conclude(service: string, number: number): Promise<void> {
      const id = `${service} ${number}`;
      const change = await deps.unitOfWork.stores.ledger.findByName('argo', `${service}/${number}`);
      assert.ok(change !== null);
      const rollout = { uid: service, revision: String(number), namespace: null, name: null };
      const place = { service, environment, changeId: change.id, rollout };
      await deps.unitOfWork.stores.runs.insert(makeRun({ id, key: id, ...place, nextLookAt: epoch }));
      const claims = await deps.unitOfWork.stores.runs.claimDue(epoch, 50, 60_000);
      for (const { run, token } of claims) await save(run, token);
    }

    /** As a step saves what a run concluded; who lost its lease looks again. */
    async function save(run: ReturnType<typeof makeRun>, token: string): Promise<void> {
      await deps.unitOfWork.transaction(async ({ ledger, runs }) => {
        await ledger.holdPlace(run.service, run.environment);
        if (!(await runs.saveClaimed({ ...run, phase: 'concluded', nextLookAt: null }, token))) return;
        const told = { verdict: 'fail', at: epoch, enforced: false, reason: null } as const;
        await recordVerdict(ledger, run.changeId, { ...told, analysisId: run.id }, policy());
      });
    }

    it('loses nothing, and nobody waits in a circle', async function () {
      this.timeout(120_000);
      const numbers = [1, 2, 3, 4, 5, 6];
      const argo = (service: string, number: number, told = true) =>
        deployed('argo', service, number, told ? { version: `v${number % 2}` } : {});
      const github = (service: string, number: number) =>
        deployed('github', service, number + 0.1, { version: `v${number % 2}` });
      for (const number of numbers)
        await changes.report(
          services.map((one) => argo(one, number, false)),
          system,
        );
      const ruled = await deps.unitOfWork.stores.ledger.findByName('argo', 'shop/1');
      const rollups = createRollupStore(test.database);
      const works = numbers.flatMap((number) => {
        const back = [...services].reverse();
        return [
          () =>
            changes.report(
              services.map((one) => github(one, number)),
              system,
            ),
          () =>
            changes.report(
              back.map((one) => argo(one, number)),
              system,
            ),
          () =>
            changes.report(
              back.map((one) => github(one, number)),
              system,
            ),
          () => conclude(services[number % 4] ?? '', number),
          () => deps.unitOfWork.transaction(({ ledger }) => settleDue(ledger, policy().now + day, policy())),
          () => rollups.rebuild().catch((error: Error) => assert.match(error.message, /another rebuild/)),
          () =>
            incidents.take(
              (number % 2 === 0 ? services : back).map((service) =>
                makeIncidentReport(number, { externalId: service, facts: { service, title: `${number}` } }),
              ),
              system,
            ),
          () =>
            changes.rule(
              ruled?.id ?? '',
              { outcome: 'failed', failureClass: 'escaped', at: epoch + number, reason: `${number}` },
              system,
            ),
        ];
      });
      await Promise.all(works.map((work) => work()));
      await rollups.rebuild();

      assert.deepEqual((await rollups.check()).differences, []);
      const { items } = await changes.list({}, 200, null);
      assert.equal(items.length, services.length * numbers.length);
      for (const service of services)
        for (const number of numbers) {
          const { ledger } = deps.unitOfWork.stores;
          const [one, other] = [
            await ledger.findByName('argo', `${service}/${number}`),
            await ledger.findByName('github', `${service}/${number + 0.1}`),
          ];
          assert.equal(one?.id, other?.id);
          const events = await ledger.eventsOf(one?.id ?? '');
          assert.equal(events.filter(({ type }) => type === 'reported').length, 3);
        }
      assert.equal((await changes.get(ruled?.id ?? '')).attribution?.reason, '6');
      assert.equal(await deadlocks(), 0);
    });

    if (name === 'PostgreSQL')
      describe('what has to wait for the place', () => {
        const told = (service: string, source: string, more: Partial<ChangeReport> = {}): ChangeReport => ({
          ...deployed(source, service, 1, {}),
          externalId: `${service} of ${source}`,
          ...more,
        });
        const idOf = async (service: string, source: string): Promise<string> =>
          (await deps.unitOfWork.stores.ledger.findByName(source, `${service} of ${source}`))?.id ?? '';
        async function isWaitedFor(times: number): Promise<void> {
          for (let count = 0; count < times; ) {
            const query = 'SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted';
            const { rows } = await test.database.run((sql) =>
              sql.raw<{ rows: { waiting: string }[] }>(query),
            );
            count = Number(rows[0]?.waiting);
          }
        }
        /** Has `work` wait while a report is being recorded. */
        async function during<T>(report: ChangeReport, work: () => Promise<T>, waiters = 1): Promise<T> {
          let [begin, end] = [() => {}, () => {}];
          const begun = new Promise<void>((resolve) => {
            begin = resolve;
          });
          const waited = new Promise<void>((resolve) => {
            end = resolve;
          });
          const recorded = deps.unitOfWork.transaction(async ({ ledger }) => {
            await recordReport(ledger, report, policy());
            begin();
            await waited;
          });
          await begun;
          const worked = work();
          await isWaitedFor(waiters);
          end();
          await recorded;
          return worked;
        }
        /** Two changes that the next report makes one of. */
        async function makeTwo(
          service: string,
        ): Promise<readonly [id: string, gone: string, last: ChangeReport]> {
          await changes.report(
            [told(service, 'argo'), told(service, 'github', { facts: { version: 'v1' } })],
            system,
          );
          const last = told(service, 'argo', { facts: { version: 'v1' } });
          return [await idOf(service, 'argo'), await idOf(service, 'github'), last];
        }

        it('is ruled of what a change has become', async () => {
          const [id, gone, last] = await makeTwo('ruled');
          const ruling = { outcome: 'failed', failureClass: null, at: epoch, reason: 'seen' } as const;
          const ruled = await during(last, () => changes.rule(gone, ruling, system));

          assert.deepEqual([ruled.id, ruled.outcome], [id, 'failed']);
        });

        it('is the verdict on what a change has become', async () => {
          const [id, gone, last] = await makeTwo('judged');
          const verdict = {
            analysisId: 'r',
            verdict: 'fail',
            at: epoch,
            enforced: true,
            reason: null,
          } as const;
          const judged = await during(last, () =>
            deps.unitOfWork.transaction(({ ledger }) => recordVerdict(ledger, gone, verdict, policy())),
          );

          assert.deepEqual([judged.id, judged.analysisIds], [id, ['r']]);
        });

        it('is an incident that is put to what a change has become', async () => {
          const [id, gone, last] = await makeTwo('hurt');
          const report = makeIncidentReport(3, {
            externalId: 'by hand',
            facts: { service: null, environment: null },
          });
          const [incident] = await incidents.take([report], system);
          const put = await during(last, () =>
            incidents.attribute(incident?.id ?? '', { changeId: gone, reason: 'seen' }, system),
          );

          assert.equal(put.attribution.changeId, id);
        });

        it('is an incident elsewhere that is held against a change no longer', async () => {
          const link = { changeId: null, source: 'argo', version: null, commit: null, artifact: null };
          const report = (hours: number, service: string) =>
            makeIncidentReport(hours, {
              externalId: 'linked',
              facts: { service: 'elsewhere', link: { ...link, externalId: `${service} of argo` } },
            });
          await changes.report([told('first', 'argo'), told('elsewhere', 'argo')], system);
          await incidents.take([report(3, 'first')], system);
          const later = told('first', 'argo', { facts: { version: 'v9' } });
          await during(later, () => incidents.take([report(4, 'elsewhere')], system));

          const change = await changes.get(await idOf('first', 'argo'));
          assert.deepEqual([change.version, change.outcome], ['v9', 'succeeded']);
        });

        it('is an incident that is put from one change to another at once', async () => {
          await changes.report([told('twice', 'argo'), told('other', 'argo')], system);
          const link = { changeId: null, source: 'argo', version: null, commit: null, artifact: null };
          const take = (hours: number, service: string) => {
            const facts = { service: 'twice', link: { ...link, externalId: `${service} of argo` } };
            return incidents.take([makeIncidentReport(hours, { externalId: 'twice', facts })], system);
          };
          await incidents.take([makeIncidentReport(3, { externalId: 'twice', status: 'dismissed' })], system);
          await during(
            told('twice', 'argo', { facts: { version: 'v9' } }),
            async () => {
              const first = take(4, 'twice');
              await isWaitedFor(1);
              await Promise.all([first, take(5, 'other')]);
            },
            2,
          );

          assert.equal((await changes.get(await idOf('other', 'argo'))).outcome, 'failed');
          assert.equal((await changes.get(await idOf('twice', 'argo'))).outcome, 'succeeded');
        });
      });
  });
}
