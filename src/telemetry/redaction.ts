/** What a log line shows in the place of a secret. */
export const redacted = '[redacted]';

/** Members of a log object that may hold a secret, in pino's path notation. */
export const secretPaths = [
  'authorization',
  'cookie',
  'token',
  'password',
  'secret',
  'headers.authorization',
  'headers.cookie',
  '*.authorization',
  '*.cookie',
  '*.token',
  '*.password',
  '*.secret',
  '*.headers.authorization',
  '*.headers.cookie',
  '*.headers["set-cookie"]',
  '*.headers["x-api-key"]',
] as const;

/** Paths under which a segment is a token, for callers that cannot send headers. The first group is kept. */
const tokenSegments: readonly RegExp[] = [/^(\/kayenta\/t\/)[^/]+/, /^(\/v1\/hooks\/flagger\/[^/]+\/)[^/]+/];

const longest = 200;

/**
 * The path of a URL in a form that may be logged: without query and fragment, tokens in segments replaced, at most
 * 200 characters.
 */
export function loggablePath(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? '';
  const clean = tokenSegments.reduce((text, pattern) => text.replace(pattern, `$1${redacted}`), path);
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}
