import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type Started, start } from './process.ts';
import { until } from './until.ts';

/** `serin serve` as a process of its own. */
export type Serving = {
  /** Its address on the loopback, the same after a restart. */
  readonly url: string;
  /** Asks it to end and waits until it has. Harmless when it ended before. */
  stop(): Promise<void>;
  /** Ends it without a chance to clean up (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same database and port; resolves when it is ready. */
  restart(): Promise<void>;
  /** All that it logged so far, over all of its starts. */
  log(): string;
};

export type ServeOptions = {
  readonly name: string;
  /** For its configuration and its log. */
  readonly folder: string;
  /** YAML. */
  readonly config: string;
  readonly databaseUrl: string;
  readonly env?: NodeJS.ProcessEnv;
};

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Arguments of `node` that run the program from its source. */
export const program: readonly string[] = ['--import', 'tsx', main];

/** What the program reads of the environment; a variable of the one who runs the tests must not reach it. */
export function environmentOf({ folder, databaseUrl, env }: ServeOptions, port: number): NodeJS.ProcessEnv {
  return {
    SERIN_LISTEN: `127.0.0.1:${port}`,
    SERIN_DATABASE_URL: databaseUrl,
    SERIN_CONFIG: join(folder, 'serin.yaml'),
    SERIN_LOG_LEVEL: 'info',
    SERIN_PUBLIC_URL: '',
    ...env,
  };
}

async function startReady(options: ServeOptions, port: number): Promise<Started> {
  const started = start(process.execPath, [...program, 'serve'], {
    name: `Serin ${options.name}`,
    logPath: join(options.folder, 'log'),
    env: environmentOf(options, port),
  });
  await until(`Serin ${options.name} is ready`, 60_000, async () => {
    started.checkAlive();
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  });
  return started;
}

/** Starts Serin on a free port of the loopback; resolves when it is ready. */
export async function serve(options: ServeOptions): Promise<Serving> {
  writeFileSync(join(options.folder, 'serin.yaml'), options.config);
  const port = await freePort();
  let started = await startReady(options, port);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => started.stop(),
    kill: () => started.kill(),
    restart: async () => {
      started = await startReady(options, port);
    },
    log: () => readFileSync(join(options.folder, 'log'), 'utf8'),
  };
}
