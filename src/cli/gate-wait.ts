import type { Analysis, Answer, Client, StartAnalysis } from './client.ts';
import type { Io } from './io.ts';

/** How the waiting ended. `analysis` is the last one heard of, `null` when none ever was. */
export type Waited =
  | { readonly ending: 'verdict'; readonly analysis: Analysis }
  | { readonly ending: 'timeout'; readonly analysis: Analysis }
  | { readonly ending: 'unavailable'; readonly analysis: Analysis | null; readonly reason: string }
  | { readonly ending: 'refused'; readonly reason: string };

/** Where waiting stands, told as often as something was heard. */
export type News =
  | { readonly kind: 'analysis'; readonly analysis: Analysis }
  | { readonly kind: 'outage'; readonly reason: string; readonly since: number };

type Limits = {
  /** Milliseconds from the first call to giving up. */
  readonly timeout: number;
  /** Milliseconds for which an answer to the first call is tried for. */
  readonly connectTimeout: number;
  /** For how long the service may hold an answer, milliseconds. */
  readonly poll?: number;
};

const usualPoll = 30_000;
const longestCall = 10_000;
const shortestPause = 1_000;
const longestPause = 30_000;

/** One second, then twice as long each time, up to half a minute; what the server asks for counts when it is longer. */
function pauseAfter(failures: number, retryAfter: number | null): number {
  const backoff = Math.min(longestPause, shortestPause * 2 ** (failures - 1));
  return Math.min(longestPause, Math.max(backoff, retryAfter ?? 0));
}

/** Calls until something other than an outage is answered, or `deadline` passes; the last outage is then the answer. */
async function persist(
  call: (remaining: number) => Promise<Answer>,
  deadline: number,
  io: Io,
  tell: (news: News) => void,
): Promise<Answer> {
  let since: number | null = null;
  for (let failures = 1; ; failures += 1) {
    const answer = await call(Math.max(shortestPause, deadline - io.now()));
    if (answer.kind !== 'unavailable') return answer;
    since ??= io.now();
    tell({ kind: 'outage', reason: answer.reason, since });
    const remaining = deadline - io.now();
    if (remaining <= 0) return answer;
    await io.sleep(Math.min(remaining, pauseAfter(failures, answer.retryAfter)));
  }
}

function conclude(answer: Exclude<Answer, { kind: 'answered' }>, last: Analysis | null): Waited {
  if (answer.kind === 'unavailable') return { ending: 'unavailable', analysis: last, reason: answer.reason };
  // A service that forgot a run it had started is broken; the request was good.
  if (last !== null && answer.status === 404)
    return { ending: 'unavailable', analysis: last, reason: answer.reason };
  return { ending: 'refused', reason: answer.reason };
}

/** A server, or something before it, that does not hold the answer must not be asked in a tight loop. */
async function holdBack(calledAt: number, deadline: number, io: Io): Promise<void> {
  const pause = Math.min(calledAt + shortestPause, deadline) - io.now();
  if (pause > 0) await io.sleep(pause);
}

/**
 * Starts or joins an analysis and waits for its verdict by long polls, through outages, until the timeout. The first
 * contact is tried for `connectTimeout` only, so that a wrong address is told soon.
 */
export async function waitForVerdict(
  client: Client,
  body: StartAnalysis,
  limits: Limits,
  io: Io,
  tell: (news: News) => void,
): Promise<Waited> {
  const begun = io.now();
  const deadline = begun + limits.timeout;
  const first = Math.min(limits.timeout, limits.connectTimeout);
  const longPoll = limits.poll ?? usualPoll;
  let answer = await persist(
    (left) => client.start(body, Math.min(left, longestCall)),
    begun + first,
    io,
    tell,
  );
  let last: Analysis | null = null;
  while (answer.kind === 'answered') {
    const { analysis } = answer;
    last = analysis;
    tell({ kind: 'analysis', analysis });
    if (analysis.verdict !== 'running') return { ending: 'verdict', analysis };
    if (io.now() >= deadline) return { ending: 'timeout', analysis };
    const calledAt = io.now();
    answer = await persist(
      (left) => client.wait(analysis.id, Math.min(left, longPoll), Math.min(left, longPoll) + longestCall),
      deadline,
      io,
      tell,
    );
    if (answer.kind === 'answered' && answer.analysis.verdict === 'running')
      await holdBack(calledAt, deadline, io);
  }
  return conclude(answer, last);
}
