import { type Command, Option } from 'commander';
import { addAccess, durationOption } from './access-options.ts';
import type { Ending } from './exit-codes.ts';

/** The flags of `serin gate` as commander hands them over; a flag not given is absent. */
export type GateFlags = {
  readonly url?: string;
  readonly token?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly target?: string;
  readonly key?: string;
  readonly template?: string;
  readonly plan?: string;
  readonly changeVersion?: string;
  readonly commit?: string;
  readonly artifact?: string;
  readonly changeUrl?: string;
  readonly actor?: string;
  readonly kind?: 'normal' | 'rollback' | 'hotfix';
  readonly committedAt?: string;
  readonly canary?: readonly string[];
  readonly baseline?: readonly string[];
  readonly start?: string;
  readonly end?: string;
  readonly duration?: string;
  readonly interval?: string;
  readonly dryRun?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly onInconclusive: Extract<Ending, 'pass' | 'fail' | 'inconclusive'>;
  readonly onUnavailable: Extract<Ending, 'pass' | 'fail' | 'unavailable'>;
  readonly json?: boolean;
};

/** Adds the flags of `serin gate`. */
export function addGateOptions(command: Command): Command {
  return addAccess(command)
    .option('--service <name>', 'the service that changes (required)')
    .option('--environment <name>', 'where it changes (required)')
    .option('--target <name>', 'cluster or region')
    .option(
      '--key <key>',
      'names the analysis; the same key joins it (default: derived from the other flags)',
    )
    .option('--template <name>', "a configured template (default: the service's)")
    .option('--plan <file>', 'a plan in place of a template, YAML or JSON')
    .option('--change-version <version>', 'version, tag or build that is rolled out')
    .option('--commit <sha>', 'commit that was built')
    .option('--artifact <reference>', 'package URL or digest of what was built')
    .option('--change-url <url>', 'where people read about the change')
    .option('--actor <name>', 'who brings it about')
    .addOption(
      new Option('--kind <kind>', 'what kind of change it is').choices(['normal', 'rollback', 'hotfix']),
    )
    .option('--committed-at <time>', 'when the commit was made, RFC 3339')
    .option('--canary <name=value...>', 'variables that select the canary in queries')
    .option('--baseline <name=value...>', 'variables that select the baseline in queries')
    .option('--start <time>', 'begin of the window, RFC 3339 (default: now)')
    .option('--end <time>', 'end of the window, RFC 3339; with both in the past it is judged at once')
    .option('--duration <duration>', "longer than the plan's")
    .option('--interval <duration>', "time between looks, instead of the plan's")
    .option('--dry-run', 'pass at once; the judged verdict is kept apart')
    .addOption(durationOption('--timeout <duration>', 'how long to wait for the verdict', '2h'))
    .addOption(
      durationOption('--connect-timeout <duration>', 'how long to try to reach the service at first', '1m'),
    )
    .addOption(
      new Option('--on-inconclusive <ending>', 'what an inconclusive verdict ends as')
        .choices(['pass', 'fail', 'inconclusive'])
        .default('inconclusive'),
    )
    .addOption(
      new Option('--on-unavailable <ending>', 'what a service that cannot be reached ends as')
        .choices(['pass', 'fail', 'unavailable'])
        .default('unavailable'),
    )
    .option('--json', 'print the analysis as JSON on stdout');
}
