import { calibrate, estimate, type Task } from './calibrate.ts';
import { type Options, readOptions, usage } from './options.ts';
import { writeReport } from './report/document.ts';
import { codeVersion, openResults, writeDocument } from './results.ts';
import { allRows } from './rows/all.ts';
import { runOf } from './run-rows.ts';
import { failedOf } from './tally.ts';

const document = 'docs/calibration.md';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function writeMinutes(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  return minutes < 1 ? 'less than a minute' : `about ${Math.ceil(minutes)} min`;
}

function taskOf(options: Options, version: string): Task {
  return {
    ...options,
    rows: allRows.filter(({ id }) => options.rows.test(id)),
    results: openResults(version),
    onRow: ({ row, tally, milliseconds }, isDone) => {
      if (!isDone) return;
      const failed = failedOf(tally.rules.serin.own) / tally.runs;
      const spent = (milliseconds / tally.runs).toFixed(1);
      say(`${row}: ${tally.runs} runs, ${(100 * failed).toFixed(1)} % failed, ${spent} ms a run`);
    },
  };
}

function report(version: string): void {
  writeDocument(document, writeReport(allRows, openResults(version).read, version));
  say(`${document} is written`);
}

async function run(options: Options): Promise<void> {
  const version = codeVersion();
  if (options.isReport) return report(version);
  const task = taskOf(options, version);
  if (task.rows.length === 0) throw new Error(`--rows: no row matches ${options.rows.source}; see --list`);
  say(`${task.rows.length} rows, ${options.runs} runs each, seed ${options.seed}, code ${version}`);
  const expected = estimate(task, runOf);
  say(`${writeMinutes(expected / options.threads)} on ${options.threads} threads, by two runs of each row`);
  if (options.isEstimate) return;
  await calibrate(task);
  report(version);
}

/** An argument that is wrong is told together with those that are right. */
function optionsOrUsage(): Options | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

try {
  const options = optionsOrUsage();
  if (options === null) for (const { id, title } of allRows) say(`${id.padEnd(34)} ${title}`);
  else await run(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
