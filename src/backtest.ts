import { writeFileSync } from 'node:fs';
import { checkQueries, refuseSameArms } from './analysis/backtest/arms.ts';
import { type BacktestResult, backtest } from './analysis/backtest/backtest.ts';
import { keepInFile, keepInMemory } from './analysis/backtest/done-file.ts';
import type { HarmRequest } from './analysis/backtest/judged-window.ts';
import type { NamedPlan, PastWindow, Subject } from './analysis/backtest/past-window.ts';
import { type PlannedBacktest, planWindows } from './analysis/backtest/plan-windows.ts';
import { createProgressLine } from './analysis/backtest/progress.ts';
import { makeReport, type Report } from './analysis/backtest/report.ts';
import { writeMarkdown } from './analysis/backtest/report-text.ts';
import type { FindProvider } from './analysis/readings.ts';
import { openPast, type PastLedger } from './backtest-ledger.ts';
import { type BacktestFlags, readBacktestFlags } from './backtest-options.ts';
import { chooseSubject } from './backtest-subject.ts';
import { type Config, fileSources, loadConfig } from './config.ts';
import { hasCode, invalidInput, SerinError } from './errors.ts';
import { createProvider } from './metrics/registry.ts';
import { readSettings } from './settings.ts';

/** Everything the command touches outside itself but files, providers and the database. */
export type BacktestIo = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Whether stderr is a terminal. */
  readonly isTTY: boolean;
  readonly version: string;
  /** Milliseconds. */
  readonly now: () => number;
  /** Ends the backtest with what is judged by then. */
  readonly stop: AbortSignal;
};

/** Exit codes of the command. */
const ended = { done: 0, tooManyFalseAlarms: 1, nothingJudged: 3, unavailable: 5, stopped: 130 } as const;

const deadlineMs = 45_000;

function checkRange(flags: BacktestFlags, now: number): { readonly from: number; readonly to: number } {
  const from = flags['--from'];
  const to = flags['--to'] ?? now;
  const say = (path: string, found: number, must: string): never => {
    throw invalidInput([{ path, message: `found ${new Date(found).toISOString()}; it must ${must}` }]);
  };
  if (to > now) say('--to', to, `not lie after now, ${new Date(now).toISOString()}`);
  if (from >= to) say('--from', from, `lie before --to, ${new Date(to).toISOString()}`);
  return { from, to };
}

/** Why a window cannot be judged under the plans; `null` when it can. */
function objectTo(
  window: PastWindow,
  plans: readonly NamedPlan[],
  findProvider: FindProvider,
): string | null {
  try {
    checkQueries(window, plans, findProvider);
    return null;
  } catch (error) {
    if (error instanceof SerinError) return error.message;
    throw error;
  }
}

function exitCodeOf(flags: BacktestFlags, report: Report): number {
  if (!report.complete) return ended.stopped;
  const judged = report.windows.filter(({ isEmpty }) => !isEmpty).length;
  if (judged === 0) return ended.nothingJudged;
  const most = flags['--max-false-alarms'];
  if (most === undefined) return ended.done;
  const lowest = report.harmless.map(({ falseAlarms }) => falseAlarms.interval?.[0] ?? null);
  if (lowest.some((bound) => bound !== null && bound > most)) return ended.tooManyFalseAlarms;
  return lowest.includes(null) ? ended.nothingJudged : ended.done;
}

function writeReport(flags: BacktestFlags, report: Report, io: BacktestIo): void {
  const text = flags['--json'] ? `${JSON.stringify(report, null, 2)}\n` : writeMarkdown(report);
  const path = flags['--out'];
  if (path === undefined) io.stdout.write(text);
  else writeFileSync(path, text);
  if (report.complete) return;
  const state = flags['--state'];
  const advice =
    state === undefined
      ? 'with --state what is judged would be kept'
      : `${state} has what is judged; the same call goes on`;
  io.stderr.write(`serin backtest: stopped after ${report.windows.length} windows; ${advice}\n`);
}

/** What a backtest runs on; `ledger` is `null` when the database is not asked. */
type Ground = {
  readonly flags: BacktestFlags;
  readonly plans: readonly NamedPlan[];
  readonly subject: Subject;
  readonly range: { readonly from: number; readonly to: number };
  readonly findProvider: FindProvider;
  readonly ledger: PastLedger | null;
  readonly io: BacktestIo;
};

