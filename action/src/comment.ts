import type { Runner } from './runner.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What writing to a pull request needs. */
export type CommentDeps = {
  readonly env: Environment;
  readonly fetch: typeof globalThis.fetch;
  readonly runner: Pick<Runner, 'annotate' | 'write'>;
  readonly readFile: (path: string) => string;
};

/** What is commented on: one comment for each, which later runs write anew. */
export type CommentSubject = {
  readonly service: string;
  readonly environment: string | undefined;
  readonly target: string | undefined;
};

/** GitHub refuses longer comments; what it counts are characters, which are no more than bytes. */
export const mostCommentBytes = 65_000;

const pageSize = 100;
/** Nobody reads more comments, and neither does this. */
const mostPages = 10;
const timeoutMs = 10_000;

/** Stands unseen at the begin of the comment, by which the next run finds it. */
export function markOf({ service, environment, target }: CommentSubject): string {
  const parts = [service, environment ?? '', target ?? ''].map(encodeURIComponent);
  // Two hyphens would end what is unseen.
  return `<!-- serin gate ${parts.join('/').replaceAll('-', '%2D')} -->`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function numberOf(value: unknown): number | null {
  const number = isRecord(value) ? value['number'] : undefined;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : null;
}

/** The pull request that the event of the run is of: its own, or that of a comment on it. */
function numberOfEvent({ env, readFile }: CommentDeps): number | null {
  const path = env['GITHUB_EVENT_PATH'];
  if (path === undefined || path === '') return null;
  const event: unknown = JSON.parse(readFile(path));
  if (!isRecord(event)) return null;
  const { pull_request: pull, issue } = event;
  return numberOf(pull) ?? (isRecord(issue) && isRecord(issue['pull_request']) ? numberOf(issue) : null);
}

type Call = (method: string, path: string, body?: object) => Promise<unknown>;

function createCall({ env, fetch }: CommentDeps, token: string): Call {
  const api = (env['GITHUB_API_URL'] || 'https://api.github.com').replace(/\/+$/, '');
  return async (method, path, body) => {
    const response = await fetch(`${api}/repos/${env['GITHUB_REPOSITORY']}${path}`, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': 'serin-action',
        'x-github-api-version': '2022-11-28',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw new Error(`GitHub answered ${response.status} to ${method} ${path}`);
    return response.json();
  };
}

/** A run that is of no pull request, such as a deployment after the merge, is of the one that brought its commit. */
async function findPullRequest(call: Call, deps: CommentDeps): Promise<number | null> {
  const number = numberOfEvent(deps);
  const sha = deps.env['GITHUB_SHA'];
  if (number !== null || sha === undefined || sha === '') return number;
  const pulls = await call('GET', `/commits/${encodeURIComponent(sha)}/pulls`);
  return Array.isArray(pulls) ? numberOf(pulls[0]) : null;
}

async function findComment(call: Call, pull: number, mark: string): Promise<number | null> {
  for (let page = 1; page <= mostPages; page += 1) {
    const path = `/issues/${pull}/comments?per_page=${pageSize}&page=${page}`;
    const comments = await call('GET', path);
    if (!Array.isArray(comments)) return null;
    const own = comments.find(({ body }) => typeof body === 'string' && body.startsWith(mark));
    if (own !== undefined) return own.id;
    if (comments.length < pageSize) return null;
  }
  return null;
}

async function write(deps: CommentDeps, token: string, mark: string, markdown: string): Promise<void> {
  const call = createCall(deps, token);
  const pull = await findPullRequest(call, deps);
  if (pull === null) {
    deps.runner.write('comment-pr: this run is of no pull request\n');
    return;
  }
  const known = await findComment(call, pull, mark);
  const body = { body: `${mark}\n${markdown}` };
  await (known === null
    ? call('POST', `/issues/${pull}/comments`, body)
    : call('PATCH', `/issues/comments/${known}`, body));
}

/**
 * Writes `markdown` as the one comment of this subject in the pull request of the run, anew where it is there already.
 * What goes wrong is a warning: whether a change may go on never hangs on it.
 */
export async function commentOnPullRequest(
  deps: CommentDeps,
  token: string | undefined,
  subject: CommentSubject,
  markdown: string,
): Promise<void> {
  const warn = (reason: string): void =>
    deps.runner.annotate('warning', 'Serin: no comment', `comment-pr: ${reason}`);
  if (token === undefined) {
    warn('github-token is missing');
    return;
  }
  try {
    await write(deps, token, markOf(subject), markdown);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const needs = 'the job needs `permissions: { pull-requests: write }`, which runs of forks have not';
    warn(/answered (401|403|404)/.test(reason) ? `${reason}; ${needs}` : reason);
  }
}
