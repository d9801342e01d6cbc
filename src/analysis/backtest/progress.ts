import type { Progress } from './backtest.ts';

/** Where progress is written. */
export type ProgressOutput = {
  write(text: string): unknown;
  /** Whether it is a terminal, on which a line can be written over. */
  readonly isTTY: boolean;
};

/** Shows how far a backtest has come; `stop` leaves the cursor on an empty line. */
export type ProgressLine = { tell(progress: Progress): void; stop(): void };

function writeProgress({ done, all, resumed, unread }: Progress): string {
  const parts = [`${done} of ${all} windows (${Math.floor((100 * done) / all)} %)`];
  if (resumed > 0) parts.push(`${resumed} judged before`);
  if (unread > 0) parts.push(`${unread} could not be read`);
  return parts.join(', ');
}

/** A line that is written over on a terminal; elsewhere one line for each tenth. */
export function createProgressLine(output: ProgressOutput): ProgressLine {
  let tenth = 0;
  let isShown = false;
  return {
    tell: (progress) => {
      if (output.isTTY) {
        isShown = true;
        output.write(`\r\u001B[2K${writeProgress(progress)}`);
        return;
      }
      const reached = Math.floor((10 * progress.done) / progress.all);
      if (reached === tenth) return;
      tenth = reached;
      output.write(`${writeProgress(progress)}\n`);
    },
    stop: () => {
      if (isShown) output.write('\r\u001B[2K');
    },
  };
}
