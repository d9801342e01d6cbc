/** SQLite takes at most 32 766 values in a statement, and nobody gains from longer ones. */
const atOnce = 500;

/** A list of rows cut into parts, each short enough for one statement. */
export function partsOf<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / atOnce) }, (_, part) =>
    list.slice(part * atOnce, (part + 1) * atOnce),
  );
}
