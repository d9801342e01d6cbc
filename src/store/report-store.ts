import type { Knex } from 'knex';
import type { Fact, PlaceFacts } from '../ledger/fact.ts';
import type { FactFilter, ReportStore } from '../ledger/report-store.ts';
import { readInteger } from './columns.ts';
import type { Connection } from './database.ts';
import { readFacts } from './fact-rows.ts';
import { unpackFacts, weekMs, weekOf } from './packs.ts';

type StoredCell = {
  readonly week: unknown;
  readonly service: string;
  readonly environment: string;
  readonly facts: Buffer;
};

type Narrow = (query: Knex.QueryBuilder) => Knex.QueryBuilder;

const everywhere = (): boolean => true;

/** Environments of the roll-ups that nobody asks for: half of the roll-ups may be theirs. */
async function findUnwanted(
  connection: Connection,
  weeks: Narrow,
  { environment, inEnvironment }: FactFilter,
): Promise<string[]> {
  if (environment !== undefined || inEnvironment === undefined) return [];
  const rows = await connection.run((sql) =>
    weeks(sql('change_rollups')).distinct<{ environment: string }[]>('environment'),
  );
  return rows.map((row) => row.environment).filter((found) => !inEnvironment(found));
}

function narrowBy({ service, environment }: FactFilter): Narrow {
  return (query) => {
    if (service !== undefined) query.where({ service });
    if (environment !== undefined) query.where({ environment });
    return query;
  };
}

/** The facts of a week in [from, to); only the first and the last week of a range are cut. */
function cut(facts: Fact[], week: number, from: number, to: number): Fact[] {
  return week >= from && week + weekMs <= to ? facts : facts.filter(({ at }) => at >= from && at < to);
}

/** From the roll-ups that are live now; the state is read in the same statement, so a swap is no matter. */
async function readRollups(
  connection: Connection,
  from: number,
  to: number,
  filter: FactFilter,
): Promise<PlaceFacts[]> {
  const weeks: Narrow = (query) =>
    query
      .whereRaw('generation = (SELECT live FROM rollup_state WHERE id = 1)')
      .where('week', '>=', weekOf(from))
      .where('week', '<', to);
  const unwanted = await findUnwanted(connection, weeks, filter);
  const cells: StoredCell[] = await connection.run((sql) =>
    narrowBy(filter)(
      weeks(sql('change_rollups'))
        .whereNotIn('environment', unwanted)
        .select('week', 'service', 'environment', 'facts'),
    ),
  );
  const { wanted = everywhere } = filter;
  return cells
    .filter(({ service, environment }) => wanted(service, environment))
    .map((cell) => unpackLater(cell, from, to));
}

/** Facts that are taken out when they are counted die young, which spares the garbage collector most of its work. */
function unpackLater({ service, environment, ...cell }: StoredCell, from: number, to: number): PlaceFacts {
  const week = readInteger(cell.week, 'change_rollups.week');
  return {
    service,
    environment,
    get facts() {
      return cut(unpackFacts(week, cell.facts), week, from, to);
    },
  };
}

/** Reads what reports count. */
export function createReportStore(connection: Connection): ReportStore {
  return {
    facts: async (from, to, filter) => {
      const [state] = await connection.run((sql) =>
        sql('rollup_state').select<{ live: number | null }[]>('live').where({ id: 1 }),
      );
      if (typeof state?.live === 'number') return readRollups(connection, from, to, filter);
      const { wanted = everywhere } = filter;
      const places = await readFacts(connection, from, to, narrowBy(filter));
      return places.filter(({ service, environment }) => wanted(service, environment));
    },
  };
}
