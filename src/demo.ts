import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from './app.ts';
import { parseConfig } from './config.ts';
import { makeDemoHistory } from './demo-history.ts';
import { system } from './ledger/actor.ts';
import { readSettings, type Settings } from './settings.ts';

export type DemoOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends after both verdicts instead of going on until a signal. */
  readonly exit: boolean;
  readonly version: string;
  readonly say: (line: string) => void;
};

const demoConfig = `
providers:
  synthetic: { type: synthetic }
templates:
  - name: demo
    duration: 30s
    interval: 1s
    delay: 1s
    metrics:
      - { name: errors, kind: ratio, provider: synthetic, events: errors, total: requests, critical: true }
      - { name: latency-p99, kind: gauge, provider: synthetic, query: latency_p99 }
services:
  - { name: demo-checkout, team: demo, tier: "1", template: demo }
  - { name: demo-search, team: demo, tier: "2", template: demo }
environments:
  - { name: production, production: true }
`;

const cases = [
  { version: 'v2.0.0', scenario: 'harmless', expected: 'pass', says: 'a harmless change' },
  { version: 'v2.1.0', scenario: 'errors-x5', expected: 'fail', says: 'a change with five times the errors' },
] as const;

type Analysis = {
  readonly id: string;
  readonly verdict: string;
  readonly reason: string;
  readonly looks: number;
};

async function post(url: string, body: unknown): Promise<Analysis> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Analysis;
}

/** Asks as a caller does: starts the analysis, then polls it by its key until it is decided. */
async function judgeOne(address: string, { version, scenario }: (typeof cases)[number]): Promise<Analysis> {
  const request = {
    service: 'demo-checkout',
    environment: 'production',
    change: { version, actor: 'demo' },
    canary: { scenario },
    baseline: { scenario: 'harmless', role: 'stable' },
    wait: '10s',
  };
  let analysis = await post(`${address}/v1/analyses`, request);
  while (analysis.verdict === 'running') analysis = await post(`${address}/v1/analyses`, request);
  return analysis;
}

async function judgeAll(address: string, say: DemoOptions['say']): Promise<boolean> {
  const verdicts = await Promise.all(
    cases.map(async (one) => {
      const { verdict, reason, looks, id } = await judgeOne(address, one);
      say(`${verdict.toUpperCase().padEnd(12)} ${one.says} (${one.version}, ${looks} looks): ${reason}`);
      say(`             ${address}/v1/analyses/${id}`);
      return verdict === one.expected;
    }),
  );
  return verdicts.every(Boolean);
}

function demoSettings(env: DemoOptions['env'], folder: string): Settings {
  const settings = readSettings(env);
  const isGiven = (env['SERIN_DATABASE_URL'] ?? '') !== '';
  const logLevel = env['SERIN_LOG_LEVEL'] ? settings.logLevel : 'error';
  return {
    ...settings,
    logLevel,
    databaseUrl: isGiven ? settings.databaseUrl : `sqlite:${join(folder, 'demo.db')}`,
  };
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

async function show(app: App, options: DemoOptions): Promise<boolean> {
  await app.migrate();
  const address = await app.listen();
  app.start();
  const changes = await app.changes.report(makeDemoHistory(Date.now()), system);
  options.say(
    `Serin listens on ${address}, with ${changes.length} made-up changes (source "demo") of the last months.`,
  );
  options.say('Two changes are judged on made-up metrics, look after look, for at most half a minute …');
  const asExpected = await judgeAll(address, options.say);
  options.say(`Change-failure report: ${address}/v1/reports/change-failure`);
  options.say(`All analyses:          ${address}/v1/analyses`);
  options.say(`The API in full:       ${address}/openapi.yaml`);
  return asExpected;
}

/** Runs the demo; resolves with the exit code: 0 when the harmless change passed and the harmful one failed, else 1. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'serin-demo-'));
  const settings = demoSettings(options.env, folder);
  const sources = { env: {}, readFile: () => '' };
  const app = createApp({
    settings,
    config: parseConfig(demoConfig, sources),
    version: options.version,
    allowUnauthenticated: true,
  });
  try {
    const asExpected = await show(app, options);
    if (!options.exit) {
      options.say('Press Ctrl-C to end.');
      await untilSignal();
    }
    return asExpected ? 0 : 1;
  } finally {
    await app.stop(2_000);
    rmSync(folder, { recursive: true, force: true });
  }
}
