import { until } from '../../support/until.ts';
import { startLoad } from './load.ts';
import { fast, minutely, writeConfig } from './plans.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { type SampleService, startSampleService } from './sample-services.ts';
import { type Serin, startSerin } from './serin.ts';

/** All that a rollout needs around it, each part a process of its own. */
export type World = {
  /** Scrapes each second. */
  readonly prometheus: Prometheus;
  /** The same, to be stopped half-way. */
  readonly doomed: Prometheus;
  readonly serin: Serin;
  /** Another one on a database of its own, to be killed half-way. */
  readonly fragile: Serin;
};

/** The template over each Prometheus, and the name of that Prometheus in the configuration. */
export const templates = {
  fast: 'prometheus',
  doomed: 'prometheus-doomed',
  minutely: 'prometheus-minutely',
} as const;

const requestsPerSecond = 60;
const longestMs = 420_000;

/** Two deployments: one without a single error, one with some. Latency 20 ms but for the slow canary. */
function startArms(): Promise<SampleService[]> {
  const arm = (app: string, podTemplateHash: string, errorRate: number, latencyMs: number, seed: number) =>
    startSampleService({ app, podTemplateHash, errorRate, latencyMs, seed });
  return Promise.all([
    arm('catalog', 'stable', 0, 20, 1),
    arm('catalog', 'harmless', 0, 20, 2),
    arm('catalog', 'slow', 0, 30, 3),
    arm('checkout', 'stable', 0.005, 20, 4),
    arm('checkout', 'erring', 0.05, 20, 5),
  ]);
}

function startBackends(binary: string, folder: string, arms: readonly SampleService[]) {
  const addresses = (...apps: string[]) =>
    arms.filter(({ app }) => apps.includes(app)).map(({ address }) => address);
  const backend = (name: string, scrapeInterval: string, targets: readonly string[]) =>
    startPrometheus(binary, { name, folder, scrapeInterval, targets });
  return Promise.all([
    backend('fast', '1s', addresses('catalog', 'checkout')),
    backend('doomed', '1s', addresses('catalog')),
    backend('minutely', '15s', addresses('checkout')),
  ]);
}

/**
 * Starts everything under `folder`; resolves when requests flow and the Prometheus that scrapes each second sees them.
 * They flow until `signal` aborts; the processes are ended by `stopAll`.
 */
export async function startWorld(binary: string, folder: string, signal: AbortSignal): Promise<World> {
  const arms = await startArms();
  for (const { address } of arms)
    startLoad(address, { perSecond: requestsPerSecond, forMs: longestMs, signal });
  const [prometheus, doomed, slow] = await startBackends(binary, folder, arms);
  const config = writeConfig([
    { name: templates.fast, url: prometheus.url, times: fast },
    { name: templates.doomed, url: doomed.url, times: fast },
    { name: templates.minutely, url: slow.url, times: minutely },
  ]);
  const [serin, fragile] = await Promise.all([
    startSerin({ name: 'steady', folder, config }),
    startSerin({ name: 'fragile', folder, config }),
  ]);
  await until('requests flow to every arm', 60_000, async () => {
    const rates = await prometheus.query('sum by (app, pod_template_hash) (rate(http_requests_total[10s]))');
    return rates.length === arms.length && rates.every(({ value }) => value > 0.8 * requestsPerSecond);
  });
  return { prometheus, doomed, serin, fragile };
}
