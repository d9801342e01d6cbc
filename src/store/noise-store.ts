import type { Knex } from 'knex';
import type { LearnedNoise, NoisePlace, NoiseStore } from '../analysis/noise-store.ts';
import type { NoiseProfile } from '../judge/types.ts';
import type { Outcome } from '../ledger/change.ts';
import type { StoredRow } from './change-rows.ts';
import { readInteger, readJson, writeInstant, writeJson } from './columns.ts';
import type { Connection } from './database.ts';

const table = 'noise_profiles';

/** More are recalled by no run; they stand in for those whose changes fail later. */
const keptOfEach = 20;

/** Outcomes of changes that are settled and did not fail. */
const harmless: readonly Outcome[] = ['succeeded', 'abandoned'];

/** Keeps what runs told of noise in the database, or as one of its transactions sees it. */
export function createNoiseStore(connection: Connection): NoiseStore {
  return {
    keep: (learned) => keep(connection, learned),
    recall: (place, fingerprints, before) => recall(connection, place, fingerprints, before),
  };
}

function toRow(learned: LearnedNoise) {
  return {
    run_id: learned.runId,
    metric: learned.metric,
    change_id: learned.changeId,
    ...placeColumns(learned),
    fingerprint: learned.fingerprint,
    window_start: writeInstant(learned.from, 'noise_profiles.window_start'),
    window_end: writeInstant(learned.to, 'noise_profiles.window_end'),
    profile: writeJson(learned.profile),
  };
}

function fromRow(row: StoredRow): LearnedNoise {
  const target = row['target_key'] as string;
  return {
    runId: row['run_id'] as string,
    metric: row['metric'] as string,
    changeId: row['change_id'] as string,
    service: row['service'] as string,
    environment: row['environment'] as string,
    target: target === '' ? null : target,
    fingerprint: row['fingerprint'] as string,
    from: readInteger(row['window_start'], 'noise_profiles.window_start'),
    to: readInteger(row['window_end'], 'noise_profiles.window_end'),
    profile: readJson<NoiseProfile>(row['profile'], 'noise_profiles.profile'),
  };
}

function placeColumns({ service, environment, target }: NoisePlace) {
  return { service, environment, target_key: target ?? '' };
}

function whereHarmless(query: Knex.QueryBuilder): void {
  query.whereExists((change: Knex.QueryBuilder) =>
    change
      .select('changes.id')
      .from('changes')
      .whereRaw(`changes.id = ${table}.change_id`)
      .whereIn('changes.outcome', harmless),
  );
}

async function keep(connection: Connection, learned: readonly LearnedNoise[]): Promise<void> {
  if (learned.length === 0) return;
  await connection.run((sql) =>
    sql(table).insert(learned.map(toRow)).onConflict(['run_id', 'metric']).ignore(),
  );
  for (const one of learned) await prune(connection, one);
}

/** Drops what is older than the newest that may be recalled; those of open changes may still come to be. */
async function prune(connection: Connection, learned: LearnedNoise): Promise<void> {
  const measurement = { ...placeColumns(learned), fingerprint: learned.fingerprint };
  await connection.run(async (sql) => {
    const [oldest]: StoredRow[] = await sql(table)
      .where(measurement)
      .modify(whereHarmless)
      .orderBy('window_end', 'desc')
      .offset(keptOfEach - 1)
      .limit(1)
      .select('window_end');
    if (oldest === undefined) return;
    const since = readInteger(oldest['window_end'], 'noise_profiles.window_end');
    await sql(table).where(measurement).where('window_end', '<', since).del();
  });
}

async function recall(
  connection: Connection,
  place: NoisePlace,
  fingerprints: readonly string[],
  before: number,
): Promise<readonly LearnedNoise[]> {
  const rows: StoredRow[] = await connection.run((sql) =>
    sql(table)
      .where(placeColumns(place))
      .whereIn('fingerprint', fingerprints)
      .where('window_end', '<=', before)
      .modify(whereHarmless)
      .orderBy('window_end', 'desc')
      .orderBy('run_id'),
  );
  return rows.map(fromRow);
}
