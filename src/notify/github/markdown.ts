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

/** The beginning of a text in at most `most` UTF-16 units, with `…` where something was left out. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  // No half of a pair of surrogates at the end.
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
