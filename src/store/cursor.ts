import { invalidInput } from '../errors.ts';

/** Where a page ended in a list that is ordered newest first, by creation and then by id. */
export type Position = { readonly createdAt: number; readonly id: string };

/** An opaque text for callers to hand back. */
export function writeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt}/${id}`).toString('base64url');
}

/** Reads what `writeCursor` wrote; anything else is `invalid_input` at `cursor`. */
export function readCursor(cursor: string): Position {
  const match = /^(\d{1,16})\/(.+)$/s.exec(Buffer.from(cursor, 'base64url').toString());
  if (match?.[1] !== undefined && match[2] !== undefined) {
    const position = { createdAt: Number(match[1]), id: match[2] };
    if (writeCursor(position) === cursor) return position;
  }
  const message = 'found an unreadable cursor; allowed is the nextCursor of an earlier page';
  throw invalidInput([{ path: 'cursor', message }]);
}
