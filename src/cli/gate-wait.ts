import type { Analysis, Answer, Client, StartAnalysis } from './client.ts';
import type { Io } from './io.ts';
import { persist, shortestPause } from './persist.ts';

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
  const tellOutage = (reason: string, since: number): void => tell({ kind: 'outage', reason, since });
  const begun = io.now();
  const deadline = begun + limits.timeout;
  const first = Math.min(limits.timeout, limits.connectTimeout);
  const longPoll = limits.poll ?? usualPoll;
  let answer = await persist(
    (left) => client.start(body, Math.min(left, longestCall)),
    begun + first,
    io,
    tellOutage,
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
      tellOutage,
    );
    if (answer.kind === 'answered' && answer.analysis.verdict === 'running')
      await holdBack(calledAt, deadline, io);
  }
  return conclude(answer, last);
}
