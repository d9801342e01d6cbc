import { type Command, Option } from 'commander';
import { given } from './access.ts';
import { addAccess } from './access-options.ts';

/** The flags of `serin report change-failure` as commander hands them over; a flag not given is absent. */
export type ReportFlags = {
  readonly url?: string;
  readonly token?: string;
  readonly from?: string;
  readonly to?: string;
  readonly service?: string;
  readonly team?: string;
  readonly environment?: string;
  readonly tier?: string;
  readonly bucket?: string;
  readonly tz?: string;
  readonly groupBy?: string;
  readonly count?: string;
  readonly includeRollbacks?: boolean;
  readonly json?: boolean;
  readonly format: 'table' | 'json' | 'csv' | 'markdown';
};

/** Adds the flags of `serin report change-failure`. */
export function addReportOptions(command: Command): Command {
  return addAccess(command)
    .option('--from <time>', 'start of the range, RFC 3339 (default: 90 days before its end)')
    .option('--to <time>', 'end of the range, RFC 3339 (default: now)')
    .option('--service <name>', 'only this service')
    .option('--team <name>', 'only services of this team')
    .option('--environment <name>', 'only this environment (default: production ones)')
    .option('--tier <tier>', 'only services of this tier')
    .addOption(
      new Option('--bucket <length>', 'length of the buckets (default: week)').choices([
        'day',
        'week',
        'month',
      ]),
    )
    .option('--tz <zone>', 'IANA time zone in which buckets begin (default: UTC)')
    .addOption(
      new Option('--group-by <property>', 'what to group by').choices([
        'service',
        'team',
        'environment',
        'tier',
      ]),
    )
    .addOption(
      new Option('--count <failures>', 'which failures make the rate (default: failed)').choices([
        'failed',
        'escaped',
      ]),
    )
    .option('--include-rollbacks', 'count rollbacks as changes')
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['table', 'json', 'csv', 'markdown'])
        .default('table'),
    )
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'));
}

const asked = [
  'from',
  'to',
  'service',
  'team',
  'environment',
  'tier',
  'bucket',
  'tz',
  'groupBy',
  'count',
] as const;

/** The flags as the service's query; what is not given is left to the service. */
export function queryOf(flags: ReportFlags): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of asked) {
    const value = given(flags[name]);
    if (value !== undefined) query.set(name, value);
  }
  if (flags.includeRollbacks === true) query.set('includeRollbacks', 'true');
  query.set('format', flags.format === 'table' ? 'json' : flags.format);
  return query;
}
