import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createRandom } from '../support/random.ts';
import { printTable } from './table.ts';

type Measure = { readonly runsPerSecond: number; readonly peakMiB: number };

const root = new URL('../..', import.meta.url).pathname;
const steps = 30;
/** Different bodies, taken in turn. */
const variety = 1000;
const linesAtOnce = 200;
const sampleMs = 20;

function makeBody(index: number): string {
  const random = createRandom(index);
  const list = (middle: number, width: number) =>
    Array.from({ length: steps }, () => Math.round(middle + width * (random() + random() - 1)));
  const counts = () => ({ events: list(10, 9), total: list(1000, 100) });
  const isRatio = index % 2 === 0;
  const samples = isRatio
    ? { canary: counts(), baseline: counts() }
    : { canary: list(10_000, 1500), baseline: list(10_000, 1500) };
  const plan = { duration: '30m', metrics: [{ name: 'metric', kind: isRatio ? 'ratio' : 'gauge' }] };
  return `${JSON.stringify({ plan, stepSeconds: 60, samples: { metric: samples } })}\n`;
}

const bodies = Array.from({ length: variety }, (_, index) => makeBody(index));

function* chunksOf(runs: number): Generator<string> {
  for (let from = 0; from < runs; from += linesAtOnce) {
    const size = Math.min(linesAtOnce, runs - from);
    yield Array.from({ length: size }, (_, index) => bodies[(from + index) % variety] ?? '').join('');
  }
}

/** The most memory a process ever had resident; 0 once it has ended. */
function peakMiB(pid: number | undefined): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) / 1024;
}

async function measure(runs: number, args: readonly string[]): Promise<Measure> {
  const command = [join(root, 'dist/src/main.js'), 'judge', '-', ...args];
  const began = performance.now();
  const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'ignore'] });
  let lines = 0;
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, peakMiB(child.pid));
  }, sampleMs);
  child.stdout.on('data', (data: Buffer) => {
    for (const byte of data) if (byte === 0x0a) lines += 1;
  });
  const ended = once(child, 'close');
  await pipeline(Readable.from(chunksOf(runs)), child.stdin);
  const [code] = await ended;
  clearInterval(sampling);
  if (code !== 0 || lines !== runs) throw new Error(`serin judge ended with ${code} after ${lines} lines`);
  return { runsPerSecond: runs / ((performance.now() - began) / 1000), peakMiB: peak };
}

/** The built `serin judge -` over runs of one metric and 30 steps, half of them ratios, half gauges. */
export async function benchJudgeLines(): Promise<void> {
  const rows: string[][] = [['runs', 'looks', 'threads', 'runs a second', 'peak memory of all threads']];
  for (const [runs, looks, threads] of [
    [10_000, 'last', 1],
    [10_000, 'last', null],
    [100_000, 'last', null],
    [10_000, 'each', null],
  ] as const) {
    const args = ['--looks', looks, ...(threads === null ? [] : ['--threads', String(threads)])];
    const { runsPerSecond, peakMiB: peak } = await measure(runs, args);
    rows.push([
      String(runs),
      looks,
      threads === null ? 'all cores' : String(threads),
      runsPerSecond.toFixed(0),
      `${peak.toFixed(0)} MiB`,
    ]);
  }
  printTable('serin judge -', rows);
}
