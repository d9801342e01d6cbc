import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tally } from './tally.ts';

/** What is known of a row: its first so many runs under one seed. */
export type RowResult = {
  readonly row: string;
  readonly seed: number;
  readonly tally: Tally;
  /** Time the runs took, one thread's. */
  readonly milliseconds: number;
};

const root = new URL('../..', import.meta.url).pathname;
/** What a figure depends on; other code may change without making it stale. */
const sources = ['src/judge', 'test/calibration'];

function sourceFiles(): string[] {
  return sources
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((name) => name.endsWith('.ts') && !name.startsWith('test/calibration/report/'))
    .sort();
}

/** Names the code that the figures depend on: results of other code are never put into the same report. */
export function codeVersion(): string {
  const hash = createHash('sha256');
  for (const name of sourceFiles()) hash.update(name).update(readFileSync(join(root, name)));
  return hash.digest('hex').slice(0, 12);
}

/** Where the results of a version of the code lie; untracked. */
export type Results = {
  /** The result of a row; `null` when it was not run. */
  readonly read: (row: string) => RowResult | null;
  readonly write: (result: RowResult) => void;
};

/** Opens the results of one version of the code. */
export function openResults(version: string): Results {
  const folder = join(root, '.calibration', version);
  mkdirSync(folder, { recursive: true });
  const fileOf = (row: string): string => join(folder, `${row.replaceAll('/', '~')}.json`);
  return {
    read: (row) => {
      const file = fileOf(row);
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
    },
    write: (result) => {
      const file = fileOf(result.row);
      // A run that is interrupted while it writes must not leave half a result.
      writeFileSync(`${file}.part`, JSON.stringify(result));
      renameSync(`${file}.part`, file);
    },
  };
}

/** Writes a generated document of the repository. */
export function writeDocument(name: string, text: string): void {
  writeFileSync(join(root, name), text);
}
