import { readFileSync } from 'node:fs';
import { SerinError } from '../../src/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Claims = Readonly<Record<string, unknown>>;

/** How the service is told who asks: a token minted for the job, one that was given, or none. */
export type Credential = {
  readonly kind: 'oidc' | 'token' | 'none';
  /** The token of this moment; `null` without one. */
  current(): Promise<string | null>;
};

export type CredentialDeps = {
  readonly env: Environment;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly mask: (secret: string) => void;
};

type Minted = { readonly token: string; readonly renewAt: number };

/** A token is used until a minute, or half of its life when that is less, is left of it. */
const reserve = 60_000;
const usualLife = 300_000;
const attempts = 4;
const mintDeadline = 10_000;

/** What a token says, without a look at its signature: it is our own and was minted for us. */
export function readClaims(token: string): Claims {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const claims: unknown = JSON.parse(payload);
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : {};
  } catch {
    return {};
  }
}

/** By this machine's own clock: the time of minting and the life that the token is given. */
function renewalOf(token: string, now: number): number {
  const { iat, exp } = readClaims(token);
  const life = typeof iat === 'number' && typeof exp === 'number' ? (exp - iat) * 1000 : usualLife;
  return now + Math.max(life / 2, life - reserve);
}

async function mintOnce(url: string, deps: CredentialDeps): Promise<string | number> {
  const requestToken = deps.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ?? '';
  const response = await deps.fetch(url, {
    headers: { accept: 'application/json', authorization: `Bearer ${requestToken}` },
    signal: AbortSignal.timeout(mintDeadline),
  });
  if (!response.ok) return response.status;
  const { value } = (await response.json()) as { value?: unknown };
  return typeof value === 'string' ? value : response.status;
}

/** GitHub's service may be away for a moment; what it refuses for good is not asked again. */
async function mint(url: string, deps: CredentialDeps): Promise<string> {
  let found: string | number = 0;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await deps.sleep(500 * 2 ** attempt);
    found = await mintOnce(url, deps).catch(() => 0);
    if (typeof found === 'string') return found;
    if (found >= 400 && found < 500 && found !== 429) break;
  }
  const told = found === 0 ? 'cannot be reached' : `answered ${found}`;
  throw new SerinError('internal', `the service of GitHub that mints the job's OIDC token ${told}`);
}

function createOidc(requestUrl: string, audience: string, deps: CredentialDeps): Credential {
  const url = new URL(requestUrl);
  url.searchParams.set('audience', audience);
  let minted: Minted | null = null;
  return {
    kind: 'oidc',
    current: async () => {
      if (minted !== null && deps.now() < minted.renewAt) return minted.token;
      const token = await mint(url.href, deps);
      deps.mask(token);
      minted = { token, renewAt: renewalOf(token, deps.now()) };
      return token;
    },
  };
}

/** The fork that proposes what this run builds; `null` when it is no such run. */
function forkOf(env: Environment): string | null {
  if (!/^pull_request/.test(env['GITHUB_EVENT_NAME'] ?? '')) return null;
  try {
    const event = JSON.parse(readFileSync(env['GITHUB_EVENT_PATH'] ?? '', 'utf8')) as {
      pull_request?: { head?: { repo?: { full_name?: string } | null } };
    };
    const head = event.pull_request?.head?.repo?.full_name ?? 'a fork that is gone';
    return head === env['GITHUB_REPOSITORY'] ? null : head;
  } catch {
    return null;
  }
}

/** What to do when the service refuses a caller without a credential. */
export const noCredential =
  'the job has no credential: give it `permissions: { id-token: write }`, or the input token';

/**
 * The credential of the job: the input `token`, else OIDC tokens minted as long as it waits, else none, for a service
 * may ask for none. Rejects with `forbidden` for a pull request of a fork, whose runs GitHub gives neither.
 */
export function createCredential(
  token: string | undefined,
  audience: string,
  deps: CredentialDeps,
): Credential {
  if (token !== undefined) {
    deps.mask(token);
    return { kind: 'token', current: async () => token };
  }
  const requestUrl = deps.env['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '';
  if (requestUrl !== '') return createOidc(requestUrl, audience, deps);
  const fork = forkOf(deps.env);
  if (fork === null) return { kind: 'none', current: async () => null };
  throw new SerinError(
    'forbidden',
    `this run was started by a pull request of ${fork}: GitHub gives the runs of forks neither an id-token nor secrets, whatever permissions say, so that Serin cannot tell who asks. Gate the deployment after the merge`,
  );
}
