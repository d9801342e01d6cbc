import { type ErrorCode, SerinError } from '../errors.ts';
import type { components } from './schema.gen.ts';

/** The one place where a code becomes an HTTP status. */
export const statuses = {
  invalid_input: 400,
  unknown_service: 400,
  unknown_template: 400,
  unknown_provider: 400,
  not_found: 404,
  key_conflict: 409,
  conflict: 409,
  unauthenticated: 401,
  forbidden: 403,
  payload_too_large: 413,
  unsupported_media_type: 415,
  method_not_allowed: 405,
  not_acceptable: 406,
  store_unavailable: 503,
  issuer_unreachable: 503,
  provider_unreachable: 502,
  provider_timeout: 504,
  provider_unauthorized: 502,
  provider_throttled: 503,
  provider_rejected: 502,
  provider_failed: 502,
  provider_malformed: 502,
  provider_too_large: 502,
  provider_ambiguous: 502,
  shutting_down: 503,
  overloaded: 503,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

const titles: Readonly<Record<ErrorCode, string>> = {
  invalid_input: 'The input is not valid',
  unknown_service: 'No such service is configured',
  unknown_template: 'No such template is configured',
  unknown_provider: 'No such provider is configured',
  not_found: 'Not found',
  key_conflict: 'The key is taken by another analysis',
  conflict: 'This contradicts what is there',
  unauthenticated: 'Who calls is not known',
  forbidden: 'The caller may not do this',
  payload_too_large: 'The body is too large',
  unsupported_media_type: 'The body is in a form that is not read',
  not_acceptable: 'No form of the answer is acceptable',
  method_not_allowed: 'The method is not allowed here',
  store_unavailable: 'The database is away',
  issuer_unreachable: 'The issuer of the token cannot be reached',
  provider_unreachable: 'The metric backend cannot be reached',
  provider_timeout: 'The metric backend took too long',
  provider_unauthorized: 'The metric backend refused the credentials',
  provider_throttled: 'The metric backend asks to slow down',
  provider_rejected: 'The metric backend refused the query',
  provider_failed: 'The metric backend failed',
  provider_malformed: 'The answer of the metric backend cannot be read',
  provider_too_large: 'The answer of the metric backend is too large',
  provider_ambiguous: 'The query gives several series',
  shutting_down: 'The server is shutting down',
  overloaded: 'The server has too much to do',
  internal: 'Something went wrong inside',
};

/** After how many seconds trying again makes sense. */
const retryAfter: Readonly<Partial<Record<ErrorCode, number>>> = {
  store_unavailable: 5,
  issuer_unreachable: 5,
  shutting_down: 1,
  overloaded: 5,
  provider_throttled: 10,
};

type Problem = components['schemas']['Problem'];

/** An error as it goes over the wire. */
export type ProblemReply = {
  readonly status: number;
  readonly retryAfter: number | null;
  readonly body: Problem;
};

/**
 * The problem document (RFC 9457) of an error. The message of an error without a code stays inside, for it may hold
 * anything; the request id leads to it in the logs.
 */
export function toProblem(error: unknown, requestId: string): ProblemReply {
  const known = error instanceof SerinError ? error : null;
  const code = known?.code ?? 'internal';
  const body: Problem = {
    type: `urn:serin:problem:${code}`,
    title: titles[code],
    status: statuses[code],
    code,
    detail: known?.message ?? `An error that nobody foresaw; the logs tell more under request ${requestId}.`,
    requestId,
  };
  if (known !== null && known.issues.length > 0) body.errors = known.issues.map((issue) => ({ ...issue }));
  return { status: statuses[code], retryAfter: retryAfter[code] ?? null, body };
}

/** True for errors that the caller can mend by asking otherwise. */
export function isCallersFault(error: unknown): error is SerinError {
  return error instanceof SerinError && statuses[error.code] < 500;
}
