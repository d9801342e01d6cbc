import { type Command, Option } from 'commander';
import { type InputIssue, invalidInput } from '../errors.ts';
import { given } from './access.ts';

/** A flag and the member of the body that it fills. */
export type Field = {
  /** As commander reads it: `--committed-at <time>`. */
  readonly flag: string;
  readonly about: string;
  /** `committedAt`, or `change.version` for a member of a member. */
  readonly path: string;
  readonly choices?: readonly string[];
  readonly required?: true;
  /** `list`: an array of texts; `pairs`: an object of `name=value`; `yes`: true when given. Default: a text. */
  readonly shape?: 'list' | 'pairs' | 'yes';
};

/** The flags of a command as commander hands them over; a flag not given is absent. */
export type Flags = Readonly<Record<string, unknown>>;

/** Adds a flag for each field. */
export function addFields(command: Command, fields: readonly Field[]): Command {
  for (const { flag, about, choices, required } of fields) {
    const option = new Option(flag, required === undefined ? about : `${about} (required)`);
    command.addOption(choices === undefined ? option : option.choices([...choices]));
  }
  return command;
}

/** `--committed-at <time>` without its argument. */
function nameOf({ flag }: Field): string {
  return flag.split(' ')[0] ?? flag;
}

function readPairs(name: string, pairs: readonly string[], issues: InputIssue[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const end = pair.indexOf('=');
    if (end < 1) issues.push({ path: name, message: `found "${pair}"; allowed is name=value` });
    return [pair.slice(0, end), pair.slice(end + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function readValue(field: Field, flags: Flags, issues: InputIssue[]): unknown {
  const key = new Option(field.flag).attributeName();
  const value = flags[key];
  if (value === undefined) return undefined;
  if (field.shape === 'yes') return value === true ? true : undefined;
  if (field.shape === 'pairs') return readPairs(nameOf(field), value as string[], issues);
  if (field.shape === 'list') {
    const items = (value as string[]).filter((item) => given(item) !== undefined);
    return items.length === 0 ? undefined : items;
  }
  return given(String(value));
}

function put(body: Record<string, unknown>, path: string, value: unknown): void {
  const [head = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    body[head] = value;
    return;
  }
  const inner = (body[head] ?? {}) as Record<string, unknown>;
  body[head] = inner;
  put(inner, rest.join('.'), value);
}

/**
 * The body that the flags come to. What only the service can know (times, names) is left to it. Throws `invalid_input`
 * with `issues` and every flag that is missing or wrong.
 */
export function readBody(
  fields: readonly Field[],
  flags: Flags,
  issues: InputIssue[],
): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const field of fields) {
    const value = readValue(field, flags, issues);
    if (value !== undefined) put(body, field.path, value);
    else if (field.required === true) issues.push({ path: nameOf(field), message: 'is missing' });
  }
  if (issues.length > 0) throw invalidInput(issues);
  return body;
}
