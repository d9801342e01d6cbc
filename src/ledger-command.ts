import { pendingMigrations } from '../db/migrate.ts';
import { hasCode, SerinError } from './errors.ts';
import type { RollupDifference, RollupStore } from './ledger/rollup-store.ts';
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
  const place = `${where}, ${day(from)} to ${day(to)}`;
  if (rolledUp === null) return `${place}: the roll-up cannot be read; there are ${counted} changes`;
  return `${place}: the roll-up holds ${rolledUp} changes and there are ${counted}; ${onlyRolledUp} are in the roll-up only, ${onlyCounted} are not in it as they are`;
}

/** What a check found, or why a change cannot be counted at all. */
async function compare(database: Database): Promise<Awaited<ReturnType<RollupStore['check']>> | string> {
  try {
    return await createRollupStore(database).check();
  } catch (error) {
    if (!hasCode(error, 'internal')) throw error;
    return error.message;
  }
}

/**
 * Compares the roll-ups with the changes and names each difference, or the change that cannot be counted. Resolves with
 * 1 when there is one, else 0.
 */
export async function checkLedger(command: LedgerCommand): Promise<number> {
  return withDatabase(command, async (database) => {
    const found = await compare(database);
    if (typeof found === 'string') {
      command.say(found);
      return 1;
    }
    const { cells, changes, differences } = found;
    for (const difference of differences.slice(0, mostLines)) command.say(describe(difference));
    command.say(
      `${cells} roll-ups compared with ${changes} changes: ${differences.length === 0 ? 'no difference' : `${differences.length} differ; build them anew with \`serin ledger rebuild\``}`,
    );
    return differences.length === 0 ? 0 : 1;
  });
}
