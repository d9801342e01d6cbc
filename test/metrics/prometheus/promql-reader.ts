/** A string of a query as PromQL reads it, and whether it is the right side of `=~` or `!~`. */
export type ReadString = { readonly value: string; readonly regex: boolean };

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/**
 * Reads the strings of a query, character by character, by the rules of Prometheus' `strutil.Unquote`. Throws where
 * Prometheus would: an unclosed string, a raw line break, an unknown escape.
 */
export function readStrings(query: string): ReadString[] {
  const found: ReadString[] = [];
  for (let at = 0; at < query.length; at += 1) {
    const quote = query.charAt(at);
    if (quote === '#') while (at < query.length && query.charAt(at) !== '\n') at += 1;
    else if ('"\'`'.includes(quote)) {
      const regex = /[=!]~$/.test(query.slice(0, at).trimEnd());
      const [value, end] = quote === '`' ? readRaw(query, at + 1) : readQuoted(query, at + 1, quote);
      found.push({ value, regex });
      at = end;
    }
  }
  return found;
}

function readRaw(query: string, start: number): [string, number] {
  const end = query.indexOf('`', start);
  if (end === -1) throw new Error('unclosed');
  return [query.slice(start, end), end];
}

function readQuoted(query: string, start: number, quote: string): [string, number] {
  let value = '';
  let at = start;
  while (query.charAt(at) !== quote) {
    const [text, length] = readCharacter(query, at, quote);
    value += text;
    at += length;
  }
  return [value, at];
}

/** One character of a string and how many it takes to write it. */
function readCharacter(query: string, at: number, quote: string): [string, number] {
  const character = query.charAt(at);
  if (character === '' || character === '\n') throw new Error('unclosed');
  if (character !== '\\') return [character, 1];
  const escaped = query.charAt(at + 1);
  if (escaped === 'x') return [String.fromCharCode(Number.parseInt(query.slice(at + 2, at + 4), 16)), 4];
  const text = escaped === quote ? quote : simple[escaped];
  if (text === undefined) throw new Error(`unknown escape ${escaped}`);
  return [text, 2];
}
