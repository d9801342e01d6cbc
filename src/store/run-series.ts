import type { KeptSeries, SeriesName } from '../analysis/run-store.ts';
import { readInteger, readJson, writeInstant, writeJson } from './columns.ts';
import type { Connection } from './database.ts';

const table = 'run_series';
const name = ['metric', 'arm', 'field', 'member'] as const;

/** SQLite takes at most 500 rows in one statement. */
const rowsAtOnce = 250;

type SeriesRow = {
  readonly metric: string;
  readonly arm: SeriesName['arm'];
  readonly field: SeriesName['field'];
  readonly member: string;
  readonly start_at: unknown;
  readonly step_ms: unknown;
  readonly points: unknown;
};

function toRow(runId: string, { metric, arm, field, member, series }: KeptSeries) {
  return {
    run_id: runId,
    metric,
    arm,
    field,
    member,
    start_at: writeInstant(series.start, 'run_series.start_at'),
    step_ms: writeInstant(series.step, 'run_series.step_ms'),
    points: writeJson(series.values),
  };
}

function fromRow({ metric, arm, field, member, ...row }: SeriesRow): KeptSeries {
  const series = {
    start: readInteger(row.start_at, 'run_series.start_at'),
    step: readInteger(row.step_ms, 'run_series.step_ms'),
    values: readJson<readonly (number | null)[]>(row.points, 'run_series.points'),
  };
  return { metric, arm, field, member, series };
}

/** The kept series of a run, ordered by name. */
export async function loadSeries(connection: Connection, runId: string): Promise<readonly KeptSeries[]> {
  const rows = await connection.run((sql) =>
    sql(table)
      .where({ run_id: runId })
      .orderBy([...name])
      .select<SeriesRow[]>(...name, 'start_at', 'step_ms', 'points'),
  );
  return rows.map(fromRow);
}

/** Replaces the named series and leaves the others. */
export async function saveSeries(
  connection: Connection,
  runId: string,
  series: readonly KeptSeries[],
): Promise<void> {
  for (let first = 0; first < series.length; first += rowsAtOnce) {
    const rows = series.slice(first, first + rowsAtOnce).map((kept) => toRow(runId, kept));
    await connection.run((sql) =>
      sql(table)
        .insert(rows)
        .onConflict(['run_id', ...name])
        .merge(['start_at', 'step_ms', 'points']),
    );
  }
}
