import type { components } from '../api/schema.gen.ts';
import type { Call, Refused, Reply, Unavailable } from './client.ts';

type Result = components['schemas']['BackfillResult'];
type Item = Result['items'][number];

/** A line to be sent. */
export type SentLine = {
  readonly line: number;
  readonly end: number;
  readonly body: Readonly<Record<string, unknown>>;
};

/** What became of a line, in the order of the lines. */
export type LineResult = {
  readonly line: number;
  readonly result: Item['result'];
  readonly errors: readonly string[];
};

type Sent = { readonly kind: 'sent'; readonly results: readonly LineResult[] } | Refused | Unavailable;

/** How a batch is sent once; an outage is the caller's matter. */
export type Batch = {
  readonly kind: 'change' | 'incident';
  readonly dryRun: boolean;
  readonly lines: readonly SentLine[];
};

const longestCall = 120_000;

function isResult(body: unknown): body is Result {
  return typeof body === 'object' && body !== null && Array.isArray((body as Partial<Result>).items);
}

function readResults({ items }: Result, lines: readonly SentLine[]): LineResult[] {
  return lines.map(({ line }, index) => {
    const { result = 'refused', errors = [] } = items[index] ?? {};
    return {
      line,
      result,
      errors: errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)),
    };
  });
}

/** A body that is refused as a whole holds a line that spoils it: halves are sent until that one is alone. */
const spoiling = new Set([400, 413, 422]);

/** What is wrong with the only item of a body, on its paths and not on those of the body. */
function errorsOf({ reason }: Refused): string[] {
  return reason.split('\n').map((one) => one.replace(/^(?:changes|incidents)\[0\]\.?/, ''));
}

async function sendOnce({ kind, dryRun, lines }: Batch, call: Call): Promise<Reply> {
  const bodies = lines.map(({ body }) => body);
  const body = { ...(kind === 'change' ? { changes: bodies } : { incidents: bodies }), dryRun };
  return call({ method: 'POST', path: '/v1/backfill', body }, longestCall);
}

/** Sends a batch with `send`, which waits outages out; what came of each line, or why none can be sent. */
export async function sendBatch(
  batch: Batch,
  call: Call,
  patiently: (once: () => Promise<Reply>) => Promise<Reply>,
): Promise<Sent> {
  const { lines } = batch;
  const reply = await patiently(() => sendOnce(batch, call));
  if (reply.kind === 'unavailable') return reply;
  if (reply.kind === 'answered') {
    if (isResult(reply.body)) return { kind: 'sent', results: readResults(reply.body, lines) };
    return { kind: 'unavailable', reason: 'what answered is not Serin', retryAfter: null };
  }
  if (!spoiling.has(reply.status)) return reply;
  const [only] = lines;
  if (only !== undefined && lines.length === 1)
    return { kind: 'sent', results: [{ line: only.line, result: 'refused', errors: errorsOf(reply) }] };
  const middle = Math.ceil(lines.length / 2);
  const first = await sendBatch({ ...batch, lines: lines.slice(0, middle) }, call, patiently);
  if (first.kind !== 'sent') return first;
  const second = await sendBatch({ ...batch, lines: lines.slice(middle) }, call, patiently);
  return second.kind === 'sent' ? { ...second, results: [...first.results, ...second.results] } : second;
}
