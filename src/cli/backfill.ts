import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type InputIssue, invalidInput } from '../errors.ts';
import { given, readAccess } from './access.ts';
import { addAccess, durationOption } from './access-options.ts';
import { readCsv } from './backfill-csv.ts';
import { describeFinish, describeRefused, exitCodeOf, shownLines } from './backfill-ending.ts';
import { type Bytes, type InputLine, readNdjson } from './backfill-input.ts';
import { openRefused } from './backfill-refused.ts';
import { type BackfillRun, type Finish, type RefusedLine, runBackfill } from './backfill-run.ts';
import { createCall, type Reply } from './client.ts';
import type { Io } from './io.ts';
import { persist } from './persist.ts';
import { changeFields, incidentFields } from './record-forms.ts';
import { oneLine } from './words.ts';

/** The flags that every backfill has, as commander hands them over. */
export type SendFlags = {
  readonly url?: string;
  readonly token?: string;
  readonly dryRun?: boolean;
  readonly refused?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly json?: boolean;
};

type FileFlags = SendFlags & { readonly kind: 'change' | 'incident'; readonly skipLines: number };

const readers = {
  ndjson: (bytes: Bytes): AsyncIterable<InputLine> => readNdjson(bytes),
  csv: (bytes: Bytes, kind: FileFlags['kind']): AsyncIterable<InputLine> =>
    readCsv(bytes, kind === 'change' ? changeFields : incidentFields),
};

async function openInput(path: string, io: Io): Promise<Bytes> {
  if (path === '-') {
    if (io.stdin !== undefined) return io.stdin;
    throw invalidInput([{ path: 'FILE', message: 'found "-", but there is no standard input' }]);
  }
  try {
    if ((await stat(path)).isDirectory()) throw new Error('it is a directory');
    await access(path, constants.R_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidInput([{ path: 'FILE', message: `${path} cannot be read: ${why}` }]);
  }
  return createReadStream(path);
}

/** Tells refused lines on stderr, the first of them, and keeps all in the file for them. */
function createTeller(io: Io, write: (lines: readonly RefusedLine[]) => Promise<void>) {
  let told = 0;
  return async (lines: readonly RefusedLine[]): Promise<void> => {
    for (const line of lines.slice(0, Math.max(0, shownLines - told)))
      io.stderr.write(`refused ${describeRefused(line)}\n`);
    if (told < shownLines && told + lines.length > shownLines)
      io.stderr.write('further refused lines are not shown; --refused FILE keeps all of them\n');
    told += lines.length;
    await write(lines);
  };
}

/** What is sent, and how it goes on when it ended early. */
export type Sending = Pick<BackfillRun, 'kind' | 'skipLines'> & {
  /** Says how to go on; everything up to the line `through` is dealt with. */
  readonly again: (through: number) => string;
  /** Whether it goes on where another one ended. */
  readonly isResumed: boolean;
  /** Told after each batch what is dealt with. */
  readonly done?: (through: number) => Promise<void>;
  /** Why the lines came to an end before theirs; `null`: they did not. Asked when all that came are dealt with. */
  readonly cutOff?: () => Pick<Finish, 'ending' | 'reason'> | null;
};

/** Tries again through an outage until `timeout` is over or somebody stops it. */
function createPatience({ timeout }: SendFlags, stop: AbortSignal, io: Io): BackfillRun['patiently'] {
  const hurried = {
    now: () => (stop.aborted ? Number.POSITIVE_INFINITY : io.now()),
    // A wait that is cut short is over, and by then it is too late for another try.
    sleep: (milliseconds: number) => io.sleep(milliseconds, stop).catch(() => {}),
  };
  const tell = (reason: string): void => void io.stderr.write(`serin backfill: ${oneLine(reason)}\n`);
  return (once) => persist<Reply>(once, io.now() + timeout, hurried, tell);
}

function tellFinish(finish: Finish, flags: SendFlags, again: Sending['again'], io: Io): void {
  const dryRun = flags.dryRun === true;
  if (io.isTTY) io.stderr.write('\n');
  const text = describeFinish(finish, dryRun, again(finish.through));
  io.stdout.write(flags.json === true ? `${JSON.stringify({ ...finish, dryRun }, null, 2)}\n` : text);
  if (flags.json === true && finish.ending !== 'done') io.stderr.write(text);
}

/**
 * Sends lines to the service and says what came of them: progress and refused lines on stderr, the sum on stdout.
 */
export async function sendLines(
  lines: AsyncIterable<InputLine>,
  flags: SendFlags,
  sending: Sending,
  io: Io,
): Promise<Finish> {
  const issues: InputIssue[] = [];
  const place = readAccess(flags, io.env, issues);
  if (issues.length > 0) throw invalidInput(issues);
  const refused = await openRefused(given(flags.refused) ?? null, sending.isResumed);
  const stop = io.interrupted?.() ?? new AbortController().signal;
  const { kind, skipLines } = sending;
  try {
    const sent = await runBackfill(lines, {
      ...{ kind, skipLines, stop, dryRun: flags.dryRun === true },
      call: createCall(io.fetch, place),
      patiently: createPatience(flags, stop, io),
      refuse: createTeller(io, refused.write),
      progress: async (counts, through) => {
        if (io.isTTY) io.stderr.write(`\r${through} lines, ${counts.refused} refused`);
        await sending.done?.(through);
      },
    });
    const finish = sent.ending === 'done' ? { ...sent, ...sending.cutOff?.() } : sent;
    tellFinish(finish, flags, sending.again, io);
    return finish;
  } finally {
    await refused.close();
  }
}

async function runFile(form: keyof typeof readers, path: string, flags: FileFlags, io: Io): Promise<number> {
  const lines = readers[form](await openInput(path, io), flags.kind);
  const { kind, skipLines } = flags;
  const again = (through: number): string =>
    through === 0
      ? 'no batch was done; begin again'
      : `all up to line ${through} is dealt with; go on with --skip-lines ${through}`;
  return exitCodeOf(await sendLines(lines, flags, { kind, skipLines, again, isResumed: skipLines > 0 }, io));
}

function lineNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new InvalidArgumentError('Allowed are whole numbers from 0.');
  return number;
}

/** Adds the flags that every backfill has. */
export function addSendOptions(command: Command): Command {
  return addAccess(command)
    .option('--dry-run', 'only say what would become of each line')
    .option('--refused <file>', 'keep all refused lines there, as NDJSON')
    .addOption(durationOption('--timeout <duration>', 'how long to wait out one outage', '10m'))
    .option('--json', 'print the sum as JSON on stdout');
}

function addFileCommand(backfill: Command, form: keyof typeof readers, about: string, io: Io): void {
  addSendOptions(backfill.command(form).description(about).argument('<file>', 'the file, or - for stdin'))
    .addOption(
      new Option('--kind <kind>', 'what the lines are').choices(['change', 'incident']).default('change'),
    )
    .addOption(
      new Option('--skip-lines <n>', 'pass over lines up to this one; goes on where a backfill ended')
        .argParser(lineNumber)
        .default(0),
    )
    .action(async (path: string, flags: FileFlags) => io.exit(await runFile(form, path, flags, io)));
}

/** Adds `serin backfill ndjson|csv`, which tell `io` their exit code; gives the command that they are below. */
export function registerBackfill(program: Command, io: Io): Command {
  const backfill = program.command('backfill').description('put the past into the ledger');
  addFileCommand(backfill, 'ndjson', 'from a file with one JSON object a line', io);
  addFileCommand(backfill, 'csv', 'from a CSV file whose header names the fields', io);
  return backfill;
}
