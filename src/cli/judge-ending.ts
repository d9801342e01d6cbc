import { type Ending, exitCodes } from './exit-codes.ts';
import type { JudgeReply } from './judge-io.ts';
import type { JudgeFlags } from './judge-options.ts';

/** Endings by how bad they are; of many bodies the worst one counts. */
const worstFirst: readonly Ending[] = ['unavailable', 'usage', 'fail', 'inconclusive', 'pass'];

/** How one body ends. A run whose samples end before its plan has no verdict, so no flag makes it pass. */
export function endingOf(reply: JudgeReply, { onInconclusive }: Pick<JudgeFlags, 'onInconclusive'>): Ending {
  if (reply.kind === 'broken') return 'unavailable';
  if (reply.kind === 'refused') return 'usage';
  if (reply.verdict === 'pass' || reply.verdict === 'fail') return reply.verdict;
  return reply.verdict === 'inconclusive' ? onInconclusive : 'inconclusive';
}

/** Counts what became of many bodies. */
export type Tally = {
  readonly add: (lineNumber: number, reply: JudgeReply) => void;
  /** One sentence about all of them. */
  readonly sentence: () => string;
  readonly exitCode: () => number;
};

/** Starts to count: verdicts decide the exit code only with `failOnVerdict`, what could not be judged always does. */
export function createTally(flags: Pick<JudgeFlags, 'onInconclusive' | 'failOnVerdict'>): Tally {
  const endings = new Set<Ending>();
  const counts = new Map<string, number>();
  let firstRefused: number | null = null;
  let bodies = 0;
  return {
    add(lineNumber, reply) {
      bodies += 1;
      if (reply.kind !== 'judged') firstRefused ??= lineNumber;
      const word = reply.kind === 'judged' ? reply.verdict : 'not judged';
      counts.set(word, (counts.get(word) ?? 0) + 1);
      if (reply.kind !== 'judged' || flags.failOnVerdict) endings.add(endingOf(reply, flags));
    },
    sentence() {
      const parts = [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
      const listed = parts.map(([word, count]) => `${count} ${word}`).join(', ');
      const hint = firstRefused === null ? '' : `, the first of them line ${firstRefused}`;
      return `${bodies} ${bodies === 1 ? 'body' : 'bodies'}: ${listed || 'nothing judged'}${hint}`;
    },
    exitCode: () => exitCodes[worstFirst.find((ending) => endings.has(ending)) ?? 'pass'],
  };
}
