/** A space of no width: what stands before it is not taken for a mention or a reference. */
const nothing = '\u200b';

/**
 * Text for a cell of a table: one line, in which nothing is markup, a mention (`@team`) or a reference (`#12`). Names of
 * metrics and what backends say come from elsewhere.
 */
export function escapeCell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[@#]/g, `$&${nothing}`);
}

/** The beginning of a text, with `…` where something was left out; cut before it is escaped, never after. */
export function shorten(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
