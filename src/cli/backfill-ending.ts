import type { Counts, Finish, RefusedLine } from './backfill-run.ts';
import { exitCodes } from './exit-codes.ts';
import { oneLine } from './words.ts';

/** More refused lines than these are only counted, and kept in the file for them. */
export const shownLines = 20;

/** `line 7: service: is missing`. */
export function describeRefused({ line, errors }: RefusedLine): string {
  return `line ${line}: ${oneLine(errors.join('; '))}`;
}

/** `3 made, 1 changed, 0 joined, 0 unchanged, 2 refused`. */
export function describeCounts({ made, changed, joined, unchanged, refused }: Counts): string {
  return `${made} made, ${changed} changed, ${joined} joined, ${unchanged} unchanged, ${refused} refused`;
}

/** What a backfill came to, for people; several lines. `again` says how to go on from there. */
export function describeFinish({ counts, ending, reason }: Finish, dryRun: boolean, again: string): string {
  const { refused, ...inside } = counts;
  const went = Object.values(inside).reduce((sum, count) => sum + count, 0);
  const head = dryRun ? 'dry run, nothing was kept; there would be ' : '';
  const lines = [`${head}${describeCounts(counts)}`];
  if (!dryRun) lines.push(`${went} are in, ${refused} are not`);
  if (ending !== 'done') {
    const why = ending === 'stopped' ? 'it was stopped' : oneLine(reason ?? '');
    lines.push(`it ended early: ${why}`, again);
  }
  return `${lines.join('\n')}\n`;
}

/** 0 when all went in, 2 when something was refused, 5 when it ended early by an outage or a signal. */
export function exitCodeOf({ ending, counts }: Finish): number {
  if (ending === 'unavailable' || ending === 'stopped') return exitCodes.unavailable;
  return ending === 'refused' || counts.refused > 0 ? exitCodes.usage : exitCodes.pass;
}
