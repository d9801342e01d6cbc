import type { ReportRow, ReportStore } from '../ledger/report-store.ts';
import type { StoredRow } from './change-rows.ts';
import { readIntegerOrNull } from './columns.ts';
import type { Connection } from './database.ts';

const words = ['service', 'environment', 'kind', 'outcome'] as const;
const instants = ['committed_at', 'started_at', 'finished_at', 'outcome_at', 'recovered_at'] as const;

function fromRow(row: StoredRow): ReportRow {
  const instant = (column: (typeof instants)[number]): number | null =>
    readIntegerOrNull(row[column], `changes.${column}`);
  return {
    ...(Object.fromEntries(words.map((word) => [word, row[word]])) as Pick<
      ReportRow,
      (typeof words)[number]
    >),
    failureClass: row['failure_class'] as ReportRow['failureClass'],
    committedAt: instant('committed_at'),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    outcomeAt: instant('outcome_at'),
    recoveredAt: instant('recovered_at'),
  };
}

/** Reads what reports count. */
export function createReportStore(connection: Connection): ReportStore {
  return {
    rows: async (from, to, { service, environment }) => {
      const rows: StoredRow[] = await connection.run((sql) => {
        const query = sql('changes')
          .where('reported_at', '>=', from)
          .where('reported_at', '<', to)
          .select(...words, 'failure_class', ...instants);
        if (service !== undefined) query.where({ service });
        if (environment !== undefined) query.where({ environment });
        return query;
      });
      return rows.map(fromRow);
    },
  };
}
