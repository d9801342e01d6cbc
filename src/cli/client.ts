import type { components } from '../api/schema.gen.ts';
import type { Io } from './io.ts';

/** An analysis as the API tells it. */
export type Analysis = components['schemas']['Analysis'];
/** What to ask the API to judge. */
export type StartAnalysis = components['schemas']['StartAnalysis'];
type Problem = Partial<components['schemas']['Problem']>;

/** Asking again is of no use; the reason says what to mend. */
export type Refused = { readonly kind: 'refused'; readonly status: number; readonly reason: string };

/** Asking again may help, after `retryAfter` milliseconds when the server named a time. */
export type Unavailable = {
  readonly kind: 'unavailable';
  readonly reason: string;
  readonly retryAfter: number | null;
};

/** What came of a call that may be answered with anything. */
export type Reply = { readonly kind: 'answered'; readonly body: unknown } | Refused | Unavailable;

/** What came of a call that is answered with an analysis. */
export type Answer = { readonly kind: 'answered'; readonly analysis: Analysis } | Refused | Unavailable;

/** Calls the API; a body is sent as JSON. Never rejects, and never takes longer than its deadline. */
export type Call = (
  request: { readonly method?: 'GET' | 'POST'; readonly path: string; readonly body?: unknown },
  deadlineMs: number,
) => Promise<Reply>;

/** The part of the API that the command line uses. No call ever rejects; none takes longer than its deadline. */
export type Client = {
  /** Starts or joins an analysis; safe to repeat. */
  start(body: StartAnalysis, deadlineMs: number): Promise<Answer>;
  /** The analysis, held by the server until its conclusion or for `waitMs`. */
  wait(id: string, waitMs: number, deadlineMs: number): Promise<Answer>;
};

type Access = { readonly url: string; readonly token: string | null };

/** Why a request got no answer, in words. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause;
  if (!(cause instanceof Error)) return error.message;
  // An address that resolves to several hosts fails with an error for each, and no message of its own.
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return cause.message === '' ? code : cause.message;
}

function isAnalysis(value: unknown): value is Analysis {
  const candidate = value as Partial<Analysis> | null;
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.id === 'string' &&
    ['running', 'pass', 'fail', 'inconclusive'].includes(candidate.verdict ?? '') &&
    typeof candidate.reason === 'string' &&
    typeof candidate.endsAt === 'string' &&
    Array.isArray(candidate.findings) &&
    typeof candidate.links?.page === 'string'
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The advice of a problem document: each issue on its path, else its detail; `null` when the text is none. */
export function adviceOf(text: string): string | null {
  return advice(parseJson(text));
}

function advice(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const { errors, detail, title } = body as Problem;
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n');
  }
  return detail ?? title ?? null;
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

/** Whether asking again, the same way, is of no use. */
export function isLasting(status: number): boolean {
  return status >= 400 && status < 500 && !worthRepeating.has(status);
}

const worthRepeating = new Set([408, 425, 429]);

function stranger(url: string, status: number): string {
  return `${url} answered ${status} with something that is not Serin's`;
}

function readReply(response: Response, text: string, url: string): Reply {
  const { status } = response;
  const body = parseJson(text);
  if (response.ok && body !== null) return { kind: 'answered', body };
  if (status >= 300 && status < 400) {
    const to = response.headers.get('location') ?? 'elsewhere';
    return { kind: 'refused', status, reason: `${url} redirects to ${to}; give the address itself as --url` };
  }
  const reason = advice(body) ?? stranger(url, status);
  if (isLasting(status)) return { kind: 'refused', status, reason };
  return { kind: 'unavailable', reason: `${status}: ${reason}`, retryAfter: retryAfter(response) };
}

/** Calls the service at `url`, which has no trailing slash. The token is sent as bearer and shown nowhere. */
export function createCall(fetch: Io['fetch'], { url, token }: Access): Call {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  return async ({ method = 'GET', path, body }, deadlineMs) => {
    try {
      const json =
        body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const headers = { accept: 'application/json', ...authorization, ...json.headers };
      const signal = AbortSignal.timeout(Math.max(1, Math.round(deadlineMs)));
      const response = await fetch(`${url}${path}`, { ...json, method, headers, signal, redirect: 'manual' });
      return readReply(response, await response.text(), url);
    } catch (error) {
      return { kind: 'unavailable', reason: `${url} cannot be reached: ${causeOf(error)}`, retryAfter: null };
    }
  };
}

/** A client of the service at `url`, which has no trailing slash. The token is sent as bearer and shown nowhere. */
export function createClient(fetch: Io['fetch'], access: Access): Client {
  const call = createCall(fetch, access);
  const ask = async (...request: Parameters<Call>): Promise<Answer> => {
    const reply = await call(...request);
    if (reply.kind !== 'answered') return reply;
    if (isAnalysis(reply.body)) return { kind: 'answered', analysis: reply.body };
    return { kind: 'unavailable', reason: stranger(access.url, 200), retryAfter: null };
  };
  return {
    start: (body, deadlineMs) => ask({ method: 'POST', path: '/v1/analyses', body }, deadlineMs),
    wait: (id, waitMs, deadlineMs) =>
      ask({ path: `/v1/analyses/${encodeURIComponent(id)}?wait=${Math.round(waitMs)}ms` }, deadlineMs),
  };
}
