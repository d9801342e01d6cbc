#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { App } from './app.ts';
import { backtestFlags } from './backtest-flags.ts';
import type { Io } from './cli/io.ts';
import { hasCode, SerinError } from './errors.ts';

/** Exit codes of the command line: usage and bad input, and everything that is away. */
const badInput = 2;
const unavailable = 5;
const drainMs = 10_000;
const migrateRetryMs = 2_000;

function readVersion(): string {
  const path = new URL(
    import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
    import.meta.url,
  );
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Waits for a database that is away, so that both may be started in any order. */
async function migrateWhenThere(app: App): Promise<void> {
  for (;;) {
    try {
      return await app.migrate();
    } catch (error) {
      if (!hasCode(error, 'store_unavailable')) throw error;
      app.logger.warn({ reason: error.message }, 'the database is away; trying again');
      await sleep(migrateRetryMs);
    }
  }
}

/** Ends on SIGTERM and SIGINT once all is answered; a second signal ends at once. Reads the file again on SIGHUP. */
function handleSignals(app: App, reload: () => void): void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    app.logger.info({ signal }, 'draining');
    app.stop(drainMs).then(
      () => process.exit(0),
      (error: unknown) => {
        app.logger.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    try {
      reload();
      app.logger.info('the configuration was read again');
    } catch (error) {
      app.logger.error(
        { reason: error instanceof Error ? error.message : error },
        'the new configuration is wrong; the old one stays',
      );
    }
  });
}

type ServeOptions = {
  readonly config?: string;
  readonly migrate: boolean;
  readonly allowUnauthenticated: boolean;
};

async function serve(options: ServeOptions): Promise<void> {
  const { createApp } = await import('./app.ts');
  const { fileSources, loadConfig } = await import('./config.ts');
  const { isLoopback, readSettings } = await import('./settings.ts');
  const settings = readSettings(process.env);
  const path = options.config ?? settings.configPath;
  const sources = fileSources(process.env);
  const app = createApp({
    settings,
    config: loadConfig(path, sources),
    version: readVersion(),
    allowUnauthenticated: options.allowUnauthenticated,
  });
  if (!isLoopback(settings.host) && !options.allowUnauthenticated && !(await app.mayHaveCredentials())) {
    await app.stop(0);
    throw new SerinError(
      'invalid_input',
      `SERIN_LISTEN: found ${settings.host}, which others can reach, but no credential is configured and no token exists; make one with serin token create, listen on 127.0.0.1, or say --allow-unauthenticated if something in front of Serin keeps strangers out`,
    );
  }
  const address = await app.listen();
  handleSignals(app, () => app.reload(loadConfig(path, sources)));
  app.logger.info({ address, config: path }, 'listening');
  if (options.migrate) await migrateWhenThere(app);
  app.start();
  app.logger.info('ready');
}

async function migrate(): Promise<void> {
  const { openDatabase } = await import('./store/database.ts');
  const { migrateUp } = await import('../db/migrate.ts');
  const { readSettings } = await import('./settings.ts');
  const database = openDatabase(readSettings(process.env).databaseUrl);
  try {
    const applied = await migrateUp(database);
    process.stdout.write(
      applied.length === 0 ? 'the database is up to date\n' : `applied ${applied.join(', ')}\n`,
    );
  } finally {
    await database.close();
  }
}

async function tendLedger(what: 'rebuildLedger' | 'checkLedger'): Promise<void> {
  const commands = await import('./ledger-command.ts');
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  process.exitCode = await commands[what]({ env: process.env, say });
}

function addLedgerCommands(program: Command): void {
  const ledger = program.command('ledger').description('tend what reports are read from');
  ledger
    .command('rebuild')
    .description('count all changes anew, beside what is in use; the service may go on')
    .action(() => tendLedger('rebuildLedger'));
  ledger
    .command('check')
    .description('compare what reports are read from with the changes; 1 when it differs')
    .action(() => tendLedger('checkLedger'));
}

async function demo(options: { readonly exit: boolean }): Promise<void> {
  const { runDemo } = await import('./demo.ts');
  process.exitCode = await runDemo({
    env: process.env,
    exit: options.exit,
    version: readVersion(),
    say: (line) => process.stdout.write(`${line}\n`),
  });
}

async function checkConfiguration(options: {
  readonly config?: string;
  readonly argo?: string;
}): Promise<void> {
  const { runConfigCheck } = await import('./config-check.ts');
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  process.exitCode = await runConfigCheck({
    env: process.env,
    config: options.config ?? null,
    argo: options.argo ?? null,
    say,
  });
}

/** The first signal aborts, a second one ends at once. */
function abortOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/** The first signal ends a backtest with what is judged by then. */
async function backtest(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { runBacktestCommand } = await import('./backtest.ts');
  process.exitCode = await runBacktestCommand(flags, {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    isTTY: process.stderr.isTTY === true,
    version: readVersion(),
    now: Date.now,
    stop: abortOnSignal(),
  });
}

function ioOfProcess(): Io {
  return {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    get stdin() {
      return process.stdin;
    },
    isTTY: process.stderr.isTTY === true,
    interrupted: abortOnSignal,
    fetch: globalThis.fetch,
    now: Date.now,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
    exit: (code) => {
      process.exitCode = code;
    },
  };
}

async function createProgram(): Promise<Command> {
  const { registerCliCommands } = await import('./cli/commands.ts');
  const { registerJudge } = await import('./cli/judge.ts');
  const { judgeIoOf } = await import('./judge-command.ts');
  const program = new Command('serin')
    .description('Judges a change while it reaches its first users, and keeps the record.')
    .version(readVersion());
  program
    .command('serve')
    .description('run the service')
    .option('--config <file>', 'configuration file (default: SERIN_CONFIG, or ./serin.yaml)')
    .option('--no-migrate', 'leave the database as it is; run `serin migrate` beforehand')
    .option(
      '--allow-unauthenticated',
      'listen on an address that others can reach although no credential is configured',
      false,
    )
    .action(serve);
  program.command('migrate').description('bring the database up to date').action(migrate);
  program
    .command('demo')
    .description('run the service on made-up data and judge two changes')
    .option('--exit', 'end by itself: 0 if the harmless change passed and the harmful one failed', false)
    .action(demo);
  program
    .command('config')
    .description('work on the configuration')
    .command('check')
    .description('validate the configuration, ask each query once, compare steps with scrape intervals')
    .option('--config <file>', 'configuration file (default: SERIN_CONFIG, or ./serin.yaml)')
    .option('--argo <file>', 'also prove that the polls of an Argo AnalysisTemplate outlast the plan')
    .action(checkConfiguration);
  addLedgerCommands(program);
  const command = program
    .command('backtest')
    .description('judge the past of a service under its plan: false alarms, and what would have been caught')
    .action(backtest);
  for (const [flag, description] of backtestFlags) command.option(flag, description);
  registerJudge(program, judgeIoOf(process));
  registerCliCommands(program, ioOfProcess(), async () => {
    const { openDirectTokens } = await import('./token-command.ts');
    return openDirectTokens(process.env, Date.now);
  });
  return program;
}

try {
  const program = await createProgram();
  await program.parseAsync();
} catch (error) {
  const known = error instanceof SerinError;
  process.stderr.write(
    `serin: ${known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  for (const issue of known && error.issues.length > 1 ? error.issues : [])
    process.stderr.write(`  ${issue.path}: ${issue.message}\n`);
  process.exitCode = hasCode(error, 'store_unavailable') ? unavailable : known ? badInput : 1;
}
