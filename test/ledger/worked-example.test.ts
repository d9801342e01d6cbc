import assert from 'node:assert/strict';
import request from 'supertest';
import type { components } from '../../src/api/schema.gen.ts';
import { system } from '../../src/ledger/actor.ts';
import { type Change, type FailureClass, failureClasses } from '../../src/ledger/change.ts';
import { createChanges, recordRolloutEvent, recordVerdict } from '../../src/ledger/changes.ts';
import { createIncidents } from '../../src/ledger/incidents.ts';
import type { LedgerStore } from '../../src/ledger/ledger-store.ts';
import { createReports } from '../../src/ledger/reports.ts';
import { createUnattributedIncidents } from '../../src/store/incident-counts.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { createReportStore } from '../../src/store/report-store.ts';
import { createRollupStore } from '../../src/store/rollup-store.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { runSerin } from '../cli/run-serin.ts';
import { listen, makeApi } from '../support/api.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { day } from './events.ts';
import {
  type Happening,
  page,
  readBlock,
  readHappenings,
  readTable,
  readTime,
} from './worked-example-page.ts';

type Report = components['schemas']['ChangeFailureReport'];
type Rates = components['schemas']['Rates'];

/** Midnight of 1 December in Berlin. */
const asked = Date.UTC(2026, 10, 30, 23);
const policy = { now: asked, observationWindow: day, abandonAfter: 7 * day };
const rows = readTable(6);
const incidentRows = readTable(7);

function percent(value: number | null | undefined): string {
  return `${((value ?? Number.NaN) * 100).toFixed(1)} %`;
}

function rateOf({ rate, interval }: Rates): [string, string] {
  return [percent(rate), (interval ?? []).map(percent).join(' to ')];
}

function figuresOf({ totals, pending, abandoned, unattributedIncidents }: Report): Record<string, string> {
  const { changes, failed, caughtInCanary, escaped, failedToDeploy, enough } = totals;
  const counts = {
    changes,
    failed,
    caughtInCanary,
    escaped,
    failedToDeploy,
    enough,
    pending,
    abandoned,
    unattributedIncidents,
  };
  const [rate, interval] = rateOf(totals);
  return {
    ...Object.fromEntries(Object.entries(counts).map(([key, value]) => [key, String(value)])),
    ...{ rate, interval, reworkRate: percent(totals.reworkRate) },
    deploymentsPerDay: totals.deploymentsPerDay?.toFixed(3) ?? '',
    'leadTimeSeconds.p50': String(totals.leadTimeSeconds.p50),
    'leadTimeSeconds.p90': String(totals.leadTimeSeconds.p90),
    'recoverySeconds.p50': String(totals.recoverySeconds.p50),
  };
}

/** The table of parts, those of one kind: name → what the other columns say. */
function partsOf(kind: string): Record<string, string[]> {
  return Object.fromEntries(
    readTable(5)
      .filter(([part = '']) => part.startsWith(`${kind} `))
      .map(([part = '', ...cells]) => [part.split(' ').at(-1) ?? '', cells]),
  );
}

function partOf(rates: Rates): string[] {
  return [String(rates.changes), String(rates.failed), ...rateOf(rates)];
}

/** What a row of the page is called; its change is made by its first happening. */
function nameOf([number = '', service = '', version = '', kind = '', happenings = '']: readonly string[]) {
  const committed = readHappenings(happenings).find(({ what }) => what === 'committed');
  const facts = { version, kind: kind as 'normal', committedAt: committed?.at ?? null };
  const externalId = `${service}/${number}`;
  return { source: 'argo-rollouts', externalId, service, environment: 'production', facts };
}

type Named = ReturnType<typeof nameOf>;

