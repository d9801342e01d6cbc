import { invalidInput, SerinError } from '../errors.ts';
import { causeOf } from './client.ts';
import type { Io } from './io.ts';
import { oneLine, writeSpan } from './words.ts';

/** Reads from the REST API of GitHub. */
export type Github = {
  /** The body at a path. Rejects with `invalid_input` for what GitHub refuses, `overloaded` when it cannot be reached. */
  get(path: string): Promise<unknown>;
  /** The items of all pages at a path, one page at a time. */
  pages(path: string): AsyncGenerator<readonly unknown[]>;
};

type GithubAccess = { readonly url: string; readonly token: string | null };

const longestCall = 30_000;
const mostFailures = 8;
/** What GitHub asks for when it limits without naming a time. */
const secondaryPause = 60_000;

/** Milliseconds to wait before asking again; `null`: no limit was reached. */
function limitOf({ status, headers }: Response, text: string, now: number): number | null {
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  if ((status === 403 || status === 429) && Number.isFinite(retryAfter)) return retryAfter * 1000;
  const resetsAt = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000;
  if (headers.get('x-ratelimit-remaining') === '0' && Number.isFinite(resetsAt))
    return Math.max(1000, resetsAt - now + 1000);
  return status === 429 || (status === 403 && /rate limit/i.test(text)) ? secondaryPause : null;
}

function refuse(status: number, path: string, text: string): SerinError {
  const why =
    status === 401
      ? 'the token in GITHUB_TOKEN is not valid'
      : status === 404
        ? 'there is no such repository, or the token in GITHUB_TOKEN may not read its deployments'
        : oneLine(text).slice(0, 200);
  return invalidInput([{ path: '', message: `GitHub answered ${status} to ${path}: ${why}` }]);
}

/** The page after this one, as the `Link` header names it; `null` on the last. */
function nextOf(response: Response): string | null {
  return /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1] ?? null;
}

/** What came of asking once. `limit`: milliseconds to wait before anything else is asked. */
type Heard =
  | {
      readonly kind: 'answer';
      readonly response: Response;
      readonly text: string;
      readonly limit: number | null;
    }
  | { readonly kind: 'limited'; readonly limit: number }
  | { readonly kind: 'away'; readonly reason: string }
  | { readonly kind: 'refused'; readonly error: SerinError };

function judge(response: Response, text: string, address: string, now: number): Heard {
  const { status, ok } = response;
  const limit = limitOf(response, text, now);
  if (ok) return { kind: 'answer', response, text, limit };
  if (status >= 500) return { kind: 'away', reason: `GitHub answered ${status}` };
  if (limit !== null) return { kind: 'limited', limit };
  return { kind: 'refused', error: refuse(status, new URL(address).pathname, text) };
}

/**
 * A client that asks one thing at a time and keeps to GitHub's limits: it waits until the reset when nothing remains,
 * as long as `Retry-After` says, a minute when a secondary limit names no time, and through outages with growing
 * pauses. `tell` hears of each wait. The token goes to `url` alone. Rejects with an `AbortError` once `stop` aborts, for
 * a limit may take an hour to pass.
 */
export function createGithub(
  { url, token }: GithubAccess,
  io: Io,
  tell: (text: string) => void,
  stop: AbortSignal,
): Github {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const headers = {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    ...authorization,
  };
  const pause = async (milliseconds: number, why: string): Promise<void> => {
    tell(`${why}; waiting ${writeSpan(milliseconds)}`);
    await io.sleep(milliseconds, stop);
  };

  async function hear(address: string): Promise<Heard> {
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(longestCall)]);
      const response = await io.fetch(address, { headers, signal, redirect: 'manual' });
      return judge(response, await response.text(), address, io.now());
    } catch (error) {
      stop.throwIfAborted();
      return { kind: 'away', reason: `GitHub cannot be reached: ${causeOf(error)}` };
    }
  }

  async function outwait(heard: Heard & { readonly kind: 'away' }, failures: number): Promise<void> {
    if (failures > mostFailures) throw new SerinError('overloaded', heard.reason);
    await pause(Math.min(60_000, 1000 * 2 ** (failures - 1)), heard.reason);
  }

  async function ask(address: string, failures = 0): Promise<Heard & { readonly kind: 'answer' }> {
    const heard = await hear(address);
    if (heard.kind === 'refused') throw heard.error;
    if (heard.kind === 'away') {
      await outwait(heard, failures + 1);
      return ask(address, failures + 1);
    }
    if (heard.limit !== null) await pause(heard.limit, 'the rate limit of GitHub is used up');
    return heard.kind === 'answer' ? heard : ask(address, failures);
  }

  async function read(address: string): Promise<{ readonly body: unknown; readonly next: string | null }> {
    const { response, text } = await ask(address);
    const next = nextOf(response);
    // The token must not follow a link to elsewhere.
    const isOurs = next !== null && new URL(next, url).origin === new URL(url).origin;
    return { body: JSON.parse(text), next: isOurs ? next : null };
  }

  return {
    get: async (path) => (await read(`${url}${path}`)).body,
    async *pages(path) {
      for (let address: string | null = `${url}${path}`; address !== null; ) {
        const page: { readonly body: unknown; readonly next: string | null } = await read(address);
        if (!Array.isArray(page.body))
          throw new SerinError('overloaded', `GitHub answered no list to ${path}`);
        yield page.body;
        address = page.next;
      }
    },
  };
}
