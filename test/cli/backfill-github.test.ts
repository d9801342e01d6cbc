import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../src/cli/io.ts';
import { type DeploymentAtGithub, type GithubDouble, githubUrl, makeGithub } from '../support/github-api.ts';
import { type Outcome, runSerin } from './run-serin.ts';

type Body = Record<string, unknown>;

const at = (day: number, time = '10:00'): string => `2026-10-${String(day).padStart(2, '0')}T${time}:00Z`;

function deployed(id: number, ...statuses: [state: string, created_at: string][]): DeploymentAtGithub {
  return {
    id,
    sha: `sha-${id}`,
    environment: 'production',
    task: 'deploy',
    payload: {},
    created_at: at(id),
    updated_at: '2026-11-20T00:00:00Z',
    creator: { login: 'ada' },
    // GitHub tells the newest first.
    statuses: statuses.map(([state, created_at]) => ({ state, created_at })).reverse(),
  };
}

const out = (id: number) =>
  deployed(id, ['in_progress', at(id, '10:05')], ['success', at(id, '10:20')], ['inactive', at(id + 1)]);

describe('serin backfill github', () => {
  let folder: string;
  let sent: { changes: Body[]; dryRun: boolean }[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serin-github-'));
  });
  beforeEach(() => {
    sent = [];
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const run = (github: GithubDouble, args: string[] = [], more: Partial<Io> = {}): Promise<Outcome> => {
    const fetch: Io['fetch'] = async (input, init) => {
      const url = new URL(String(input));
      if (url.origin === githubUrl) return github.fetch(url, init);
      const body = JSON.parse(String(init?.body));
      sent.push(body);
      assert.equal(new Headers(init?.headers).get('authorization'), 'Bearer serin-token');
      const items = body.changes.map((_: unknown, index: number) => ({
        kind: 'change',
        index,
        result: 'made',
      }));
      return Response.json({ items });
    };
    const env = { SERIN_TOKEN: 'serin-token', GITHUB_TOKEN: 'github-token' };
    const flags = ['--repository', 'shop/checkout', '--github-url', githubUrl, ...args];
    return runSerin(['backfill', 'github', ...flags], { fetch, env, ...more });
  };
  const changes = () => sent.flatMap((body) => body.changes);

  it('tells deployments as the webhooks of the GitHub App do, by the time of each status', async () => {
    const { code, stdout } = await run(makeGithub([out(5)]));

    assert.equal(code, 0);
    assert.match(stdout, /^1 made/);
    assert.deepEqual(changes(), [
      {
        source: 'github',
        externalId: '77/5',
        service: 'checkout',
        environment: 'production',
        commit: 'sha-5',
        actor: 'ada',
        startedAt: at(5, '10:05'),
        finishedAt: at(5, '10:20'),
        outcome: 'succeeded',
      },
    ]);
  });

  it('tells every end that a deployment had', async () => {
    await run(makeGithub([deployed(5, ['failure', at(5, '10:10')], ['success', at(5, '10:40')])]));

    assert.deepEqual(
      changes().map(({ finishedAt, outcome, failureClass }) => [finishedAt, outcome, failureClass]),
      [
        [at(5, '10:10'), 'failed', 'failed_to_deploy'],
        [at(5, '10:40'), 'succeeded', undefined],
      ],
    );
  });

  it('marks the time as estimated where GitHub has forgotten the success, and never takes updated_at', async () => {
    await run(
      makeGithub([
        deployed(6, ['in_progress', at(6, '10:05')], ['inactive', at(9)]),
        deployed(5, ['inactive', at(6)]),
      ]),
    );

    assert.deepEqual(
      changes().map(({ finishedAt, finishedAtEstimated, outcome }) => [
        finishedAt,
        finishedAtEstimated,
        outcome,
      ]),
      [
        [at(6, '10:05'), true, 'succeeded'],
        [at(5), true, 'succeeded'],
      ],
    );
  });

  it('leaves open what has no end yet, and out what nothing is known of any more', async () => {
    await run(makeGithub([deployed(6, ['queued', at(6)]), deployed(5)]));

    assert.equal(changes().length, 1);
    assert.equal(changes()[0]?.['externalId'], '77/6');
    assert.equal(changes()[0]?.['outcome'], undefined);
  });

  it('takes kind, version and service of what a deployment carries', async () => {
    const carrying = (id: number, more: Partial<DeploymentAtGithub>) => ({ ...out(id), ...more });
    const all = makeGithub([
      carrying(9, { task: 'deploy:rollback' }),
      carrying(8, { payload: '{"version": "v8", "kind": "hotfix"}' }),
      carrying(7, { payload: { service: 'search' } }),
      carrying(6, { payload: 'no object' }),
    ]);
    await run(all);
    assert.deepEqual(
      changes().map(({ service, version, kind }) => [service, version, kind]),
      [
        ['checkout', undefined, 'rollback'],
        ['checkout', 'v8', 'hotfix'],
        ['search', undefined, undefined],
        ['checkout', undefined, undefined],
      ],
    );

    sent = [];
    await run(all, ['--service', 'shop']);
    assert.deepEqual(
      changes().map(({ service }) => service),
      ['shop', 'shop', 'shop'],
    );
  });

  it('reads all pages of an environment, up to the date asked for', async () => {
    const elsewhere = { ...out(8), environment: 'staging' };
    const github = makeGithub([out(9), elsewhere, out(7), out(6), out(5), out(4)]);
    await run(github, ['--environment', 'production', '--since', '2026-10-05']);

    assert.deepEqual(
      changes().map(({ externalId }) => externalId),
      ['77/9', '77/7', '77/6', '77/5'],
    );
    assert.ok(
      github.asked.some(({ path }) => path.includes('page=3') && path.includes('environment=production')),
    );
    assert.ok(github.asked.every(({ authorization }) => authorization === 'Bearer github-token'));
  });

  it('waits until the rate limit is reset, and as long as a secondary limit says', async () => {
    const github = makeGithub([out(5)]);
    const now = Date.parse('2026-11-23T10:00:00Z');
    github.trouble(
      0,
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 + 600) },
      },
      { status: 403, headers: { 'retry-after': '30' }, text: 'secondary rate limit' },
      { status: 403, text: 'You have exceeded a secondary rate limit' },
      { status: 429 },
    );
    const { code, elapsed, stderr } = await run(github);

    assert.equal(code, 0);
    assert.equal(elapsed, 601_000 + 30_000 + 60_000 + 60_000);
    assert.match(stderr, /the rate limit of GitHub is used up; waiting 10m/);
    assert.equal(changes().length, 1);
  });

  it('waits before the next call when an answer was the last one allowed', async () => {
    const github = makeGithub([out(5)]);
    const reset = String(Date.parse('2026-11-23T10:05:00Z') / 1000);
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
    github.trouble(0, { status: 200, headers, text: '{"id": 77}' });

    assert.equal((await run(github)).elapsed, 301_000);
  });

  it('tries again through an outage of GitHub', async () => {
    const github = makeGithub([out(5)]);
    github.trouble(1, 'drop', { status: 502 });
    const { code, elapsed } = await run(github);

    assert.deepEqual([code, elapsed, changes().length], [0, 1000 + 2000, 1]);
  });

  it('sends what it has read when GitHub stays away, and goes on there the next time', async () => {
    const state = join(folder, 'state.json');
    const github = makeGithub([out(9), out(8), out(7)]);
    github.trouble(6, ...Array(9).fill('drop'));
    const ended = await run(github, ['--state', state]);

    assert.equal(ended.code, 5);
    assert.match(ended.stdout, /^2 made, .*\n2 are in, 0 are not\nit ended early: GitHub cannot be reached/);
    assert.ok(ended.stdout.endsWith(`run it again with --state ${state} to go on there\n`));
    assert.deepEqual(
      changes().map(({ externalId }) => externalId),
      ['77/9', '77/8'],
    );
    assert.equal(JSON.parse(await readFile(state, 'utf8')).doneFrom, 8);

    sent = [];
    const again = makeGithub([out(9), out(8), out(7)]);
    assert.equal((await run(again, ['--state', state])).code, 0);
    assert.deepEqual(
      changes().map(({ externalId }) => externalId),
      ['77/7'],
    );
    assert.equal(again.asked.filter(({ path }) => path.includes('statuses')).length, 2);
    await assert.rejects(readFile(state, 'utf8'), { code: 'ENOENT' });
  });

  for (const [when, trouble] of [
    ['a limit is waited out', { status: 429 }],
    ['an outage is waited out', { status: 502 }],
  ] as const)
    it(`ends at once when it is interrupted while ${when}`, async () => {
      const github = makeGithub([out(9), out(8), out(7)]);
      github.trouble(4, trouble);
      const stop = new AbortController();
      const waits: number[] = [];
      const sleep: Io['sleep'] = async (milliseconds, signal) => {
        waits.push(milliseconds);
        stop.abort();
        signal?.throwIfAborted();
      };
      const { code, stdout } = await run(github, [], { sleep, interrupted: () => stop.signal });

      assert.equal(code, 5);
      assert.match(stdout, /it ended early: it was stopped/);
      assert.equal(waits.length, 1);
      assert.equal(github.asked.length, 5);
    });

  it('ends at once when it is interrupted while GitHub does not answer', async () => {
    const stop = new AbortController();
    const hang: Io['fetch'] = async (_, init) => {
      stop.abort();
      init?.signal?.throwIfAborted();
      throw new Error('the call goes on');
    };
    const { code, stdout } = await run(makeGithub([]), [], { fetch: hang, interrupted: () => stop.signal });

    assert.equal(code, 5);
    assert.match(stdout, /it ended early: it was stopped/);
  });

  for (const who of ['GitHub', 'Serin'])
    it(`keeps the state when ${who} refuses to go on, and says in JSON that it ended early`, async () => {
      const state = join(folder, `${who}.json`);
      const text = JSON.stringify({ repository: 'shop/checkout', environment: null, doneFrom: 9 });
      await writeFile(state, text);
      const github = makeGithub([out(9), out(8)]);
      if (who === 'GitHub') github.trouble(2, { status: 403, text: 'not any more' });
      const fetch: Io['fetch'] = async (input, init) => {
        const url = new URL(String(input));
        return url.origin === githubUrl
          ? github.fetch(url, init)
          : Response.json({ detail: 'needs the role record' }, { status: 403 });
      };
      const { code, stdout } = await run(github, ['--state', state, '--json'], { fetch });

      const { ending, reason } = JSON.parse(stdout);
      assert.deepEqual([code, ending], [2, 'refused']);
      assert.match(
        reason,
        who === 'GitHub' ? /GitHub answered 403 .*: not any more/ : /^needs the role record$/,
      );
      assert.equal(await readFile(state, 'utf8'), text);
    });

  it('refuses a state that is none', async () => {
    const state = join(folder, 'none.json');
    for (const text of ['{"repository"', 'null', '{"repository":"shop/checkout","environment":null}']) {
      await writeFile(state, text);
      const { code, stderr } = await run(makeGithub([out(9)]), ['--state', state]);
      assert.equal(code, 2);
      assert.match(stderr, /--state: .*none\.json is no state of a backfill; name another file/);
    }
  });

  it('refuses a state that is of another repository', async () => {
    const state = join(folder, 'other.json');
    const github = makeGithub([out(9)]);
    await run(makeGithub([out(9), out(8)]), ['--state', state, '--dry-run']);
    await assert.rejects(readFile(state, 'utf8'), { code: 'ENOENT' }, 'a dry run leaves no state');

    await writeFile(state, JSON.stringify({ repository: 'shop/search', environment: null, doneFrom: 5 }));
    const { code, stderr } = await run(github, ['--state', state]);
    assert.equal(code, 2);
    assert.match(stderr, /--state: .* is of shop\/search, all environments; name another file/);
  });

  it('asks for a dry run', async () => {
    const { stdout } = await run(makeGithub([out(5)]), ['--dry-run']);

    assert.equal(sent[0]?.dryRun, true);
    assert.match(stdout, /^dry run, nothing was kept; there would be 1 made/);
  });

  for (const [status, message] of [
    [401, /the token in GITHUB_TOKEN is not valid/],
    [404, /there is no such repository, or the token in GITHUB_TOKEN may not read its deployments/],
    [403, /GitHub answered 403 to \/repos\/shop\/checkout: Resource not accessible/],
  ] as const) {
    it(`ends with 2 when GitHub answers ${status}, and shows no token`, async () => {
      const github = makeGithub([out(5)]);
      github.trouble(0, { status, text: 'Resource not accessible' });
      const { code, stderr, stdout } = await run(github);

      assert.equal(code, 2);
      assert.match(stdout, message);
      assert.ok(!`${stdout}${stderr}`.includes('github-token'));
    });
  }

  it('never follows a link to elsewhere with the token', async () => {
    const github = makeGithub([out(5)]);
    github.trouble(1, { status: 200, headers: { link: '<https://evil.test/next>; rel="next"' }, text: '[]' });

    assert.equal((await run(github)).code, 0);
    assert.deepEqual(changes(), []);
  });

  it('refuses wrong flags', async () => {
    const github = makeGithub([]);
    const { code, stderr } = await run(github, [
      '--repository',
      'shop',
      '--since',
      'monday',
      '--github-url',
      'x',
    ]);

    assert.equal(code, 2);
    for (const flag of ['--repository', '--since', '--github-url'])
      assert.match(stderr, new RegExp(`${flag}: `));
  });
});
