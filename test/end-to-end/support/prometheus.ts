import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { freePort, type Started, start } from '../../support/process.ts';
import { until } from '../../support/until.ts';

/** One series of an instant query's answer. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** A Prometheus that is up and scrapes. */
export type Prometheus = Started & {
  readonly url: string;
  /** Answers an instant query now. */
  query(expression: string): Promise<readonly Sample[]>;
};

export type PrometheusOptions = {
  readonly name: string;
  /** Parent of its configuration, its log and its data. */
  readonly folder: string;
  /** As Prometheus writes it, such as `1s`. */
  readonly scrapeInterval: string;
  /** Addresses whose `/metrics` it scrapes. */
  readonly targets: readonly string[];
};

/** The path of the prometheus binary; `null` when it is not installed. */
export function findPrometheus(): string | null {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'prometheus'));
  const canRun = (path: string): boolean => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  return candidates.find(canRun) ?? null;
}

function writeConfig(folder: string, { scrapeInterval, targets }: PrometheusOptions): string {
  const path = join(folder, 'prometheus.json');
  // JSON is YAML too.
  const config = {
    global: { scrape_interval: scrapeInterval, scrape_timeout: scrapeInterval },
    scrape_configs: [{ job_name: 'sample', static_configs: [{ targets }] }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

type QueryReply = {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
};

async function ask(url: string, expression: string): Promise<Sample[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`, {
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`Prometheus answered ${response.status}: ${await response.text()}`);
  const { data } = (await response.json()) as QueryReply;
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** Starts a Prometheus on a free port of the loopback; resolves when it is ready and all targets are up. */
export async function startPrometheus(binary: string, options: PrometheusOptions): Promise<Prometheus> {
  const folder = join(options.folder, `prometheus-${options.name}`);
  mkdirSync(folder);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = start(
    binary,
    [
      `--config.file=${writeConfig(folder, options)}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { name: `Prometheus ${options.name}`, logPath: join(folder, 'log') },
  );
  await until(`Prometheus ${options.name} and its targets are up`, 60_000, async () => {
    started.checkAlive();
    return (await ask(url, 'up == 1')).length === options.targets.length;
  });
  return { ...started, url, query: (expression) => ask(url, expression) };
}
