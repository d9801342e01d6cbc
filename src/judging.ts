import { availableParallelism } from 'node:os';
import type { Judging } from './api/judge.ts';
import type { Judgement } from './cli/judge-io.ts';
import { SerinError } from './errors.ts';
import { createJudgePool } from './judge-pool.ts';

/** Bodies that may wait for a thread. */
const waiting = 64;

/** Judges bodies in threads of their own, one fewer than there are cores, so that polls are answered meanwhile. */
export function createJudging(): { readonly judging: Judging; readonly close: () => Promise<void> } {
  const pool = createJudgePool({ threads: Math.max(1, availableParallelism() - 1), ahead: 1, waiting });
  return {
    judging: async (body, signal) => {
      const reply = await pool.judge({ text: JSON.stringify(body), looks: null }, signal);
      if (reply.kind === 'judged') return JSON.parse(reply.text) as Judgement;
      if (reply.kind === 'broken') throw new Error(reply.stack);
      throw new SerinError(reply.code, reply.problem.detail, { issues: reply.problem.errors ?? [] });
    },
    close: () => pool.close(),
  };
}
