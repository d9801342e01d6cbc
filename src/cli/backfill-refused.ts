import { type FileHandle, open } from 'node:fs/promises';
import { invalidInput } from '../errors.ts';
import type { RefusedLine } from './backfill-run.ts';

/** Where refused lines are kept, one JSON object a line. */
export type RefusedFile = {
  write(lines: readonly RefusedLine[]): Promise<void>;
  close(): Promise<void>;
};

const nowhere: RefusedFile = { write: async () => {}, close: async () => {} };

/**
 * Opens the file for refused lines; it begins anew unless the backfill goes on (`isResumed`). `null`: they are kept
 * nowhere. Rejects with `invalid_input` when it cannot be written.
 */
export async function openRefused(path: string | null, isResumed: boolean): Promise<RefusedFile> {
  if (path === null) return nowhere;
  const file: FileHandle = await open(path, isResumed ? 'a' : 'w').catch((error: unknown) => {
    const message = `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    throw invalidInput([{ path: '--refused', message }]);
  });
  return {
    write: async (lines) => {
      if (lines.length > 0) await file.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    },
    close: () => file.close(),
  };
}
