import { Command } from 'commander';
import { registerCliCommands } from '../../src/cli/commands.ts';
import { registerJudge } from '../../src/cli/judge.ts';
import type { JudgeIo, Judges } from '../../src/cli/judge-io.ts';
import { SerinError } from '../../src/errors.ts';
import { judgeText } from '../../src/judge-text.ts';

/** What a run of `serin judge` left behind. */
export type Judged = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was opened to judge with. */
  readonly opened: readonly ('here' | number)[];
};

/** Judges in this thread, whatever the number of threads. */
export const judgesHere: Judges = { judge: async (task) => judgeText(task), close: async () => {} };

/** Bytes as they may come: cut anywhere, inside of characters too. */
export async function* inChunks(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

function unused(): never {
  throw new Error('the test did not expect this call');
}

/** Runs `serin judge …args` over `input`, bad input told as the program does. */
export async function runJudge(
  args: readonly string[],
  input: string,
  overrides: Partial<JudgeIo> = {},
): Promise<Judged> {
  const written = { stdout: '', stderr: '' };
  const opened: ('here' | number)[] = [];
  let code: number | null = null as number | null;
  const io: JudgeIo = {
    env: {},
    open: () => inChunks(input, 4096),
    write: async (text) => {
      written.stdout += text;
      return true;
    },
    writeError: (text) => {
      written.stderr += text;
    },
    isTTY: false,
    columns: undefined,
    cores: 2,
    openJudges: async (threads) => {
      opened.push(threads);
      return judgesHere;
    },
    exit: (finished) => {
      code = finished;
    },
    ...overrides,
  };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const program = new Command('serin');
  registerJudge(program, io);
  registerCliCommands(
    program,
    {
      env: {},
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      isTTY: false,
      fetch: unused,
      now: unused,
      sleep: unused,
      exit: unused,
    },
    unused,
  );
  try {
    await program.parseAsync(['node', 'serin', 'judge', ...args]);
  } catch (error) {
    if (!(error instanceof SerinError)) throw error;
    written.stderr += `serin: ${error.message}\n`;
    code = 2;
  }
  if (code === null) throw new Error('the command told no exit code');
  return { code, ...written, opened };
}
