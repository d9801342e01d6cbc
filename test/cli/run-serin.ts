import { Command } from 'commander';
import { registerCliCommands } from '../../src/cli/commands.ts';
import type { Io } from '../../src/cli/io.ts';
import type { OpenTokens } from '../../src/cli/token-access.ts';
import { SerinError } from '../../src/errors.ts';

/** What a run of the command line left behind. */
export type Outcome = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsed: number;
};

const begun = Date.parse('2026-11-23T10:00:00.000Z');

/** Runs `serin …args`, bad input told as the program does, with a clock that only sleeping moves, so that no test waits. */
export async function runSerin(
  args: readonly string[],
  overrides: Partial<Io> = {},
  openTokens: OpenTokens = () => Promise.reject(new Error('the test has no database')),
): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  let now = begun;
  let code: number | null = null as number | null;
  const io: Io = {
    env: {},
    stdout: {
      write: (text) => {
        written.stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        written.stderr += text;
      },
    },
    isTTY: false,
    fetch: globalThis.fetch,
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    exit: (finished) => {
      code = finished;
    },
    ...overrides,
  };
  const program = new Command('serin');
  registerCliCommands(program, io, openTokens);
  try {
    await program.parseAsync(['node', 'serin', ...args]);
  } catch (error) {
    if (!(error instanceof SerinError)) throw error;
    written.stderr += `serin: ${error.message}\n`;
    code = 2;
  }
  if (code === null) throw new Error('the command told no exit code');
  return { code, ...written, elapsed: now - begun };
}
