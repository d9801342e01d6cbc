import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

type Output = { write(text: string): unknown };

/** Everything a command touches outside itself, so that a test can be the outside. */
export type Io = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether stderr is a terminal; only then is a line written over and coloured. */
  readonly isTTY: boolean;
  /** Width of that terminal in characters. */
  readonly columns: () => number;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** Calls `action` each `milliseconds` until the function returned is called; does not keep the process alive. */
  readonly every: (milliseconds: number, action: () => void) => () => void;
  readonly readFile: (path: string) => Promise<string>;
};

type Terminal = Output & { readonly isTTY?: boolean; readonly columns?: number };

/** The real outside: pass `process`. */
export function createIo(host: { env: Io['env']; stdout: Terminal; stderr: Terminal }): Io {
  return {
    env: host.env,
    stdout: host.stdout,
    stderr: host.stderr,
    isTTY: host.stderr.isTTY === true,
    columns: () => host.stderr.columns ?? 80,
    fetch: globalThis.fetch,
    now: Date.now,
    sleep: (milliseconds) => sleep(milliseconds),
    every: (milliseconds, action) => {
      const timer = setInterval(action, milliseconds).unref();
      return () => clearInterval(timer);
    },
    readFile: (path) => readFile(path, 'utf8'),
  };
}
