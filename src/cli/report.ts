import type { Command } from 'commander';
import { type InputIssue, invalidInput } from '../errors.ts';
import { type Access, readAccess } from './access.ts';
import { adviceOf, causeOf, isLasting } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { addReportOptions, queryOf, type ReportFlags } from './report-options.ts';
import { type Report, writeTable } from './report-table.ts';
import { oneLine } from './words.ts';

/** What came of asking: the text of the answer, or why there is none and what that exits with. */
type Asked =
  | { readonly text: string }
  | { readonly ending: 'usage' | 'unavailable'; readonly reason: string };

const deadlineMs = 60_000;

async function ask({ url, token }: Access, query: URLSearchParams, fetch: Io['fetch']): Promise<Asked> {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(`${url}/v1/reports/change-failure?${query}`, {
      headers: { accept: 'application/json, text/csv, text/markdown', ...authorization },
      signal: AbortSignal.timeout(deadlineMs),
      redirect: 'manual',
    });
    const text = await response.text();
    if (response.ok) return { text };
    const { status } = response;
    const reason = adviceOf(text) ?? `${url} answered ${status} with something that is not Serin's`;
    return isLasting(status) || (status >= 300 && status < 400)
      ? { ending: 'usage', reason }
      : { ending: 'unavailable', reason: `${status}: ${reason}` };
  } catch (error) {
    return { ending: 'unavailable', reason: `${url} cannot be reached: ${causeOf(error)}` };
  }
}

function isReport(value: unknown): value is Report {
  const candidate = value as Partial<Report> | null;
  return (
    typeof candidate?.definition === 'string' &&
    typeof candidate.totals?.changes === 'number' &&
    Array.isArray(candidate.buckets) &&
    Array.isArray(candidate.groups)
  );
}

function parseReport(text: string): Report | null {
  try {
    const report: unknown = JSON.parse(text);
    return isReport(report) ? report : null;
  } catch {
    return null;
  }
}

/** How the texts begin that are reports; what stands before a service may answer 200 with a page of its own. */
const beginnings = { csv: 'section,', markdown: '# Change-failure rate' } as const;

/** The answer as it is printed; `null` when it is not a report. */
function render(text: string, format: ReportFlags['format'], io: Io): string | null {
  if (format === 'csv' || format === 'markdown') return text.startsWith(beginnings[format]) ? text : null;
  const report = parseReport(text);
  if (report === null) return null;
  if (format === 'json') return text.endsWith('\n') ? text : `${text}\n`;
  // A stream has a width only when it is a terminal.
  return writeTable(report, io.stdout.columns !== undefined);
}

/** Asks for the report and prints it on stdout. Resolves with the exit code: 0, 2 for bad input, 5 without an answer. */
export async function runReport(flags: ReportFlags, io: Io): Promise<number> {
  const issues: InputIssue[] = [];
  const access = readAccess(flags, io.env, issues);
  if (issues.length > 0) throw invalidInput(issues);
  const asked = await ask(access, queryOf(flags), io.fetch);
  const tell = (reason: string): void => {
    io.stderr.write(`serin report: ${reason.split('\n').map(oneLine).join('\n  ')}\n`);
  };
  if ('ending' in asked) {
    tell(asked.reason);
    return exitCodes[asked.ending];
  }
  const text = render(asked.text, flags.format, io);
  if (text === null) {
    tell(`${access.url} answered something that is no report`);
    return exitCodes.unavailable;
  }
  io.stdout.write(text);
  return exitCodes.pass;
}

/** Adds `serin report change-failure`, which tells `io` its exit code. */
export function registerReport(program: Command, io: Io): void {
  const report = program.command('report').description('print a report of the ledger');
  addReportOptions(report.command('change-failure'))
    .description('how many of the changes failed, with the interval of the rate')
    .action(async (flags: ReportFlags) =>
      io.exit(await runReport(flags.json === true ? { ...flags, format: 'json' } : flags, io)),
    );
}
