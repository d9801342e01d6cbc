import { type ErrorCode, SerinError } from '../errors.ts';

/** One attempt that failed: the error to report if it was the last, and whether another may fare better. */
export type Problem = {
  readonly error: SerinError;
  readonly retry: boolean;
  /** What the backend asked to wait at least, in milliseconds; 0 when it asked nothing. */
  readonly retryAfter: number;
};

/** What of an HTTP answer matters when it is not the one hoped for. */
export type BadAnswer = {
  readonly status: number;
  /** Header values by lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** The backend's own words, already cut and without secrets; '' when it had none. */
  readonly words: string;
  /** Where the request went, `host:port`. */
  readonly host: string;
};

const retriedStatuses: readonly number[] = [429, 500, 502, 503, 504];

/** Says which code a status other than 2xx has, in one sentence that begins with `who`. */
export function statusProblem(who: string, answer: BadAnswer): Problem {
  const { status, words } = answer;
  const detail = words === '' ? '' : `: ${words}`;
  const error = new SerinError(codeOf(status), `${who} answered ${status}${detail}${adviceFor(answer)}`);
  return { error, retry: retriedStatuses.includes(status), retryAfter: retryAfterOf(answer) };
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'provider_unauthorized';
  if (status === 429) return 'provider_throttled';
  return status >= 500 ? 'provider_failed' : 'provider_rejected';
}

function adviceFor({ status, header, host }: BadAnswer): string {
  if (status >= 300 && status < 400) return redirectAdvice(header('location'), host);
  if (status === 401) return '; check the provider’s `auth`';
  if (status === 403) return '; its credentials may not read this';
  if (status === 404) return '; check the path in the provider’s `url`';
  return '';
}

/** Names the host alone: a redirect to a login page may carry secrets in its path and query. */
function redirectAdvice(location: string | undefined, host: string): string {
  const base = `http://${host}`;
  const target = location !== undefined && URL.canParse(location, base) ? new URL(location, base).host : null;
  const where =
    target === null
      ? ''
      : target === host
        ? ', a redirect to another path of it'
        : `, a redirect to ${target}`;
  return `${where}; redirects are not followed, set the provider’s \`url\` to where its API is`;
}

/** `Retry-After` in seconds or as a date, read against the answer's own `Date` so that clocks need not agree. */
function retryAfterOf({ header }: BadAnswer): number {
  const text = header('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const milliseconds = Date.parse(text) - Date.parse(header('date') ?? '');
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
}

/** Says what it means that no answer came. Takes of `failure` its code only: its message and fields hold secrets. */
export function connectionProblem(who: string, failure: unknown): Problem {
  const code = errorCodeOf(failure);
  if (code.startsWith('HPE_')) {
    return {
      error: new SerinError('provider_malformed', `${who} does not speak HTTP (${code})`),
      retry: false,
      retryAfter: 0,
    };
  }
  const certificate = /CERT|SIGNATURE|ERR_TLS|ERR_SSL|EPROTO/.test(code);
  const advice = certificate
    ? '; check that `url` says https where it should and that `ca` holds the authority'
    : '';
  const error = new SerinError('provider_unreachable', `${who} cannot be reached (${code})${advice}`);
  return { error, retry: !certificate, retryAfter: 0 };
}

/** Says what it means that an answer broke off or could not be unpacked. */
export function bodyProblem(who: string, failure: unknown): Problem {
  const error = new SerinError(
    'provider_malformed',
    `${who} sent an answer that broke off (${errorCodeOf(failure)})`,
  );
  return { error, retry: true, retryAfter: 0 };
}

function errorCodeOf(failure: unknown): string {
  const code = failure instanceof Error && 'code' in failure ? failure.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'no code';
}
