import { type InputIssue, invalidInput } from '../../errors.ts';
import { checkVariables, type Escape, parseTemplate } from '../template.ts';

/** Where the end of a piece of PromQL lies. */
type Place = {
  /** The quote of the string that is open there; '' outside strings. */
  readonly quote: string;
  /** The open string is the right side of `=~` or `!~`. */
  readonly regex: boolean;
  /** The open string ends with a backslash that would swallow what follows. */
  readonly dangling: boolean;
  /** Brackets still open, the innermost last; `null` when one was closed that was not open. */
  readonly open: readonly string[] | null;
};

// https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals: backslashes escape in double and
// single quotes, nothing escapes in backticks. Comments run to the end of the line.
const tokens =
  /\s+|#[^\n]*|"(?:\\[\s\S]|[^"\\])*("|\\?$)|'(?:\\[\s\S]|[^'\\])*('|\\?$)|`[^`]*(`|$)|[=!]~|[\s\S]/g;
const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Makes a value harmless where it lands: in a string, in a regular expression, or bare. See `Escape`. */
export const escapePromql: Escape = (value, before, name) => {
  const { quote, regex, dangling } = placeAt(before);
  const refuse = (message: string) => invalidInput([{ path: '', message: `{{${name}}}: ${message}` }]);
  if (/\p{Surrogate}/u.test(value)) throw refuse('found text that is no Unicode');
  if (quote === '') return bare(value, refuse);
  if (dangling) throw refuse('stands behind a lone backslash, which would swallow its first character');
  const text = regex ? quoteRegex(value) : value;
  if (quote !== '`') return escapeString(text, quote);
  if (text.includes('`'))
    throw refuse('found a backtick, which a string in backticks cannot hold; use double quotes');
  return text;
};

/**
 * Throws `invalid_input` when a query has an unknown variable, an open string or bracket, or nothing in it. What
 * Prometheus itself would refuse beyond that is found by asking it.
 */
export function checkPromql(query: string, known: readonly string[]): void {
  const template = parseTemplate(query);
  checkVariables(template, known);
  let text = template.literals[0] ?? '';
  const issues: InputIssue[] = [];
  for (const [index, name] of template.names.entries()) {
    if (placeAt(text).dangling)
      issues.push({ path: '', message: `a lone backslash stands before {{${name}}}` });
    text += `x${template.literals[index + 1] ?? ''}`;
  }
  const problem = wholeProblem(text);
  if (problem !== null) issues.push({ path: '', message: problem });
  if (issues.length > 0) throw invalidInput(issues);
}

function wholeProblem(text: string): string | null {
  const { quote, open } = placeAt(text);
  if (text.trim() === '') return 'the query is empty';
  if (quote !== '') return `a string opened with ${quote} is not closed`;
  if (open === null) return 'a bracket is closed that was not opened';
  return open.length > 0 ? `the bracket ${open.at(-1)} is not closed` : null;
}

function placeAt(text: string): Place {
  let regex = false;
  let open: string[] | null = [];
  for (const [token, ...endings] of text.matchAll(tokens)) {
    if (/^[\s#]/.test(token)) continue;
    const ending = endings.find((found) => found !== undefined);
    if (ending === '' || ending === '\\')
      return { quote: token.charAt(0), regex, dangling: ending !== '', open };
    regex = /^[=!]~$/.test(token);
    open = nextOpen(open, token);
  }
  return { quote: '', regex: false, dangling: false, open };
}

function nextOpen(open: string[] | null, token: string): string[] | null {
  if (open === null) return null;
  if (/^[([{]$/.test(token)) return [...open, token];
  const opener = closers[token];
  if (opener === undefined) return open;
  return open.at(-1) === opener ? open.slice(0, -1) : null;
}

function bare(value: string, refuse: (message: string) => Error): string {
  if (/^[A-Za-z0-9_:.]+$/.test(value)) return value;
  const found = JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  throw refuse(`found ${found} outside a string; allowed there are letters, digits, "_", ":" and "."`);
}

/** RE2 takes a backslash before any of its operators as the character itself (RE2::QuoteMeta). */
function quoteRegex(value: string): string {
  return value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

function escapeString(text: string, quote: string): string {
  return Array.from(text, (character) => {
    if (character === '\\' || character === quote) return `\\${character}`;
    if (character === '\n') return '\\n';
    const code = character.charCodeAt(0);
    return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  }).join('');
}
