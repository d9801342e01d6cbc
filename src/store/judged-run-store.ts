import type { Attribution } from '../ledger/change.ts';
import type { Judged, JudgedChange, JudgedRun, JudgedRunStore } from '../ledger/judged-run.ts';
import type { StoredRow } from './change-rows.ts';
import { readBoolean, readInteger, readIntegerOrNull, readJsonOrNull } from './columns.ts';
import type { Connection } from './database.ts';

const changeColumns = [
  'id',
  'service',
  'environment',
  'version',
  'commit',
  'artifact',
  'outcome',
  'failure_class',
  'finished_at',
  'outcome_at',
  'recovered_at',
  'attribution',
] as const;

/** SQL for a member of a run's state as text, `null` where there is none; on SQLite numbers stay numbers. */
function memberOf(connection: Connection, ...path: readonly string[]): string {
  if (connection.dialect === 'sqlite') return `json_extract(runs.state, '$.${path.join('.')}')`;
  const steps = path.map((name) => `'${name}'`);
  return `(runs.state::json #>> ARRAY[${steps.join(', ')}])`;
}

function changeFromRow(row: StoredRow, prefix: string): JudgedChange | null {
  const text = (column: string) => row[`${prefix}${column}`] as string | null;
  const instant = (column: string): number | null =>
    readIntegerOrNull(row[`${prefix}${column}`], `changes.${column}`);
  const id = text('id');
  if (id === null) return null;
  const attribution = readJsonOrNull<Attribution>(row[`${prefix}attribution`], 'changes.attribution');
  return {
    id,
    service: text('service') ?? '',
    environment: text('environment') ?? '',
    version: text('version'),
    commit: text('commit'),
    artifact: text('artifact'),
    outcome: text('outcome') as JudgedChange['outcome'],
    failureClass: text('failure_class') as JudgedChange['failureClass'],
    finishedAt: instant('finished_at'),
    outcomeAt: instant('outcome_at'),
    recoveredAt: instant('recovered_at'),
    method: attribution?.method ?? null,
    hasIncident: attribution?.incidentId !== undefined,
  };
}

function runFromRow(row: StoredRow): JudgedRun {
  const dryRun = row['dry_run'];
  return {
    analysisId: row['id'] as string,
    changeId: row['change_id'] as string,
    service: row['service'] as string,
    environment: row['environment'] as string,
    judged: row['judged'] as Judged,
    override: row['override'] as Judged | null,
    dryRun: typeof dryRun === 'string' ? dryRun === 'true' : readBoolean(dryRun, 'runs.state'),
    start: readInteger(row['window_start'], 'runs.state'),
    end: readInteger(row['window_end'], 'runs.state'),
    concludedAt: readInteger(row['concluded_at'], 'runs.concluded_at'),
    change: changeFromRow(row, 'change_'),
  };
}

async function judged(
  connection: Connection,
  ...[from, to, { service, environment }]: Parameters<JudgedRunStore['judged']>
): Promise<JudgedRun[]> {
  const rows: StoredRow[] = await connection.run((sql) => {
    const member = (alias: string, ...path: readonly string[]) =>
      sql.raw(`${memberOf(connection, ...path)} AS ${alias}`);
    const query = sql('runs')
      .leftJoin('changes', 'changes.id', 'runs.change_id')
      .where('runs.phase', 'concluded')
      .where('runs.created_at', '>=', from)
      .where('runs.created_at', '<', to)
      .orderBy('runs.created_at', 'desc')
      .orderBy('runs.id', 'desc')
      .select('runs.id', 'runs.change_id', 'runs.service', 'runs.environment', 'runs.concluded_at')
      .select(Object.fromEntries(changeColumns.map((name) => [`change_${name}`, `changes.${name}`])))
      .select(member('judged', 'judgedVerdict'), member('override', 'override', 'verdict'))
      .select(member('dry_run', 'dryRun'), member('window_start', 'start'), member('window_end', 'end'));
    if (service !== undefined) query.where('runs.service', service);
    if (environment !== undefined) query.where('runs.environment', environment);
    return query;
  });
  return rows.map(runFromRow);
}

/** Places are asked one by one: few analyses fail, and each place has an index. */
async function alike(
  connection: Connection,
  changes: readonly JudgedChange[],
): Promise<readonly JudgedChange[]> {
  const places = new Map(
    changes.map((change) => [JSON.stringify([change.service, change.environment]), change]),
  );
  const found: JudgedChange[] = [];
  for (const { service, environment } of places.values()) {
    const since = changes
      .filter((one) => one.service === service && one.environment === environment)
      .reduce((least, one) => Math.min(least, one.outcomeAt ?? 0), Number.MAX_SAFE_INTEGER);
    const rows: StoredRow[] = await connection.run((sql) =>
      sql('changes')
        .where({ service, environment })
        .where('reported_at', '>=', since)
        .whereIn('outcome', ['succeeded', 'failed'])
        .select(...changeColumns),
    );
    found.push(...rows.flatMap((row) => changeFromRow(row, '') ?? []));
  }
  return found;
}

/** Reads analyses with their changes. */
export function createJudgedRunStore(connection: Connection): JudgedRunStore {
  return {
    judged: (from, to, filter) => judged(connection, from, to, filter),
    alike: (changes) => alike(connection, changes),
  };
}
