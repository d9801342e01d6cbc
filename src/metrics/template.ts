import { type InputIssue, invalidInput } from '../errors.ts';
import type { QueryVariables } from './provider.ts';

/**
 * Makes `value` harmless at the place where it lands. `before` is the query as rendered up to there, so that a
 * provider can tell a string from a regular expression from bare language. Throws `invalid_input` when the value
 * cannot be written at that place.
 */
export type Escape = (value: string, before: string, name: string) => string;

/** A query with `{{variables}}`, taken apart once: literal, variable, literal … variable, literal. */
export type Template = {
  /** One more than `names`. */
  readonly literals: readonly string[];
  /** The variables in order, with repetitions. */
  readonly names: readonly string[];
  /** The distinct variables, in the order of their first use. */
  readonly variables: readonly string[];
};

// Of a run of three or more braces the inner two belong to the variable: `up{{{x}}}` is `up{` x `}`.
const opening = /\{\{(?!\{)/g;
const inner = /^\s*([A-Za-z_][\w./-]*)\s*\}\}/;

/**
 * Takes a query apart. A `}}` without its `{{` is text, for nested JSON ends so; a `{{` that opens no variable is
 * `invalid_input`.
 */
export function parseTemplate(text: string): Template {
  const literals: string[] = [];
  const names: string[] = [];
  let end = 0;
  for (const found of text.matchAll(opening)) {
    const [whole, name] = inner.exec(text.slice(found.index + 2)) ?? [];
    if (whole === undefined || name === undefined) throw invalidInput([notVariable(text, found.index)]);
    literals.push(text.slice(end, found.index));
    names.push(name);
    end = found.index + 2 + whole.length;
  }
  return { literals: [...literals, text.slice(end)], names, variables: [...new Set(names)] };
}

/** Throws `invalid_input` naming every variable of `template` that is not one of `known`, and those that are. */
export function checkVariables(template: Template, known: readonly string[]): void {
  const issues = template.variables
    .filter((name) => !known.includes(name))
    .map((name) => unknownVariable(name, known));
  if (issues.length > 0) throw invalidInput(issues);
}

/** Fills in the variables, each through `escapeValue`. An unknown variable is `invalid_input`, never an empty text. */
export function renderTemplate(template: Template, variables: QueryVariables, escapeValue: Escape): string {
  checkVariables(template, Object.keys(variables));
  let rendered = template.literals[0] ?? '';
  for (const [index, name] of template.names.entries()) {
    rendered += escapeValue(variables[name] ?? '', rendered, name);
    rendered += template.literals[index + 1] ?? '';
  }
  return rendered;
}

function unknownVariable(name: string, known: readonly string[]): InputIssue {
  const allowed = known.length === 0 ? 'none is allowed here' : `allowed are ${[...known].sort().join(', ')}`;
  return { path: '', message: `found the unknown variable {{${name}}}; ${allowed}` };
}

function notVariable(text: string, at: number): InputIssue {
  const close = text.indexOf('}}', at);
  if (close === -1) return { path: '', message: `found "${cut(text.slice(at))}" with no closing braces` };
  const found = cut(text.slice(at, close + 2));
  return {
    path: '',
    message: `found "${found}"; allowed is a variable's name in double braces, such as {{service}}`,
  };
}

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