function harmOf(flags: BacktestFlags): HarmRequest | null {
  const factor = flags['--inject'];
  return factor === undefined ? null : { factor, after: flags['--inject-after'] ?? 0 };
}

function plan({ flags, plans, subject, range, findProvider, ledger, io }: Ground): PlannedBacktest {
  const request = {
    ...{ ...range, subject, plans, now: io.now(), kind: flags['--kind'] },
    every: flags['--every'] ?? null,
    quiet: flags['--quiet'],
    offset: flags['--offset'] ?? 0,
    objectTo: (window: PastWindow) => objectTo(window, plans, findProvider),
  };
  return planWindows(request, ledger?.past ?? null);
}

async function judgeAll(
  { flags, plans, findProvider, ledger, io }: Ground,
  { windows, every }: PlannedBacktest,
): Promise<BacktestResult> {
  const state = flags['--state'];
  const progress = createProgressLine({ write: (text) => io.stderr.write(text), isTTY: io.isTTY });
  return backtest({
    ...{ windows, plans, every, findProvider, deadlineMs },
    harm: harmOf(flags),
    version: io.version,
    recallNoise: async (run) => ledger?.recallNoise(run) ?? [],
    done: state === undefined ? keepInMemory() : keepInFile(state),
    concurrency: flags['--concurrency'],
    now: io.now(),
    stop: io.stop,
    onProgress: progress.tell,
  }).finally(progress.stop);
}

async function run(ground: Ground): Promise<number> {
  const { flags, plans, subject, range, io } = ground;
  const planned = plan(ground);
  const result = await judgeAll(ground, planned);
  const { service, environment } = subject;
  const report = makeReport({
    ...result,
    subject: { service, environment, ...range, harmless: planned.harmless, harm: harmOf(flags) },
    plans,
    deploys: planned.deploys,
  });
  writeReport(flags, report, io);
  return exitCodeOf(flags, report);
}

/** Checks everything that can be checked before the ledger and the backends are asked. */
function checkHarmless({ flags, plans, subject, range, findProvider }: Omit<Ground, 'ledger'>): void {
  if (flags['--kind'] === 'deploys') return;
  const offset = flags['--offset'] ?? 0;
  const window = { start: range.from, subject, offset, rolloutEnd: null, changeId: null };
  refuseSameArms(window, plans);
  checkQueries(window, plans, findProvider);
}

async function runWith(flags: BacktestFlags, config: Config, findProvider: FindProvider, io: BacktestIo) {
  const ground = {
    flags,
    ...chooseSubject(flags, config),
    range: checkRange(flags, io.now()),
    findProvider,
    io,
  };
  checkHarmless(ground);
  const isAsked = flags['--ledger'] || flags['--kind'] !== 'aa';
  const ledger = isAsked ? await openPast(io.env, ground.subject) : null;
  try {
    return await run({ ...ground, ledger });
  } finally {
    await ledger?.close();
  }
}

/** What is away may come back; what else a backend refuses must be mended. */
function isAway(error: unknown): boolean {
  return (
    !(error instanceof SerinError) ||
    hasCode(
      error,
      'store_unavailable',
      'provider_unreachable',
      'provider_timeout',
      'provider_throttled',
      'provider_failed',
      'provider_malformed',
    )
  );
}

/**
 * `serin backtest`: judges windows of a service's past and writes the report, progress on stderr. Resolves with the
 * exit code: 0 done, 1 more false alarms than `--max-false-alarms` for certain, 3 nothing had data, 5 a backend or the
 * database is away, 130 stopped. Rejects with `invalid_input` and other refusals, which are 2.
 *
 * @param given the flags as commander hands them over
 */
export async function runBacktestCommand(
  given: Readonly<Record<string, unknown>>,
  io: BacktestIo,
): Promise<number> {
  const flags = readBacktestFlags(given);
  const path = flags['--config'] ?? readSettings(io.env).configPath;
  const config = loadConfig(path, fileSources(io.env));
  const providers = new Map(
    Object.entries(config.providers).map(([name, one]) => [name, createProvider(name, one)]),
  );
  try {
    return await runWith(flags, config, (name) => providers.get(name) ?? null, io);
  } catch (error) {
    if (!isAway(error)) throw error;
    const text = error instanceof SerinError ? error.message : error instanceof Error ? error.stack : error;
    io.stderr.write(`serin backtest: ${text}\n`);
    return ended.unavailable;
  } finally {
    for (const provider of providers.values()) provider.close();
  }
}
