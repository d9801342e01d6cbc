import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Hopeless } from './until.ts';

/** A process that the suite started; it is only ever ended by its own id. */
export type Started = {
  /** Throws `Hopeless` when the process has ended, with its exit and the end of its log. */
  checkAlive(): void;
  /** Asks it to end, after 10 s makes it end; resolves when it has. Harmless when it ended before. */
  stop(): Promise<void>;
  /** Ends it without a chance to clean up (SIGKILL); resolves when it is gone. */
  kill(): Promise<void>;
};

const running = new Map<ChildProcess, Started>();

// A test run that is broken off must leave nothing behind.
process.on('exit', () => {
  for (const child of running.keys()) child.kill('SIGKILL');
});

/** Ends everything that still runs, each process by its own id. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running.values()].map((started) => started.stop()));
}

/** The last lines of a log file; empty when there is none. */
export function tail(path: string, lines = 40): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Keeps hold of a child process until it ends. */
export function adopt(child: ChildProcess, name: string, logPath: string | null): Started {
  const ended = new Promise<void>((resolve) => {
    const gone = () => {
      running.delete(child);
      resolve();
    };
    child.once('exit', gone);
    child.once('error', gone);
  });
  const end = async (signal: NodeJS.Signals) => {
    if (!hasEnded(child)) child.kill(signal);
    await ended;
  };
  const started: Started = {
    checkAlive: () => {
      if (!hasEnded(child)) return;
      const how = child.signalCode ?? `exit code ${child.exitCode}`;
      throw new Hopeless(`${name} ended: ${how}\n${logPath === null ? '' : tail(logPath)}`);
    },
    kill: () => end('SIGKILL'),
    stop: async () => {
      const abort = new AbortController();
      const impatience = pause(10_000, undefined, { signal: abort.signal }).then(
        () => end('SIGKILL'),
        () => undefined,
      );
      await end('SIGTERM');
      abort.abort();
      await impatience;
    },
  };
  running.set(child, started);
  return started;
}

/** Starts a program whose output is appended to `logPath`. */
export function start(
  command: string,
  args: readonly string[],
  options: { readonly name: string; readonly logPath: string; readonly env?: NodeJS.ProcessEnv },
): Started {
  const log = openSync(options.logPath, 'a');
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
  });
  closeSync(log);
  return adopt(child, options.name, options.logPath);
}

/** Below the ports that systems give to clients, so that no connection takes one between a process and its restart. */
const lowestPort = 20_000;
const highestPort = 32_000;
const givenPorts = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A port of the loopback that nobody listens on; none is given twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowestPort, highestPort);
    if (givenPorts.has(port)) continue;
    givenPorts.add(port);
    if (await isFree(port)) return port;
  }
}
