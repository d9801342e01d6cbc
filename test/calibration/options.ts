import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** What the command was asked for. */
export type Options = {
  /** Runs of each row. */
  readonly runs: number;
  /** Rows whose id matches. */
  readonly rows: RegExp;
  /** 32-bit. */
  readonly seed: number;
  readonly threads: number;
  /** Only says how long it would take. */
  readonly isEstimate: boolean;
  /** Only writes the report from what was run before. */
  readonly isReport: boolean;
};

/** What the command says of itself. */
export const usage = `npm run calibrate -- [options]
  --runs N       runs of each row (4000)
  --rows REGEX   only the rows whose id matches
  --seed N       0 to 4294967295; a fresh one if not given. An interrupted calibration goes on with its own
  --workers N    threads (one a core)
  --estimate     say how long it would take, and end
  --report       write docs/calibration.md from the rows run so far, and end
  --list         list the rows, and end
`;

const enoughRuns = 4000;

function wholeNumber(name: string, text: string | undefined, otherwise: () => number, most: number): number {
  if (text === undefined) return otherwise();
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= most) return number;
  throw new Error(`--${name}: found ${text}, allowed is a whole number up to ${most}`);
}

/**
 * Reads the command's arguments.
 *
 * @returns `null` when only the rows are to be listed
 * @throws Error for an unknown argument or an impossible value
 */
export function readOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string' },
      rows: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
      estimate: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  if (values.list) return null;
  return {
    runs: wholeNumber('runs', values.runs, () => enoughRuns, 10_000_000),
    rows: new RegExp(values.rows ?? ''),
    seed: wholeNumber('seed', values.seed, () => randomInt(2 ** 32), 2 ** 32 - 1),
    threads: Math.max(1, wholeNumber('workers', values.workers, availableParallelism, 1024)),
    isEstimate: values.estimate,
    isReport: values.report,
  };
}
