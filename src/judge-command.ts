import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { JudgeIo, Judges } from './cli/judge-io.ts';

/** Tasks handed to a thread at once, so that none waits while replies travel. */
const ahead = 8;

/** Loads what judges when it is needed: every other command goes without. */
async function openJudges(threads: 'here' | number): Promise<Judges> {
  if (threads === 'here') {
    const { judgeText } = await import('./judge-text.ts');
    return { judge: async (task) => judgeText(task), close: async () => undefined };
  }
  const { createJudgePool } = await import('./judge-pool.ts');
  return createJudgePool({ threads, ahead, waiting: Number.POSITIVE_INFINITY });
}

// A reader that went away is told by the write that failed; without a listener it would end the process.
const ignore = (): void => undefined;

/** Writes to stdout, waiting where it is full; false once its reader is gone. */
function write(stdout: NodeJS.WriteStream, text: string): Promise<boolean> {
  if (!stdout.listeners('error').includes(ignore)) stdout.on('error', ignore);
  return new Promise((resolve) => {
    if (stdout.destroyed || stdout.writableEnded) return resolve(false);
    stdout.write(text, (error) => resolve(error === null || error === undefined));
  });
}

/** The process as `serin judge` sees it. Stdin is not touched before it is read: that alone keeps a process waiting. */
export function judgeIoOf(program: NodeJS.Process): JudgeIo {
  const { stdout, stderr, env } = program;
  return {
    env,
    open: (path) => (path === '-' ? program.stdin : createReadStream(path)),
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
