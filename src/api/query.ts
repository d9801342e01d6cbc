import type { Request, RequestHandler } from 'express';
import { type InputIssue, invalidInput } from '../errors.ts';
import { parseInstant } from './times.ts';

/**
 * A middleware that leaves out query parameters without a value (`?service=&limit=5`): an empty one counts as absent.
 */
export const dropEmptyQuery: RequestHandler = (request, _response, next) => {
  const given = Object.entries(request.query).filter(([, value]) => value !== '');
  Object.defineProperty(request, 'query', {
    value: Object.fromEntries(given),
    writable: true,
    configurable: true,
    enumerable: true,
  });
  next();
};

/** A query parameter as text; `undefined` when it is absent. */
export function queryText(request: Request, name: string): string | undefined {
  const value = request.query[name];
  return typeof value === 'string' ? value : undefined;
}

/** The configured service of that name or alias; `null`: none. */
export type FindService = (name: string) => { readonly service: string } | null;

/** The parameter `service`: the name of a service that is known by others, too, whichever was given. */
export function queryService(request: Request, findPlace: FindService): string | undefined {
  const name = queryText(request, 'service');
  return name === undefined ? undefined : (findPlace(name)?.service ?? name);
}

/** A query parameter that is one of `words`; the spec has refused anything else before. */
export function queryWord<Word extends string>(
  request: Request,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = queryText(request, name);
  const word = words.find((candidate) => candidate === text);
  if (text === undefined || word !== undefined) return word;
  throw invalidInput([{ path: name, message: `found "${text}"; allowed are ${words.join(', ')}` }]);
}

export const defaultLimit = 50;

/** Page size and cursor. */
export function queryPage(request: Request): { readonly limit: number; readonly cursor: string | null } {
  const limit = Number(request.query['limit'] ?? defaultLimit);
  return { limit, cursor: queryText(request, 'cursor') ?? null };
}

/** The range of time `from` ≤ t < `to`, milliseconds. Rejects with `invalid_input` when it is empty. */
export function queryRange(request: Request): {
  readonly from: number | undefined;
  readonly to: number | undefined;
} {
  const issues: InputIssue[] = [];
  const [from, to] = ['from', 'to'].map((name) => {
    const text = queryText(request, name);
    return text === undefined ? undefined : parseInstant(text, name, issues);
  });
  if (issues.length === 0 && from !== undefined && to !== undefined && to <= from)
    issues.push({ path: 'to', message: `found ${queryText(request, 'to')}; it must be after from` });
  if (issues.length > 0) throw invalidInput(issues);
  return { from, to };
}

/** A parameter that is true or false; `undefined` when it is not given. */
export function queryFlag(request: Request, name: string): boolean | undefined {
  const value: unknown = request.query[name];
  return value === undefined ? undefined : value === true || value === 'true';
}
