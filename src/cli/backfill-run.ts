import type { InputLine } from './backfill-input.ts';
import { type Batch, type LineResult, type SentLine, sendBatch } from './backfill-send.ts';
import type { Call, Reply } from './client.ts';

/** How many lines came to what. */
export type Counts = Record<LineResult['result'], number>;

/** A line that did not go in. */
export type RefusedLine = {
  readonly line: number;
  readonly errors: readonly string[];
  /** What stands there: the object, or the beginning of a text that is none. */
  readonly input: unknown;
};

/** How a backfill ended. Everything up to the line `through` is dealt with. */
export type Finish = {
  readonly counts: Counts;
  readonly through: number;
  readonly ending: 'done' | 'unavailable' | 'refused' | 'stopped';
  /** Why it ended early; `null`: it did not, or somebody stopped it. */
  readonly reason: string | null;
};

export type BackfillRun = Omit<Batch, 'lines'> & {
  /** Lines up to this one are passed over. */
  readonly skipLines: number;
  readonly call: Call;
  /** Waits outages out. */
  readonly patiently: (once: () => Promise<Reply>) => Promise<Reply>;
  /** Told of refused lines, batch by batch, in their order. */
  readonly refuse: (lines: readonly RefusedLine[]) => Promise<void>;
  /** Told after each batch, before the next one is sent. */
  readonly progress: (counts: Counts, through: number) => Promise<void>;
  readonly stop: AbortSignal;
};

const mostLines = 500;
/** A dry run is one transaction a batch, and others wait for it. */
const mostRehearsed = 100;
/** Below what the service reads, so that its answer is about lines and not about the body. */
const mostBytes = 3 * 1024 * 1024;

function endsInput(line: InputLine | undefined): line is InputLine & { readonly problem: string } {
  return line !== undefined && 'problem' in line && line.endsInput === true;
}

/** The lines in batches that one request can hold. */
async function* inBatches(
  lines: AsyncIterable<InputLine>,
  skip: number,
  most: number,
): AsyncGenerator<InputLine[]> {
  let batch: InputLine[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (line.end <= skip && !endsInput(line)) continue;
    const size = 'body' in line ? Buffer.byteLength(JSON.stringify(line.body)) : 0;
    if (batch.length === most || (batch.length > 0 && bytes + size > mostBytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(line);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Refused lines of a batch: those that could not be read, and those that the service did not take. */
function refusedOf(batch: readonly InputLine[], results: readonly LineResult[]): RefusedLine[] {
  const byLine = new Map(results.map((one) => [one.line, one]));
  return batch.flatMap((one): RefusedLine[] => {
    const { line } = one;
    if ('problem' in one) return [{ line, errors: [one.problem], input: one.text }];
    const result = byLine.get(line);
    return result?.result === 'refused' ? [{ line, errors: result.errors, input: one.body }] : [];
  });
}

/** Sends what can be sent of a batch. */
async function sendReadable(batch: readonly InputLine[], run: BackfillRun): ReturnType<typeof sendBatch> {
  const lines = batch.filter((line): line is SentLine & InputLine => 'body' in line);
  if (lines.length === 0) return { kind: 'sent', results: [] };
  return sendBatch({ kind: run.kind, dryRun: run.dryRun, lines }, run.call, run.patiently);
}

function add(counts: Counts, results: readonly LineResult[], refused: number): Counts {
  const sum = { ...counts, refused: counts.refused + refused };
  for (const { result } of results) if (result !== 'refused') sum[result] += 1;
  return sum;
}

/** Batches until `stop` ends their source; then one of nothing, for what is stopped has not come to its end. */
async function* untilStopped(
  batches: AsyncIterable<InputLine[]>,
  stop: AbortSignal,
): AsyncGenerator<InputLine[]> {
  try {
    yield* batches;
  } catch (error) {
    if (!stop.aborted || !(error instanceof Error) || error.name !== 'AbortError') throw error;
    yield [];
  }
}

const stopped = { kind: 'stopped', reason: null } as const;

/** Sends a batch unless somebody stopped it, before or while an outage was waited out. */
async function sendUnlessStopped(batch: readonly InputLine[], run: BackfillRun) {
  if (run.stop.aborted) return stopped;
  const sent = await sendReadable(batch, run);
  return sent.kind !== 'sent' && run.stop.aborted ? stopped : sent;
}

/**
 * Sends lines batch by batch, one after the other, and tells what came of them. Holds one batch at a time. A line that
 * is refused stops nothing; an outage that lasts, a refusal of the caller and `stop` do, also where the lines end in an
 * `AbortError` of that.
 */
export async function runBackfill(lines: AsyncIterable<InputLine>, run: BackfillRun): Promise<Finish> {
  let counts: Counts = { made: 0, changed: 0, joined: 0, unchanged: 0, refused: 0 };
  let through = run.skipLines;
  const most = run.dryRun ? mostRehearsed : mostLines;
  for await (const batch of untilStopped(inBatches(lines, run.skipLines, most), run.stop)) {
    const sent = await sendUnlessStopped(batch, run);
    if (sent.kind !== 'sent') return { counts, through, ending: sent.kind, reason: sent.reason };
    const refused = refusedOf(batch, sent.results);
    counts = add(counts, sent.results, refused.length);
    await run.refuse(refused);
    const last = batch.at(-1);
    if (endsInput(last)) {
      const reason = `line ${last.line}: ${last.problem}`;
      return { counts, through: Math.max(through, last.line - 1), ending: 'refused', reason };
    }
    through = last?.end ?? through;
    await run.progress(counts, through);
  }
  return { counts, through, ending: 'done', reason: null };
}
