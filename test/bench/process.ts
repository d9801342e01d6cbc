import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** A process under measurement and where it listens. */
export type Measured = {
  readonly address: string;
  readonly readyMs: number;
  rssMiB(): number;
  stop(): Promise<void>;
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`the process ended with ${child.exitCode} before it was ready`);
    const response = await fetch(url).catch(() => null);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${url} was not ready within 30 s`);
}

/** Starts a Node program that listens on `port` and waits until `path` answers 2xx. */
export async function startMeasured(
  args: readonly string[],
  path: string,
  makeEnv: (port: number) => Record<string, string>,
): Promise<Measured> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', ...makeEnv(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilReady(`${address}${path}`, child);
  const readyMs = performance.now() - began;
  return {
    address,
    readyMs,
    rssMiB: () =>
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? Number.NaN) /
      1024,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
