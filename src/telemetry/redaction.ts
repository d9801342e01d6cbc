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

/** A token of our own, wherever it stands. */
const ownToken = /serin_[A-Za-z0-9_-]+/g;

const longest = 200;

/** From a template such as `/v1/hooks/x/{token}/y`: all up to the token, which every path that begins so has there. */
function patternOf(route: string): RegExp {
  const [before = ''] = route.split('{token}', 1);
  const literal = before.split(/\{[^}]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^(${literal.join('[^/]+')})[^/]+`);
}

/**
 * The path of a URL in a form that may be logged: without query and fragment, tokens in segments replaced, at most
 * 200 characters.
 *
 * @param tokenRoutes - templates of routes that have a segment `{token}`
 */
export function loggablePath(url: string, tokenRoutes: readonly string[] = []): string {
  const path = (url.split(/[?#]/, 1)[0] ?? '').replace(ownToken, redacted);
  const patterns = [...tokenSegments, ...tokenRoutes.map(patternOf)];
  const clean = patterns.reduce((text, pattern) => text.replace(pattern, `$1${redacted}`), path);
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}
