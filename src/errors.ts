/**
 * The closed set of ways in which Serin says no. `api/problem.ts` is the only place that turns a code into an
 * HTTP status; everybody else speaks of codes.
 */
export const errorCodes = [
  'invalid_input',
  'unknown_service',
  'unknown_template',
  'unknown_provider',
  'not_found',
  'key_conflict',
  'conflict',
  'unauthenticated',
  'forbidden',
  'payload_too_large',
  'unsupported_media_type',
  'method_not_allowed',
  'not_acceptable',
  'store_unavailable',
  'issuer_unreachable',
  'provider_unreachable',
  'provider_timeout',
  'provider_unauthorized',
  'provider_throttled',
  'provider_rejected',
  'provider_failed',
  'provider_malformed',
  'provider_too_large',
  'provider_ambiguous',
  'shutting_down',
  'overloaded',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** One thing wrong with an input: where it is (`metrics[0].kind`), and what was found and is allowed there. */
export type InputIssue = { readonly path: string; readonly message: string };

/** An error with a name from the closed set. `message` is one sentence for a person and holds no secret. */
export class SerinError extends Error {
  readonly code: ErrorCode;
  /** For bad input: every issue found, not only the first. Empty otherwise. */
  readonly issues: readonly InputIssue[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { issues?: readonly InputIssue[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SerinError';
    this.code = code;
    this.issues = options.issues ?? [];
  }
}

/** Bad input: the sentence is made of the issues, so that a log line alone says what to mend. */
export function invalidInput(issues: readonly InputIssue[]): SerinError {
  const sentence = issues
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
  return new SerinError('invalid_input', sentence, { issues });
}

/** True when `error` is a SerinError with one of `codes`. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is SerinError {
  return error instanceof SerinError && codes.includes(error.code);
}
