import { createDraws } from './random/draws.ts';
import { createStream, numberOf } from './random/stream.ts';
import { rowOf } from './rows/all.ts';
import type { Row } from './rows/row.ts';
import { fixedThreshold } from './rules/fixed-threshold.ts';
import { kayentaRule } from './rules/kayenta-rule.ts';
import { firstFailAndVerdict } from './rules/our-rule.ts';
import { assemble } from './run.ts';
import { emptyTally, record, type Tally } from './tally.ts';

/** Some runs of a row, by number: from `from`, without `to`. */
export type Chunk = {
  readonly row: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
};

/** What came of a chunk, and how long it took; or why it could not be run. */
export type ChunkResult = { readonly chunk: Chunk } & (
  | { readonly tally: Tally; readonly milliseconds: number }
  | { readonly trouble: string }
);

function runChunk(row: Row, { seed, from, to }: Chunk): Tally {
  const tally = emptyTally(row.looks.to);
  for (let run = from; run < to; run++) {
    const draws = createDraws(createStream({ seed, row: numberOf(row.id), run }));
    const drawn = assemble(row.draw(draws), row.looks);
    const { verdict, ...serin } = firstFailAndVerdict(drawn);
    const traces = { serin, kayenta: kayentaRule(drawn), fixed: fixedThreshold(drawn) };
    record(tally, verdict, traces, row.looks.from);
  }
  return tally;
}

/** Draws the runs of a chunk and lets every rule judge the same data. The same chunk gives the same tally. */
export function runOf(chunk: Chunk): ChunkResult {
  const row = rowOf(chunk.row);
  if (row === undefined) return { chunk, trouble: `there is no row ${chunk.row}` };
  const began = performance.now();
  try {
    const tally = runChunk(row, chunk);
    return { chunk, tally, milliseconds: performance.now() - began };
  } catch (error) {
    return { chunk, trouble: error instanceof Error ? error.message : String(error) };
  }
}
