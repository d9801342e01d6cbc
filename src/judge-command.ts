import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { JudgeIo, Judges } from './cli/judge-io.ts';
import { createJudgePool } from './judge-pool.ts';
import { judgeText } from './judge-text.ts';

/** Tasks handed to a thread at once, so that none waits while replies travel. */
const ahead = 8;

async function openJudges(threads: 'here' | number): Promise<Judges> {
  if (threads === 'here') return { judge: async (task) => judgeText(task), close: async () => undefined };
  return createJudgePool({ threads, ahead, waiting: Number.POSITIVE_INFINITY });
}

/** Writes to stdout, waiting where it is full; false once its reader is gone. */
function write(stdout: NodeJS.WriteStream, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (stdout.destroyed || stdout.writableEnded) return resolve(false);
    stdout.write(text, (error) => resolve(error === null || error === undefined));
  });
}

/** The process as `serin judge` sees it. */
export function judgeIoOf(program: NodeJS.Process): JudgeIo {
  const { stdin, stdout, stderr, env } = program;
  // A reader that went away is told by the write that failed; without a listener it would end the process.
  stdout.on('error', () => undefined);
  return {
    env,
    open: (path) => (path === '-' ? stdin : createReadStream(path)),
    write: (text) => write(stdout, text),
    writeError: (text) => stderr.write(text),
    isTTY: stdout.isTTY === true,
    columns: stdout.columns,
    cores: availableParallelism(),
    openJudges,
    exit: (code) => {
      program.exitCode = code;
    },
  };
}
