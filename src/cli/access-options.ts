import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../duration-text.ts';

function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === null || milliseconds === 0) {
    throw new InvalidArgumentError('Allowed are durations such as 30s, 15m, 2h, 1d.');
  }
  return milliseconds;
}

/** A flag that takes a duration such as `15m` and gives milliseconds. */
export function durationOption(flags: string, description: string, fallback: string): Option {
  return new Option(flags, description).argParser(duration).default(duration(fallback), fallback);
}

/** Adds the flags that say where the service is and what opens it. */
export function addAccess(command: Command): Command {
  return command
    .option('--url <url>', 'address of the service (default: $SERIN_URL, else http://127.0.0.1:8080)')
    .option('--token <token>', 'sent as bearer token (default: $SERIN_TOKEN)');
}
