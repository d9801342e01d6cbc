import { z } from 'zod';
import { type InputIssue, invalidInput } from './errors.ts';

/** Writes a path as people do: `metrics[0].kind`. */
function writePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

/** What was found, cut so that a message stays one line; secrets are never passed through here. */
function writeFound(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function writeMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value')
    return `found ${writeFound(issue.input)}; allowed are ${issue.values.join(', ')}`;
  if (issue.code === 'invalid_type') {
    return issue.input === undefined
      ? `is missing; a ${issue.expected} is needed`
      : `found ${writeFound(issue.input)}; a ${issue.expected} is needed`;
  }
  return issue.message;
}

/** The issues of a failed parse, each with its path under `at`. Unions tell the branch that came furthest. */
function listIssues(issues: readonly z.core.$ZodIssue[], at: readonly PropertyKey[]): InputIssue[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path];
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const deepest = [...issue.errors].sort((left, right) => depth(right) - depth(left))[0] ?? [];
      return listIssues(deepest, path);
    }
    return [{ path: writePath(path), message: writeMessage(issue) }];
  });
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

/**
 * Reads `value` by `schema`; rejects with `invalid_input` naming every issue by its path, prefixed by `at`
 * (`['plan']` → `plan.metrics[0].kind`).
 */
export function parseWith<T extends z.ZodType>(
  schema: T,
  value: unknown,
  at: readonly PropertyKey[] = [],
): z.output<T> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw invalidInput(listIssues(result.error.issues, at));
}

/** An object without any keys but those of `shape`; an unknown key's message lists the allowed ones. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${(issue['keys'] as string[]).map((key) => `"${key}"`).join(', ')}; allowed are ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

/** A finite number; also as a string, for Argo's templating makes every value one. */
export const numberLike = z.preprocess(
  (value) =>
    typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
      ? Number(value)
      : value,
  z.number(),
);

/** A boolean, also as the strings `true` and `false`. */
export const booleanLike = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean(),
);
