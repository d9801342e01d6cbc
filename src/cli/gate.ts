import type { Command } from 'commander';
import { SerinError } from '../errors.ts';
import { createClient } from './client.ts';
import { type Ending, exitCodes } from './exit-codes.ts';
import { endingOf, explainEnding } from './gate-ending.ts';
import { addGateOptions, type GateFlags } from './gate-options.ts';
import { readGateRequest } from './gate-request.ts';
import { type Waited, waitForVerdict } from './gate-wait.ts';
import type { Io } from './io.ts';
import { createProgress } from './progress.ts';
import { writeSummary } from './words.ts';

function report(waited: Waited, ending: Ending, url: string, flags: GateFlags, io: Io): void {
  const explanation = explainEnding(waited, ending);
  if (explanation !== null) io.stderr.write(`serin gate: ${explanation}\n`);
  if (waited.ending === 'refused' || waited.analysis === null) return;
  const text =
    flags.json === true
      ? `${JSON.stringify(waited.analysis, null, 2)}\n`
      : writeSummary(waited.analysis, url);
  io.stdout.write(text);
}

/**
 * Starts or joins an analysis, waits for its verdict and tells it: progress on stderr, the summary or the Analysis on
 * stdout. Resolves with the exit code; rejects with `invalid_input` when the flags are wrong.
 */
export async function runGate(flags: GateFlags, io: Io): Promise<number> {
  const { url, token, body } = await readGateRequest(flags, io);
  const progress = createProgress(io, url);
  const waited = await waitForVerdict(
    createClient(io.fetch, { url, token }),
    body,
    flags,
    io,
    progress.tell,
  ).finally(progress.stop);
  const ending = endingOf(waited, flags);
  report(waited, ending, url, flags, io);
  return exitCodes[ending];
}

/** Whatever else goes wrong, there is no verdict; 1 would say that there is one. Bad input is left to the caller. */
function tellBroken(error: unknown, io: Io): number {
  if (error instanceof SerinError) throw error;
  io.stderr.write(`serin gate: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.unavailable;
}

const explanation = `
Exit codes: 0 pass, 1 fail, 2 usage or bad input, 3 inconclusive, 4 timeout, 5 unavailable.`;

/** Adds `serin gate`, which tells `io` its exit code. */
export function registerGate(program: Command, io: Io): void {
  addGateOptions(program.command('gate'))
    .description('start or join an analysis, wait for its verdict and exit with it')
    .addHelpText('after', explanation)
    .action(async (flags: GateFlags) =>
      io.exit(await runGate(flags, io).catch((error: unknown) => tellBroken(error, io))),
    );
}
