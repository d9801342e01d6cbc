import assert from 'node:assert/strict';
import { type CommentDeps, commentOnPullRequest, markOf } from '../../action/src/comment.ts';

const subject = { service: 'checkout', environment: 'production', target: undefined };
const api = 'https://github.example/api/v3';

type Comment = { readonly id: number; readonly body: string };

/** The part of GitHub that comments are written to; `status` is what it answers instead. */
function makeGithub(comments: Comment[], { pulls = [] as object[], status = 200 } = {}) {
  const calls: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const path = url.pathname.replace('/api/v3/repos/shop/checkout', '');
    const method = init?.method ?? 'GET';
    calls.push(`${method} ${path}`);
    assert.equal(new Headers(init?.headers).get('authorization'), 'Bearer github-token');
    if (status !== 200) return new Response('{}', { status });
    if (path.startsWith('/commits/')) return Response.json(pulls);
    if (method === 'GET') {
      const page = Number(url.searchParams.get('page'));
      return Response.json(comments.slice((page - 1) * 100, page * 100));
    }
    return Response.json(keep(comments, path, JSON.parse(String(init?.body)).body));
  };
  return { calls, fetch };
}

/** A comment that has an id is written anew. */
function keep(comments: Comment[], path: string, body: string): Comment {
  const id = Number(/\/comments\/(\d+)$/.exec(path)?.[1] ?? comments.length + 1);
  const index = comments.findIndex((comment) => comment.id === id);
  comments.splice(index < 0 ? comments.length : index, index < 0 ? 0 : 1, { id, body });
  return { id, body };
}

function makeDeps(fetch: CommentDeps['fetch'], event: object = { pull_request: { number: 7 } }) {
  const told: string[] = [];
  const deps: CommentDeps = {
    env: {
      GITHUB_API_URL: api,
      GITHUB_REPOSITORY: 'shop/checkout',
      GITHUB_SHA: 'abc',
      GITHUB_EVENT_PATH: '/event.json',
    },
    fetch,
    readFile: () => JSON.stringify(event),
    runner: {
      annotate: (level, _title, message) => void told.push(`${level} ${message}`),
      write: (text) => void told.push(text.trim()),
    },
  };
  return { deps, told };
}

describe('commentOnPullRequest(deps, token, subject, markdown)', () => {
  it('writes one comment, and that one anew the next time, wherever it stands', async () => {
    const comments = Array.from({ length: 120 }, (_, index) => ({ id: index + 1, body: `said ${index}` }));
    const { fetch } = makeGithub(comments);
    const { deps, told } = makeDeps(fetch);

    await commentOnPullRequest(deps, 'github-token', subject, 'first');
    await commentOnPullRequest(deps, 'github-token', { ...subject, target: 'eu' }, 'other');
    await commentOnPullRequest(deps, 'github-token', subject, 'second');

    assert.deepEqual(
      comments.slice(120).map(({ body }) => body.split('\n')[1]),
      ['second', 'other'],
    );
    assert.deepEqual(told, []);
  });

  it('finds the pull request of a comment, or the one that brought the commit', async () => {
    const { fetch, calls } = makeGithub([], { pulls: [{ number: 12 }] });
    await commentOnPullRequest(
      makeDeps(fetch, { issue: { number: 9, pull_request: {} } }).deps,
      'github-token',
      subject,
      'x',
    );
    await commentOnPullRequest(makeDeps(fetch, { after: 'abc' }).deps, 'github-token', subject, 'x');

    assert.deepEqual(calls, [
      'GET /issues/9/comments',
      'POST /issues/9/comments',
      'GET /commits/abc/pulls',
      'GET /issues/12/comments',
      'PATCH /issues/comments/1',
    ]);
  });

  it('says so where there is no pull request', async () => {
    const { fetch } = makeGithub([]);
    const { deps, told } = makeDeps(fetch, { issue: { number: 9 } });
    await commentOnPullRequest(deps, 'github-token', subject, 'x');
    assert.deepEqual(told, ['comment-pr: this run is of no pull request']);
  });

  it('warns and goes on when GitHub refuses, is away or the event cannot be read', async () => {
    const refusing = makeDeps(makeGithub([], { status: 403 }).fetch);
    await commentOnPullRequest(refusing.deps, 'github-token', subject, 'x');
    assert.match(refusing.told.join(), /^warning comment-pr: GitHub answered 403 .*pull-requests: write/);

    const away = makeDeps(() => Promise.reject(new Error('fetch failed')));
    await commentOnPullRequest(away.deps, 'github-token', subject, 'x');
    assert.deepEqual(away.told, ['warning comment-pr: fetch failed']);

    const broken = makeDeps(makeGithub([]).fetch);
    await commentOnPullRequest({ ...broken.deps, readFile: () => '{' }, 'github-token', subject, 'x');
    assert.match(broken.told.join(), /^warning comment-pr: /);

    const bare = makeDeps(makeGithub([]).fetch);
    await commentOnPullRequest(bare.deps, undefined, subject, 'x');
    assert.deepEqual(bare.told, ['warning comment-pr: github-token is missing']);
  });

  it('hides its mark whatever the service is called', () => {
    const mark = markOf({ service: 'a--> <b>/c', environment: undefined, target: 'eu' });
    assert.match(mark, /^<!-- serin gate [^<>]* -->$/);
    assert.equal(mark.slice(4, -3).includes('--'), false);
    assert.notEqual(mark, markOf({ service: 'a--> <b>', environment: 'c', target: 'eu' }));
  });
});
