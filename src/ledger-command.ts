import { pendingMigrations } from '../db/migrate.ts';
import { SerinError } from './errors.ts';
import type { RollupDifference } from './ledger/rollup-store.ts';
import { readSettings } from './settings.ts';
import { type Database, openDatabase } from './store/database.ts';
import { createRollupStore } from './store/rollup-store.ts';

export type LedgerCommand = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
};

/** Counting everything takes longer than an answer may. */
const statementTimeoutMs = 600_000;

/** More lines nobody reads; the count says the rest. */
const mostLines = 100;

async function withDatabase(
  { env }: LedgerCommand,
  work: (database: Database) => Promise<number>,
): Promise<number> {
  const database = openDatabase(readSettings(env).databaseUrl, { statementTimeoutMs });
  try {
    const pending = await pendingMigrations(database);
    if (pending.length > 0)
      throw new SerinError(
        'conflict',
        `the database lacks ${pending.join(', ')}; bring it up to date with \`serin migrate\``,
      );
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Builds the roll-ups anew beside those in use. Resolves with the exit code. */
export async function rebuildLedger(command: LedgerCommand): Promise<number> {
  return withDatabase(command, async (database) => {
    const { cells, changes } = await createRollupStore(database).rebuild();
    command.say(`${changes} changes counted into ${cells} roll-ups, which are in use now`);
    return 0;
  });
}

function day(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

function describe(difference: RollupDifference): string {
  const { service, environment, from, to, rolledUp, counted, onlyRolledUp, onlyCounted } = difference;
  const where = JSON.stringify(`${service} in ${environment}`);
  return `${where}, ${day(from)} to ${day(to)}: the roll-up holds ${rolledUp} changes and there are ${counted}; ${onlyRolledUp} are in the roll-up only, ${onlyCounted} are not in it as they are`;
}

/** Compares the roll-ups with the changes and names each difference. Resolves with 1 when there is one, else 0. */
export async function checkLedger(command: LedgerCommand): Promise<number> {
  return withDatabase(command, async (database) => {
    const { cells, changes, differences } = await createRollupStore(database).check();
    for (const difference of differences.slice(0, mostLines)) command.say(describe(difference));
    command.say(
      `${cells} roll-ups compared with ${changes} changes: ${differences.length === 0 ? 'no difference' : `${differences.length} differ; build them anew with \`serin ledger rebuild\``}`,
    );
    return differences.length === 0 ? 0 : 1;
  });
}
