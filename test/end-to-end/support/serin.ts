import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { components } from '../../../src/api/schema.gen.ts';
import { freePort, type Started, start, tail } from './process.ts';
import { until } from './until.ts';

type Schemas = components['schemas'];
export type Analysis = Schemas['Analysis'];

/** A Serin process with a database of its own. */
export type Serin = {
  readonly url: string;
  /** The body of a GET; rejects on any status but 200. */
  get<T>(path: string): Promise<T>;
  analysis(id: string): Promise<Analysis>;
  /** Ends it without a chance to clean up (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same database and port; resolves when it is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** The end of what it logged. */
  log(): string;
};

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`GET ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

async function startReady(name: string, folder: string, port: number): Promise<Started> {
  const started = start(process.execPath, ['--import', 'tsx', main, 'serve'], {
    name: `Serin ${name}`,
    logPath: join(folder, 'log'),
    env: {
      SERIN_LISTEN: `127.0.0.1:${port}`,
      SERIN_DATABASE_URL: `sqlite:${join(folder, 'serin.db')}`,
      SERIN_CONFIG: join(folder, 'serin.yaml'),
      SERIN_LOG_LEVEL: 'warn',
    },
  });
  await until(`Serin ${name} is ready`, 60_000, async () => {
    started.checkAlive();
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  });
  return started;
}

/** Starts Serin on a free port of the loopback with SQLite and that configuration; resolves when it is ready. */
export async function startSerin(options: {
  readonly name: string;
  readonly folder: string;
  readonly config: string;
}): Promise<Serin> {
  const folder = join(options.folder, `serin-${options.name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'serin.yaml'), options.config);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let started = await startReady(options.name, folder, port);
  return {
    url,
    get: (path) => getJson(url + path),
    analysis: (id) => getJson(`${url}/v1/analyses/${id}`),
    kill: () => started.kill(),
    restart: async () => {
      started = await startReady(options.name, folder, port);
    },
    stop: () => started.stop(),
    log: () => tail(join(folder, 'log')),
  };
}
