import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type FailureClass, failureClasses } from '../../src/ledger/change.ts';
import { recordRolloutEvent, recordVerdict } from '../../src/ledger/changes.ts';
import type { LedgerStore } from '../../src/ledger/ledger-store.ts';
import type { ChangeFailureReport } from '../../src/ledger/report.ts';
import { createReports } from '../../src/ledger/reports.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { createReportStore } from '../../src/store/report-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeLedgerChanges } from '../support/ledger-changes.ts';
import { day } from './events.ts';

const page = readFileSync(new URL('../../docs/change-failure-rate.md', import.meta.url), 'utf8');
const from = Date.UTC(2026, 10, 1);
const to = Date.UTC(2026, 11, 1);
const policy = { now: to, observationWindow: day, abandonAfter: 7 * day };

/** The cells of those rows of the page's tables that have this many columns. */
function readTable(columns: number): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === columns && !/^(#|figure|-+)$/.test(cells[0] ?? ''));
}

type Happening = { readonly at: number; readonly what: string; readonly word: string };

function readHappenings(cell: string): Happening[] {
  return cell.split('; ').map((text) => {
    const [, date, hour, minute, what, word = ''] =
      /^(\d+) Nov (\d\d):(\d\d) (\w+)(?: (\w+))?$/.exec(text) ?? [];
    assert.ok(what !== undefined, text);
    return { at: Date.UTC(2026, 10, Number(date), Number(hour), Number(minute)), what, word };
  });
}

function percent(value: number | null | undefined): string {
  return `${((value ?? Number.NaN) * 100).toFixed(1)} %`;
}

function figuresOf({ totals, pending, abandoned }: ChangeFailureReport): Record<string, string> {
  const { changes, failed, caughtInCanary, escaped, failedToDeploy, enough } = totals;
  const counts = { changes, failed, caughtInCanary, escaped, failedToDeploy, enough, pending, abandoned };
  return {
    ...Object.fromEntries(Object.entries(counts).map(([key, value]) => [key, String(value)])),
    rate: percent(totals.rate),
    interval: (totals.interval ?? []).map(percent).join(' to '),
    reworkRate: percent(totals.reworkRate),
    'recoverySeconds.p50': String(totals.recoverySeconds.p50),
  };
}

for (const { name, open } of databases) {
  describe(`the worked example of docs/change-failure-rate.md on ${name}`, () => {
    let test: TestDatabase;
    const within = <T>(work: (store: LedgerStore) => Promise<T>): Promise<T> =>
      test.database.transaction((connection) => work(createLedgerStore(connection)));
    const changes = () => makeLedgerChanges(test.database, { now: () => to, policy: () => policy });
    const ask = (count: 'failed' | 'escaped') =>
      createReports({
        reports: createReportStore(test.database),
        production: (environment) => environment === 'production',
        serviceInfo: () => null,
        incidents: { count: async () => null },
        minimum: () => 20,
        now: () => to,
      }).changeFailure({ from, to, count });

    /** What a row of the page is called; its change is made by its first happening. */
    function nameOf([number = '', service = '', version = '', kind = '']: readonly string[]) {
      const facts = { version, kind: kind as 'normal' };
      return {
        source: 'argo-rollouts',
        externalId: `${service}/${number}`,
        service,
        environment: 'production',
        facts,
      };
    }

    type Named = ReturnType<typeof nameOf>;

    async function idOf({ source, externalId }: Named): Promise<string> {
      return (await within((store) => store.findByName(source, externalId)))?.id ?? '';
    }

    async function report(named: Named, { at, word }: Happening): Promise<void> {
      const failureClass = word as FailureClass;
      await changes().report([{ ...named, targets: [], finishedAt: at, outcome: 'failed', failureClass }]);
    }

    async function conclude(named: Named, { at }: Happening): Promise<void> {
      const id = await idOf(named);
      const verdict = { analysisId: `of ${id}`, verdict: 'fail', at, enforced: true, reason: null } as const;
      await within((store) => recordVerdict(store, id, verdict, policy));
    }

    async function ruleOn(named: Named, { at, word }: Happening): Promise<void> {
      const failureClass = failureClasses.find((one) => one === word) ?? null;
      const outcome = failureClass === null ? (word as 'succeeded') : 'failed';
      await changes().rule(await idOf(named), { outcome, failureClass, at, by: 'ann', reason: 'seen' });
    }

    async function notify(named: Named, { at, what }: Happening): Promise<void> {
      const dedupeKey = `${named.externalId}/${what}/${at}`;
      const told = { ...named, at, reason: null, target: null, type: what as 'started', dedupeKey };
      await within((store) => recordRolloutEvent(store, told, policy));
    }

    const tellers: Readonly<Record<string, typeof notify>> = {
      reported: report,
      verdict: conclude,
      ruled: ruleOn,
    };

    before(async () => {
      test = await open();
    });
    after(() => test.close());

    it('comes to the outcomes and the figures that the page says', async () => {
      const rows = readTable(6);
      assert.equal(rows.length, 13);
      for (const row of rows) {
        const named = nameOf(row);
        for (const happening of readHappenings(row[4] ?? ''))
          await (tellers[happening.what] ?? notify)(named, happening);
        const { outcome, failureClass } = await changes().get(await idOf(named));
        assert.equal([outcome, failureClass].filter(Boolean).join(', '), row[5], `change ${row[0]}`);
      }

      assert.deepEqual(figuresOf(await ask('failed')), Object.fromEntries(readTable(2)));
      const { rate, interval } = (await ask('escaped')).totals;
      const escaped = `gives 1 of 9, ${percent(rate)} (${(interval ?? []).map(percent).join(' to ')}).`;
      assert.ok(page.includes(escaped), escaped);
    });
  });
}
