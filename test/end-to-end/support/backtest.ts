import { join } from 'node:path';
import type { Report } from '../../../src/analysis/backtest/report.ts';
import { runBacktestCommand } from '../../../src/backtest.ts';

/** Runs `serin backtest` beside the Serin called `name`, on its configuration and database; gives its report. */
export async function backtest(
  folder: string,
  name: string,
  flags: Readonly<Record<string, unknown>>,
): Promise<{ readonly code: number; readonly report: Report }> {
  const own = join(folder, `serin-${name}`);
  let text = '';
  const code = await runBacktestCommand(
    { config: join(own, 'serin.yaml'), json: true, ...flags },
    {
      env: { SERIN_DATABASE_URL: `sqlite:${join(own, 'serin.db')}` },
      stdout: {
        write: (written) => {
          text += written;
        },
      },
      stderr: { write: () => {} },
      isTTY: false,
      version: 'end-to-end',
      now: Date.now,
      stop: new AbortController().signal,
    },
  );
  return { code, report: JSON.parse(text) };
}
