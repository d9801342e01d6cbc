import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { components } from '../../../src/api/schema.gen.ts';
import { tail } from '../../support/process.ts';
import { type Serving, serve } from '../../support/serving.ts';

type Schemas = components['schemas'];
export type Analysis = Schemas['Analysis'];

/** A Serin process with a database of its own; `log` is the end of what it logged. */
export type Serin = Serving & {
  /** The body of a GET; rejects on any status but 200. */
  get<T>(path: string): Promise<T>;
  analysis(id: string): Promise<Analysis>;
};

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`GET ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Starts Serin on a free port of the loopback with SQLite and that configuration; resolves when it is ready. */
export async function startSerin(options: {
  readonly name: string;
  readonly folder: string;
  readonly config: string;
}): Promise<Serin> {
  const folder = join(options.folder, `serin-${options.name}`);
  mkdirSync(folder);
  const serving = await serve({
    name: options.name,
    folder,
    config: options.config,
    databaseUrl: `sqlite:${join(folder, 'serin.db')}`,
    env: { SERIN_LOG_LEVEL: 'warn' },
  });
  return {
    ...serving,
    get: (path) => getJson(serving.url + path),
    analysis: (id) => getJson(`${serving.url}/v1/analyses/${id}`),
    log: () => tail(join(folder, 'log')),
  };
}
