import type { Command } from 'commander';
import { SerinError } from '../errors.ts';
import { registerBackfill } from './backfill.ts';
import { addGithubBackfill } from './backfill-github.ts';
import { registerGate } from './gate.ts';
import type { Io } from './io.ts';
import { registerRecord } from './record.ts';
import { registerReport } from './report.ts';
import { registerToken } from './token.ts';
import type { OpenTokens } from './token-access.ts';

/**
 * Lets `command` and all below it write through `io`, and reject wrong usage as bad input, for left alone they would
 * end the process with 1, which says that a change was judged and failed. Help still ends it, with 0.
 */
function tame(command: Command, io: Io): void {
  command
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Told by whoever catches the rejection.
      outputError: () => {},
    })
    .exitOverride(({ exitCode, code, message }) => {
      if (exitCode === 0) return;
      const advice = code === 'commander.help' ? 'name a command' : message.replace(/^error: /, '');
      throw new SerinError('invalid_input', advice);
    });
  for (const below of command.commands) tame(below, io);
}

/**
 * Adds the commands that talk to a running service. Call it after the others were added: wrong usage of any command
 * of `program` then rejects with `invalid_input`.
 *
 * @param openTokens - opens the tokens of the database, for commands that are used where it is
 */
export function registerCliCommands(program: Command, io: Io, openTokens: OpenTokens): void {
  registerGate(program, io);
  registerRecord(program, io);
  addGithubBackfill(registerBackfill(program, io), io);
  registerReport(program, io);
  registerToken(program, io, openTokens);
  tame(program, io);
}
