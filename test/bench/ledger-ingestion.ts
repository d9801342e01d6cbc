import { system } from '../../src/ledger/actor.ts';
import type { ChangeReport } from '../../src/ledger/change-report.ts';
import { createChanges } from '../../src/ledger/changes.ts';
import type { Database } from '../../src/store/database.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { end, size } from './ledger-rows.ts';

const day = 86_400_000;
const minute = 60_000;
const [singles, batches, batch] = [400, 20, 100];

/** The next change of a service: begun within the last hour, out half an hour later. */
function makeReport(number: number): ChangeReport {
  const startedAt = end - 60 * minute + number * 500;
  return {
    source: 'bench',
    externalId: `bench/${number}`,
    service: `service-${number % size.services}`,
    environment: 'production',
    targets: [],
    facts: { version: `b${number}`, committedAt: startedAt - day, startedAt },
    finishedAt: startedAt + 30 * minute,
  };
}

async function measure(name: string, count: number, work: () => Promise<void>): Promise<string[]> {
  const [began, used] = [performance.now(), process.cpuUsage()];
  await work();
  const rate = `${(count / ((performance.now() - began) / 1000)).toFixed(0)} a second`;
  const cpu = process.cpuUsage(used);
  return [name, rate, '', `${((cpu.user + cpu.system) / 1000 / count).toFixed(1)} ms each`, ''];
}

/** Changes with their names, events, states, relations and roll-ups, as `POST /v1/changes` records them. */
export async function benchIngestion(database: Database): Promise<string[][]> {
  const policy = { observationWindow: day, abandonAfter: 7 * day };
  const changes = createChanges({
    unitOfWork: createUnitOfWork(database),
    now: () => end,
    policy: () => policy,
  });
  const all = Array.from({ length: singles + batches * batch }, (_, number) => makeReport(number));
  const single = all.slice(0, singles);
  return [
    await measure('changes recorded one by one', singles, async () => {
      for (const one of single) await changes.report([one], system);
    }),
    await measure('the same again', singles, async () => {
      for (const one of single) await changes.report([one], system);
    }),
    await measure(`changes recorded ${batch} at a time`, batches * batch, async () => {
      for (let from = singles; from < all.length; from += batch)
        await changes.report(all.slice(from, from + batch), system);
    }),
  ];
}
