import { trajectory } from '../../../src/judge/trajectory.ts';
import type { Verdict } from '../../../src/judge/types.ts';
import type { Run, Trace } from '../run.ts';

/** Serin's judge at every look: its statistic is ln E of the run; and the verdict the run ends with. */
export function firstFailAndVerdict({ input, looks }: Run): Trace & { readonly verdict: Verdict } {
  const { looks: seen, failedAt, judgement } = trajectory(input, { from: looks.from, goOn: true });
  return { failedAt, statistic: seen.map(({ logE }) => logE), verdict: judgement.verdict };
}
