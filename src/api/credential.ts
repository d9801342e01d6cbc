import type { Request } from 'express';
import { looksLikeToken } from '../auth/token.ts';

/** What a request shows of its caller: a secret, nothing (`null`), or something that cannot be read. */
export type Credential = { readonly secret: string | null } | { readonly malformed: string };

const readable =
  'allowed are "Bearer <token>", and "Basic …" with the token as password for clients that can do nothing else';

function readBasic(value: string): Credential {
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  const secret = colon < 0 ? '' : pair.slice(colon + 1);
  return secret === '' ? { malformed: `Authorization: found no password; ${readable}` } : { secret };
}

/** The credential of the header `Authorization`; its scheme in whatever letters. */
function readHeader(header: string | undefined): Credential {
  if (header === undefined || header.trim() === '') return { secret: null };
  const [, scheme = '', value = ''] = /^\s*(\S+)\s+(\S+)\s*$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { secret: value };
    case 'basic':
      return readBasic(value);
    default:
      // What stands there may be a secret, so it is not repeated.
      return { malformed: `Authorization: cannot be read; ${readable}` };
  }
}

function readSegment(segment: string): Credential {
  try {
    const secret = decodeURIComponent(segment);
    return secret === '' ? { malformed: 'the token in the path is empty' } : { secret };
  } catch {
    return { malformed: 'the token in the path is not percent-encoded well' };
  }
}

/** The place of `{token}` among the segments of a route's template; -1 when it has none. */
export function tokenSegmentOf(route: string): number {
  return route.split('/').indexOf('{token}');
}

/** The credential of a request to `route`: its `{token}` where it has one, for such callers send no headers. */
export function readCredential(request: Request, route: string): Credential {
  const at = tokenSegmentOf(route);
  return at < 0 ? readHeader(request.get('Authorization')) : readSegment(request.path.split('/')[at] ?? '');
}

/** The credential to a route that verifies a signature itself: only what says that it is a token of ours. */
export function readOwnToken(request: Request): Credential {
  const found = readHeader(request.get('Authorization'));
  return 'secret' in found && found.secret !== null && looksLikeToken(found.secret)
    ? found
    : { secret: null };
}
