import { type Command, CommanderError } from 'commander';
import { hasCode, SerinError } from '../errors.ts';
import { exitCodes } from './exit-codes.ts';
import { registerGate } from './gate.ts';
import type { Io } from './io.ts';

/** Lets `command` and all below it write through `io`, and reject instead of ending the process. */
function tame(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
  });
  for (const below of command.commands) tame(below, io);
}

/**
 * Adds the commands that talk to a running service. From then on wrong usage of any command of `program` rejects with
 * a `CommanderError`, whose exit code is told by `exitCodeOf`.
 */
export function registerCliCommands(program: Command, io: Io): void {
  registerGate(program, io);
  tame(program, io);
}

/**
 * The exit code for what a command was rejected with, after telling it on `stderr`: 0 after help, 2 for wrong usage
 * or bad input, 5 for what is away or broken. Never 1, which says that a change was judged and failed.
 */
export function exitCodeOf(error: unknown, stderr: Io['stderr']): number {
  // Commander has told its own errors already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (!(error instanceof SerinError)) {
    stderr.write(`serin: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return exitCodes.unavailable;
  }
  stderr.write(`serin: ${error.message}\n`);
  return hasCode(error, 'store_unavailable', 'internal') ? exitCodes.unavailable : exitCodes.usage;
}
