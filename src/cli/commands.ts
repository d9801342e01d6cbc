import { type Command, CommanderError } from 'commander';
import { hasCode, SerinError } from '../errors.ts';
import { exitCodes } from './exit-codes.ts';
import { registerGate } from './gate.ts';
import type { Io } from './io.ts';

/**
 * Adds the commands that talk to a running service. Call it before other commands are added: they then write through
 * `io` too and reject with a `CommanderError` instead of ending the process. `finish` is told the exit code of a
 * command that ran.
 */
export function registerCliCommands(program: Command, io: Io, finish: (code: number) => void): void {
  program.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
  });
  registerGate(program, io, finish);
}

/**
 * The exit code for what a command was rejected with, after telling it on stderr: 0 after help, 2 for wrong usage or
 * bad input, 5 for anything else, for then no verdict could be had.
 */
export function exitCodeOf(error: unknown, io: Io): number {
  // Commander has told its own errors already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  io.stderr.write(`serin: ${error instanceof Error ? error.message : String(error)}\n`);
  const ofInput = hasCode(error, 'invalid_input') || (error instanceof SerinError && error.issues.length > 0);
  return ofInput ? exitCodes.usage : exitCodes.unavailable;
}
