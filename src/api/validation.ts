import type { RequestHandler } from 'express';
import { middleware } from 'express-openapi-validator';
import { parse } from 'yaml';
import { parseSpec, type Spec } from './spec.ts';

export type Validation = {
  /** The description, as it is written and as it is read. */
  readonly specText: string;
  readonly spec: Spec;
  /** Look up the operation, and hook the answer when answers are checked. Before the body is read. */
  readonly before: readonly RequestHandler[];
  /** Check the request. After the body is read. */
  readonly request: readonly RequestHandler[];
};

/**
 * Middlewares that check requests against `openapi.yaml` and, with `onMismatch`, answers as well, those of refused
 * requests included. Numbers, booleans and strings are converted to what the spec says.
 *
 * @param onMismatch - told of each answer that is not as the spec says; the answer is sent all the same
 */
export function createValidation(specText: string, onMismatch?: (error: Error) => void): Validation {
  const all = middleware({
    apiSpec: parse(specText),
    validateApiSpec: false,
    validateRequests: { allErrors: true, coerceTypes: true, allowUnknownQueryParameters: false },
    validateResponses: onMismatch === undefined ? false : { onError: onMismatch },
    validateSecurity: false,
    fileUploader: false,
    ignoreUndocumented: true,
    formats: { 'serin-duration': { type: 'string', validate: () => true } },
  });
  const isRequest = ({ name }: { readonly name: string }): boolean => name === 'requestMiddleware';
  const request = all.filter(isRequest);
  if (request.length !== 1) throw new Error('the validator has no request middleware');
  return {
    specText,
    spec: parseSpec(specText),
    before: all.filter((handler) => !isRequest(handler)) as unknown as readonly RequestHandler[],
    request: request as unknown as readonly RequestHandler[],
  };
}
