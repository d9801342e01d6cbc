import type { Deployment, DeploymentStatus } from '../../src/cli/github-deployments.ts';

export type DeploymentAtGithub = Deployment & {
  readonly updated_at?: string;
  readonly statuses: readonly DeploymentStatus[];
};

/** What the double answers instead of the truth: a status with headers and a text, or no answer. */
export type Trouble =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }
  | 'drop';

/** A stand-in for the deployments of one repository in GitHub's REST API, newest first, in pages, within its limits. */
export type GithubDouble = {
  readonly fetch: (url: URL, init: RequestInit | undefined) => Response;
  /** Paths with their queries, and what authorised them, in their order. */
  readonly asked: { readonly path: string; readonly authorization: string | null }[];
  /** Answers the n-th next request (from 0) with that instead. */
  trouble(after: number, ...troubles: Trouble[]): void;
};

export const githubUrl = 'https://api.github.test';

export function makeGithub(
  deployments: readonly DeploymentAtGithub[],
  { repositoryId = 77, pageSize = 2 }: { repositoryId?: number; pageSize?: number } = {},
): GithubDouble {
  const asked: { path: string; authorization: string | null }[] = [];
  const troubles = new Map<number, Trouble>();

  function page(url: URL, items: readonly unknown[]): Response {
    const number = Number(url.searchParams.get('page') ?? '1');
    const some = items.slice((number - 1) * pageSize, number * pageSize);
    const next = new URL(url);
    next.searchParams.set('page', String(number + 1));
    const link =
      number * pageSize < items.length ? { link: `<${next}>; rel="next", <${url}>; rel="first"` } : {};
    return Response.json(some, { headers: link });
  }

  function answer(url: URL): Response {
    if (url.pathname === '/repos/shop/checkout') return Response.json({ id: repositoryId });
    if (url.pathname === '/repos/shop/checkout/deployments') {
      const environment = url.searchParams.get('environment');
      const shown = deployments.filter((one) => environment === null || one.environment === environment);
      return page(
        url,
        shown.map(({ statuses: _, ...deployment }) => deployment),
      );
    }
    const [, id] = /^\/repos\/shop\/checkout\/deployments\/(\d+)\/statuses$/.exec(url.pathname) ?? [];
    const found = deployments.find((one) => String(one.id) === id);
    return found === undefined
      ? Response.json({ message: 'Not Found' }, { status: 404 })
      : page(url, found.statuses);
  }

  return {
    asked,
    trouble: (after, ...some) => {
      for (const [index, one] of some.entries()) troubles.set(asked.length + after + index, one);
    },
    fetch: (url, init) => {
      const trouble = troubles.get(asked.length);
      const authorization = new Headers(init?.headers).get('authorization');
      asked.push({ path: `${url.pathname}${url.search}`, authorization });
      if (trouble === 'drop') throw new TypeError('fetch failed');
      if (trouble === undefined) return answer(url);
      const { status, headers = {}, text = '{}' } = trouble;
      return new Response(text, { status, headers });
    },
  };
}
