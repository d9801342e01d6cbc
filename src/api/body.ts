import { type RequestHandler, raw } from 'express';
import { invalidInput } from '../errors.ts';
import { contextOf } from './context.ts';
import { parseJson } from './json-text.ts';
import { dropAbsent } from './members.ts';
import type { Operation } from './spec.ts';

const usualLimit = 256 * 1024;
/** For bodies that are made of samples or of the past, and for events and alerts, of whose size the sender alone decides. */
const samplesLimit = 4 * 1024 * 1024;
const largeOperations: ReadonlySet<string> = new Set([
  'judgeSamples',
  'kayentaJudgePairs',
  'kayentaJudgePairsByToken',
  'githubEvent',
  'takeIncidents',
  'backfill',
]);

/** The largest body that is read of an operation, in bytes, after decompression. */
export function bodyLimitOf(operation: Operation | null): number {
  return largeOperations.has(operation?.id ?? '') ? samplesLimit : usualLimit;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidInput([{ path: '', message: 'the body is not UTF-8' }]);
  }
}

function readValue(bytes: unknown): unknown {
  const text = Buffer.isBuffer(bytes) ? decode(bytes) : '';
  if (text.trim() === '') return {};
  const value = dropAbsent(parseJson(text));
  if (typeof value === 'object' && value !== null) return value;
  throw invalidInput([
    { path: '', message: `the body is ${JSON.stringify(value).slice(0, 60)}; an object is needed` },
  ]);
}

/**
 * Middlewares that read the body of operations that have one as JSON, whatever its Content-Type says, and leave
 * other bodies alone. An empty body is an object without members, so that the answer names what is missing.
 */
export function readBody(): readonly RequestHandler[] {
  const readers = new Map(
    [usualLimit, samplesLimit].map((limit) => [limit, raw({ type: () => true, limit })] as const),
  );
  const hasBody = (response: Parameters<RequestHandler>[1]): boolean =>
    contextOf(response).operation?.spec.requestBody !== undefined;
  return [
    (request, response, next) => {
      const read = readers.get(bodyLimitOf(contextOf(response).operation));
      if (hasBody(response) && read !== undefined) read(request, response, next);
      else next();
    },
    (request, response, next) => {
      if (hasBody(response)) {
        contextOf(response).rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        request.body = readValue(request.body);
        request.headers['content-type'] = 'application/json';
      }
      next();
    },
  ];
}
