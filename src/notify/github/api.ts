import { createAppAuth } from '@octokit/auth-app';
import { request as octokit } from '@octokit/request';
import type { GithubConfig } from '../config.ts';
import { readFailure } from './failure.ts';

/** What a token may do; only what the call at hand needs. */
export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

export type Answer = { readonly status: number; readonly data: unknown; readonly link: string | null };

/** One call, such as `POST /repos/{owner}/{repo}/statuses/{sha}`. Rejects with what `statusOf` can read. */
export type Call = (route: string, parameters: Readonly<Record<string, unknown>>) => Promise<Answer>;

/** A repository under the installation that gives access to it; `null`: to be found out. */
export type Place = {
  readonly owner: string;
  readonly repository: string;
  readonly repositoryId: number;
  readonly installationId: number | null;
};

export type GithubApi = {
  /** Calls as the App itself. */
  asApp(signal: AbortSignal): Promise<Call>;
  /** Calls in one repository, with a token that may do no more than that. */
  at(place: Place, permissions: Permissions, signal: AbortSignal): Promise<Call>;
};

type Token = { readonly token: string; readonly expiresAt: number };

/** Tokens are good for an hour; one that is about to end may end on the way. */
const renewBefore = 300_000;
/** A call that nobody gave a time. */
const usualTimeout = 10_000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function limitedFetch(url: string, init?: RequestInit): Promise<Response> {
  return fetch(url, { ...init, signal: init?.signal ?? AbortSignal.timeout(usualTimeout) });
}

function callWith(request: typeof octokit, authorization: string, signal: AbortSignal): Call {
  return async (route, parameters) => {
    const headers = { authorization, 'x-github-api-version': '2022-11-28' };
    const {
      status,
      data,
      headers: given,
    } = await request(route, {
      ...parameters,
      headers,
      request: { fetch: limitedFetch, signal },
    });
    return { status, data, link: given.link ?? null };
  };
}

/** Speaks to GitHub as the App of the configuration. Tokens are kept until five minutes before their end. */
export function createGithubApi(config: GithubConfig, now: () => number): GithubApi {
  const request = octokit.defaults({ baseUrl: config.apiUrl, request: { fetch: limitedFetch, log: silent } });
  const { appId, privateKey } = config;
  const auth = createAppAuth({ appId, privateKey, request, log: silent });
  const tokens = new Map<string, Promise<Token>>();

  async function asApp(signal: AbortSignal): Promise<Call> {
    return callWith(request, `bearer ${(await auth({ type: 'app' })).token}`, signal);
  }

  async function findInstallation(place: Place, signal: AbortSignal): Promise<number> {
    if (place.installationId !== null) return place.installationId;
    const call = await asApp(signal);
    const { owner, repository: repo } = place;
    const { data } = await call('GET /repos/{owner}/{repo}/installation', { owner, repo });
    return (data as { id: number }).id;
  }

  async function fetchToken(place: Place, permissions: Permissions, signal: AbortSignal): Promise<Token> {
    const { token, expiresAt } = await auth({
      type: 'installation',
      installationId: await findInstallation(place, signal),
      repositoryIds: [place.repositoryId],
      permissions,
      refresh: true,
    });
    return { token, expiresAt: Date.parse(expiresAt) };
  }

  async function tokenFor(
    key: string,
    place: Place,
    permissions: Permissions,
    signal: AbortSignal,
  ): Promise<string> {
    const kept = await tokens.get(key)?.catch(() => null);
    if (kept !== undefined && kept !== null && kept.expiresAt - renewBefore > now()) return kept.token;
    const fetched = fetchToken(place, permissions, signal);
    tokens.set(key, fetched);
    fetched.catch(() => tokens.delete(key));
    return (await fetched).token;
  }

  return {
    asApp,
    at: async (place, permissions, signal) => {
      const key = JSON.stringify([place.installationId, place.repositoryId, permissions]);
      const call = callWith(request, `token ${await tokenFor(key, place, permissions, signal)}`, signal);
      return (route, parameters) =>
        call(route, parameters).catch((error: unknown) => {
          // Revoked before its time: the next try gets another.
          if (readFailure(error)?.status === 401) tokens.delete(key);
          throw error;
        });
    },
  };
}
