import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { type Measured, startMeasured } from './process.ts';
import { median, printTable } from './table.ts';

const config = `
providers: { synthetic: { type: synthetic } }
templates:
  - name: bench
    duration: 60m
    metrics:
      - { name: errors, kind: ratio, provider: synthetic, events: errors, total: requests }
      - { name: latency-p99, kind: gauge, provider: synthetic, query: latency_p99 }
services: [{ name: bench, template: bench }]
`;

const root = new URL('../..', import.meta.url).pathname;
const runs = 500;
const seconds = 5;

function makeRequest(number: number): string {
  return JSON.stringify({
    service: 'bench',
    environment: 'production',
    key: `bench/${number}`,
    change: { version: `v${number}` },
    canary: { scenario: 'harmless' },
    baseline: { role: 'stable' },
  });
}

function startSerin(folder: string, name: string): Promise<Measured> {
  return startMeasured(
    [join(root, 'dist/src/main.js'), 'serve', '--config', join(folder, 'serin.yaml')],
    '/readyz',
    (port) => ({
      SERIN_LISTEN: `127.0.0.1:${port}`,
      SERIN_DATABASE_URL: `sqlite:${join(folder, `${name}.db`)}`,
      SERIN_LOG_LEVEL: 'error',
    }),
  );
}

const startBare = (): Promise<Measured> =>
  startMeasured(['--import', 'tsx', join(root, 'test/bench/bare-express.ts')], '/', (port) => ({
    PORT: String(port),
  }));

async function hammer(url: string, body: string): Promise<number> {
  const result = await autocannon({
    url,
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    connections: 16,
    duration: seconds,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} failed`);
  return result.requests.average;
}

async function post(serin: Measured, number: number): Promise<void> {
  const response = await fetch(`${serin.address}/v1/analyses`, { method: 'POST', body: makeRequest(number) });
  if (!response.ok)
    throw new Error(`POST /v1/analyses answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function benchStart(folder: string): Promise<string[][]> {
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const serin = await startSerin(folder, `start-${round}`);
    times.push(serin.readyMs);
    await serin.stop();
  }
  return [['start to ready, new database (median of 3)', `${median(times).toFixed(0)} ms`, '']];
}

async function benchPolls(serin: Measured): Promise<string[][]> {
  const bare = await startBare();
  try {
    await post(serin, 0);
    const polls = await hammer(`${serin.address}/v1/hooks/argo-rollouts/analysis`, makeRequest(0));
    const express = await hammer(bare.address, makeRequest(0));
    return [
      [
        'polls of a running analysis',
        `${polls.toFixed(0)} a second`,
        `${(polls / express).toFixed(2)}× bare Express`,
      ],
      ['the same on a bare Express JSON route', `${express.toFixed(0)} a second`, '1'],
    ];
  } finally {
    await bare.stop();
  }
}

async function benchMemory(serin: Measured, idle: number): Promise<string[][]> {
  for (let number = 1; number <= runs; number += 1) await post(serin, number);
  const deadline = Date.now() + 180_000;
  let looked = 0;
  while (looked < runs && Date.now() < deadline) {
    const text = await (await fetch(`${serin.address}/metrics`)).text();
    looked = Number(/serin_looks_total\{outcome="judged"\} (\d+)/.exec(text)?.[1] ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const busy = serin.rssMiB();
  return [
    ['resident memory idle', `${idle.toFixed(0)} MiB`, '1'],
    [
      `resident memory with ${runs} running analyses, ${looked} looks done`,
      `${busy.toFixed(0)} MiB`,
      `${(busy / idle).toFixed(2)}× idle`,
    ],
  ];
}

/** The built service as a process on SQLite and the synthetic provider, beside a bare Express process. */
export async function benchService(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'serin-bench-'));
  writeFileSync(join(folder, 'serin.yaml'), config);
  try {
    const started = await benchStart(folder);
    const serin = await startSerin(folder, 'service');
    try {
      const idle = serin.rssMiB();
      const polled = await benchPolls(serin);
      printTable('The service', [...started, ...polled, ...(await benchMemory(serin, idle))]);
    } finally {
      await serin.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
