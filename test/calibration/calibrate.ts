import type { Results, RowResult } from './results.ts';
import type { Row } from './rows/row.ts';
import type { Chunk, ChunkResult } from './run-rows.ts';
import { addTally, emptyTally, type Tally } from './tally.ts';
import { runOnThreads } from './workers.ts';

/** What is to be run, and what to tell of it. */
export type Task = {
  readonly rows: readonly Row[];
  readonly runs: number;
  readonly seed: number;
  readonly threads: number;
  readonly results: Results;
  readonly onRow: (result: RowResult, isDone: boolean) => void;
};

const chunkRuns = 50;

/** One row in the making: chunks that are done wait for those before them, so that what is kept is always the first runs. */
type Progress = {
  readonly tally: Tally;
  milliseconds: number;
  readonly waiting: Map<number, { readonly tally: Tally; readonly milliseconds: number }>;
};

function progressOf({ results, seed }: Task, row: Row): Progress {
  const known = results.read(row.id);
  const isSame = known !== null && known.seed === seed;
  return {
    tally: isSame ? known.tally : emptyTally(row.looks.to),
    milliseconds: isSame ? known.milliseconds : 0,
    waiting: new Map(),
  };
}

function* chunksOf(rows: readonly [Row, Progress][], { runs, seed }: Task): Generator<Chunk> {
  for (const [row, { tally }] of rows)
    for (let from = tally.runs; from < runs; from += chunkRuns)
      yield { row: row.id, seed, from, to: Math.min(runs, from + chunkRuns) };
}

/** Takes in what has become contiguous; says whether anything did. */
function takeIn(progress: Progress, result: ChunkResult): boolean {
  if ('trouble' in result) throw new Error(`${result.chunk.row}: ${result.trouble}`);
  progress.waiting.set(result.chunk.from, result);
  const before = progress.tally.runs;
  for (;;) {
    const next = progress.waiting.get(progress.tally.runs);
    if (next === undefined) return progress.tally.runs > before;
    progress.waiting.delete(progress.tally.runs);
    addTally(progress.tally, next.tally);
    progress.milliseconds += next.milliseconds;
  }
}

/**
 * Runs the rows and keeps what is done, chunk by chunk: started again with the same seed and code it goes on where it
 * stopped. Rows that have their runs are left alone.
 *
 * @throws Error when a run cannot be judged
 */
export async function calibrate(task: Task): Promise<void> {
  const rows = task.rows.map((row): [Row, Progress] => [row, progressOf(task, row)]);
  const byId = new Map(rows.map(([row, progress]) => [row.id, progress]));
  await runOnThreads(chunksOf(rows, task), task.threads, (result) => {
    const progress = byId.get(result.chunk.row);
    if (progress === undefined || !takeIn(progress, result)) return;
    const { tally, milliseconds } = progress;
    const known = { row: result.chunk.row, seed: task.seed, tally, milliseconds };
    task.results.write(known);
    task.onRow(known, tally.runs >= task.runs);
  });
}

/** Milliseconds that the runs still lacking would take on one thread, by two runs of each row. */
export function estimate({ rows, runs, ...task }: Task, run: (chunk: Chunk) => ChunkResult): number {
  return rows.reduce((sum, row) => {
    const { tally } = progressOf({ ...task, rows, runs }, row);
    const lacking = Math.max(0, runs - tally.runs);
    if (lacking === 0) return sum;
    const result = run({ row: row.id, seed: task.seed, from: 0, to: 2 });
    if ('trouble' in result) throw new Error(`${row.id}: ${result.trouble}`);
    return sum + (lacking * result.milliseconds) / 2;
  }, 0);
}