for (const { name, open } of databases) {
  describe(`the worked example of docs/change-failure-rate.md on ${name}`, () => {
    let test: TestDatabase;
    let handler: ReturnType<typeof makeApi>['handler'];
    const within = <T>(work: (store: LedgerStore) => Promise<T>): Promise<T> =>
      test.database.transaction((connection) => work(createLedgerStore(connection)));
    const changes = () =>
      createChanges({
        unitOfWork: createUnitOfWork(test.database),
        now: () => asked,
        policy: () => policy,
      });

    async function idOf({ source, externalId }: Named): Promise<string> {
      return (await within((store) => store.findByName(source, externalId)))?.id ?? '';
    }

    async function report(named: Named, { at, word }: Happening): Promise<void> {
      const failureClass = word as FailureClass;
      const told = { ...named, targets: [], finishedAt: at, outcome: 'failed', failureClass } as const;
      await changes().report([told], system);
    }

    async function conclude(named: Named, { at }: Happening): Promise<void> {
      const id = await idOf(named);
      const verdict = { analysisId: `of ${id}`, verdict: 'fail', at, enforced: true, reason: null } as const;
      await within((store) => recordVerdict(store, id, verdict, policy));
    }

    async function ruleOn(named: Named, { at, word }: Happening): Promise<void> {
      const failureClass = failureClasses.find((one) => one === word) ?? null;
      const outcome = failureClass === null ? (word as 'succeeded') : 'failed';
      await changes().rule(await idOf(named), { outcome, failureClass, at, reason: 'seen' }, system);
    }

    async function notify(named: Named, { at, what }: Happening): Promise<void> {
      const dedupeKey = `${named.externalId}/${what}/${at}`;
      const told = { ...named, at, reason: null, target: null, type: what as 'started', dedupeKey };
      await within((store) => recordRolloutEvent(store, told, policy));
    }

    /** A kind of happening that the page uses is a line here; all others are the controller's events. */
    const tellers: Readonly<Record<string, typeof notify>> = {
      committed: async () => {},
      reported: report,
      verdict: conclude,
      ruled: ruleOn,
    };

    async function tellAll(): Promise<void> {
      for (const row of rows)
        for (const happening of readHappenings(row[4] ?? ''))
          for (const _time of ['once', 'again'])
            await (tellers[happening.what] ?? notify)(nameOf(row), happening);
    }

    const incidents = () =>
      createIncidents({
        unitOfWork: createUnitOfWork(test.database),
        now: () => asked,
        policy: () => policy,
      });

    /** What the on-call tool told of a row of the second table. */
    function incidentOf([externalId = '', service = '', names = '', opened = '', resolved = '']: string[]) {
      const [openedAt, resolvedAt] = [readTime(opened), readTime(resolved)];
      const nothing = {
        changeId: null,
        source: null,
        externalId: null,
        version: null,
        commit: null,
        artifact: null,
      };
      const linked = names.includes('/')
        ? { ...nothing, source: 'argo-rollouts', externalId: names }
        : { ...nothing, version: names };
      const facts = { service, environment: 'production', ...(names === '' ? {} : { link: linked }) };
      const times = { at: resolvedAt, openedAt, acknowledgedAt: null, resolvedAt };
      return { source: 'oncall', externalId, status: 'resolved', ...times, facts } as const;
    }

    async function changeNamed(number: string): Promise<string | null> {
      const row = rows.find(([one]) => one === number);
      return row === undefined ? null : idOf(nameOf(row));
    }

    /** Where it is put to by the rules, before any person's word. */
    const byRule = new Map<string, readonly [method: string, changeId: string | null]>();

    async function tellIncidents(): Promise<void> {
      await incidents().take(incidentRows.map(incidentOf), system);
      await tellAll();
      await incidents().take(incidentRows.map(incidentOf), system);
      for (const row of incidentRows.filter(([, , , , , method]) => method === 'manual')) {
        const [before] = await incidents().take([incidentOf(row)], system);
        const { id = '', attribution } = before ?? {};
        byRule.set(row[0] ?? '', [attribution?.method ?? '', attribution?.changeId ?? null]);
        const word = { changeId: await changeNamed(row[6] ?? ''), reason: 'It exhausted the pool.' };
        await incidents().attribute(id, word, system);
      }
    }

    before(async () => {
      test = await open();
      handler = makeApi({
        reports: createReports({
          reports: createReportStore(test.database),
          incidents: createUnattributedIncidents(test.database),
          production: (environment) => environment === 'production',
          serviceInfo: () => null,
          minimum: () => 20,
          now: () => asked,
        }),
      }).handler;
      await tellIncidents();
    });
    after(() => test.close());

    const call = /\$SERIN_URL(\/v1\/\S+)"/.exec(readBlock('sh'))?.[1] ?? '';
    const ask = async (more = ''): Promise<Report> =>
      (await request(handler).get(`${call}${more}`).expect(200)).body;

    it('comes to the outcomes that the page says', async () => {
      assert.equal(rows.length, 30);
      assert.equal(new Set(rows.map(([, service]) => service)).size, 3);
      for (const row of rows) {
        const { outcome, failureClass }: Change = await changes().get(await idOf(nameOf(row)));
        assert.equal([outcome, failureClass].filter(Boolean).join(', '), row[5], `change ${row[0]}`);
      }
    });

    it('puts each incident where the page says, on every ground once', async () => {
      const taken = await incidents().take(incidentRows.map(incidentOf), system);

      for (const [index, [name, , , , , method, number = '']] of incidentRows.entries()) {
        const { attribution } = taken[index] ?? {};
        assert.deepEqual(
          [attribution?.method, attribution?.changeId],
          [method, await changeNamed(number)],
          name,
        );
      }
      const grounds = ['link', 'manual', 'none', 'rollback', 'verdict', 'version', 'window'];
      assert.deepEqual(incidentRows.map(([, , , , , method]) => method).sort(), grounds);
      assert.deepEqual(byRule.get('INC-7'), ['window', await changeNamed('27')]);
    });

    it('comes to the figures that the page says by API', async () => {
      const report = await ask();

      assert.deepEqual(figuresOf(report), Object.fromEntries(readTable(2)));
      const { totals } = await ask('&count=escaped');
      assert.ok(page.includes(`gives 5 of 25, ${rateOf(totals).join(' (')}).`));
    });

    it('has the parts that the page says, by month, week and service', async () => {
      const { buckets, groups } = await ask();
      const weeks: Report = (await request(handler).get(call.replace('bucket=month', 'bucket=week'))).body;
      const begin = (start: string) => new Date(Date.parse(start) + 3 * 3_600_000).toISOString().slice(0, 10);
      const dated = (list: Report['buckets']) =>
        Object.fromEntries(list.map((bucket) => [begin(bucket.start), partOf(bucket)]));

      assert.equal(buckets.length, 2);
      assert.deepEqual(dated(buckets), partsOf('month'));
      assert.deepEqual(
        Object.fromEntries(groups.map((group) => [group.key, partOf(group)])),
        partsOf('service'),
      );
      for (const [start, part] of Object.entries(partsOf('week')))
        assert.deepEqual(dated(weeks.buckets)[start], part, start);
      const [at] = weeks.buckets.filter(({ start }) => begin(start) === '2026-10-19');
      const [next] = weeks.buckets.filter(({ start }) => begin(start) === '2026-10-26');
      assert.equal((Date.parse(next?.start ?? '') - Date.parse(at?.start ?? '')) / 3_600_000, 169);
    });

    it('tells November from the thirty days before as the page says', async () => {
      const path = '/v1/reports/change-failure?from=2026-10-31T23:00:00Z&to=2026-11-30T23:00:00Z';
      const { difference }: Report = (await request(handler).get(path)).body;
      const signed = (value = Number.NaN) => `${value < 0 ? '-' : '+'}${Math.abs(value * 100).toFixed(1)}`;
      const [low, high] = difference?.interval ?? [];

      const told = `${signed(difference?.rate)} percentage points (${signed(low)} to ${signed(high)})`;
      assert.ok(page.includes(told), told);
    });

    it('comes to the same figures on the command line', async () => {
      const line = readBlock('sh').split('\n')[1] ?? '';
      const { url, close } = await listen({ ...makeApi(), handler });
      try {
        const { code, stdout } = await runSerin([...line.split(' ').slice(1), '--url', url]);

        const figures = Object.fromEntries(readTable(2));
        assert.equal(code, 0);
        const cells = (/^this range (.*)$/m.exec(stdout)?.[1] ?? '').trim().split(/ {2,}/);
        assert.deepEqual(cells, [
          ...['changes', 'failed', 'escaped', 'caughtInCanary', 'failedToDeploy', 'rate', 'interval'].map(
            (key) => figures[key],
          ),
        ]);
        assert.match(stdout, /^deployments a day 0\.41, rework 11\.1 %$/m);
        assert.match(stdout, /^lead time p50 2\.0h, p90 4\.1h; recovery p50 45m, p90 1.7h$/m);
        assert.match(stdout, /^pending 1, abandoned 2, unattributed incidents 1$/m);
        assert.match(stdout, /^2026-11-01 +10 +5 /m);
        assert.match(stdout, /^search +8 +5 /m);
      } finally {
        await close();
      }
    });

    it('comes to the same figures by SQL', async () => {
      const answer = await test.database.run((sql) => sql.raw(readBlock('sql')));
      const [row] = (Array.isArray(answer) ? answer : answer.rows) as Record<string, unknown>[];
      const figures = Object.fromEntries(readTable(2));

      for (const [key, value] of Object.entries(row ?? {})) assert.equal(String(value), figures[key], key);
      assert.equal(Object.keys(row ?? {}).length, 5);
    });

    it('leaves roll-ups that are what the changes come to', async () => {
      const { differences, changes: counted } = await createRollupStore(test.database).check();

      assert.deepEqual([differences, counted], [[], 30]);
    });
  });
}
