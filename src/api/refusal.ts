import type { Request } from 'express';
import { type InputIssue, invalidInput, SerinError } from '../errors.ts';
import { bodyLimitOf } from './body.ts';
import { type Operation, queryNames, type Spec, schemaAt } from './spec.ts';

type Raised = { readonly path: string; readonly message: string; readonly errorCode?: string };
type Place = { readonly part: string; readonly path: readonly string[] };

const mostIssues = 20;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function placeOf(pointer: string): Place {
  const [part = '', ...path] = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { part, path };
}

function writePath(path: readonly string[]): string {
  return path.reduce(
    (text, name) => (/^\d+$/.test(name) ? `${text}[${name}]` : text === '' ? name : `${text}.${name}`),
    '',
  );
}

function found(request: Request, { part, path }: Place): string {
  const root: unknown = part === 'body' ? request.body : request.query;
  const value = path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), root);
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function allowedKeys(spec: Spec, operation: Operation, path: readonly string[]): string {
  const schema = operation.spec.requestBody?.content['application/json'].schema;
  const parent = schema === undefined ? null : schemaAt(spec, schema, path.slice(0, -1));
  return Object.keys(parent?.properties ?? {}).join(', ');
}

/** What is wrong in our words: what was found and what is allowed. */
function describe(raised: Raised, place: Place, request: Request, operation: Operation, spec: Spec): string {
  const keyword = raised.errorCode?.split('.', 1)[0];
  if (/^Unknown query parameter/.test(raised.message))
    return `unknown parameter; allowed are ${queryNames(spec, operation.spec).join(', ') || 'none'}`;
  if (keyword === 'additionalProperties')
    return `unknown key; allowed are ${allowedKeys(spec, operation, place.path)}`;
  if (keyword === 'required') return 'is missing';
  if (/format "date-time"/.test(raised.message))
    return `found ${found(request, place)}; allowed are RFC 3339 times such as 2026-11-23T10:20:00Z`;
  const wording = raised.message.replace('must be equal to one of the allowed values:', 'allowed are');
  // Parts of the path are not at hand any more, and one may be a token.
  if (place.part === 'params') return wording;
  return `found ${found(request, place)}; ${wording}`;
}

/** Alternatives are told by what is wrong in the one meant, not by the fact that none fits. */
function isNoise(raised: Raised, all: readonly Raised[]): boolean {
  const keyword = raised.errorCode?.split('.', 1)[0];
  if (keyword === 'oneOf' || keyword === 'anyOf') return all.length > 1;
  return keyword === 'type' && raised.path === '/body' && all.some(({ path }) => path.startsWith('/body/'));
}

/** Several alternatives may object to the same thing in the same words. */
function isSaid({ path, message }: InputIssue, before: readonly InputIssue[]): boolean {
  return before.some((one) => one.path === path && one.message === message);
}

function refuse(raised: readonly Raised[], request: Request, operation: Operation, spec: Spec): SerinError {
  const telling = raised.filter((one) => !isNoise(one, raised)).slice(0, mostIssues);
  const issues = telling.map((one): InputIssue => {
    const place = placeOf(one.path);
    return { path: writePath(place.path), message: describe(one, place, request, operation, spec) };
  });
  return invalidInput(issues.filter((issue, index) => !isSaid(issue, issues.slice(0, index))));
}

function readRaised(error: Readonly<Record<string, unknown>>): readonly Raised[] {
  const list = Array.isArray(error['errors']) ? error['errors'] : [error];
  return list.filter(isRecord).map((one) => ({
    path: typeof one['path'] === 'string' ? one['path'] : '',
    message: String(one['message']),
    ...(typeof one['errorCode'] === 'string' ? { errorCode: one['errorCode'] } : {}),
  }));
}

/**
 * What the body reader, the router or the validator raised, as an error with a code; any other error as it is.
 */
export function toRefusal(
  error: unknown,
  request: Request,
  operation: Operation | null,
  spec: Spec,
): unknown {
  if (error instanceof SerinError || !isRecord(error) || typeof error['status'] !== 'number') return error;
  if (error['status'] === 413)
    return new SerinError(
      'payload_too_large',
      `the body is too large; at most ${bodyLimitOf(operation) / 1024} KiB are read`,
    );
  if (error['status'] === 415)
    return new SerinError(
      'unsupported_media_type',
      'the body is compressed in a way that is not read; allowed are gzip, deflate, br or none',
    );
  if (error['status'] !== 400) return error;
  if (operation !== null && (Array.isArray(error['errors']) || typeof error['path'] === 'string'))
    return refuse(readRaised(error), request, operation, spec);
  return invalidInput([{ path: '', message: 'the request cannot be read' }]);
}
