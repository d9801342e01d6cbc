import assert from 'node:assert/strict';
import type { TokenAccess } from '../../src/cli/token-access.ts';
import { runSerin } from './run-serin.ts';

const made = {
  id: 't1',
  name: 'ci',
  roles: ['gate'] as const,
  services: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'cli',
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
};

/** Tokens of a database that notes what it is asked. */
function makeDirect() {
  const calls: unknown[] = [];
  const access: TokenAccess = {
    create: async (order) => {
      calls.push(['create', order]);
      return { ...made, roles: ['gate'], token: 'serin_secret' };
    },
    list: async () => [
      { ...made, roles: ['gate'] },
      { ...made, roles: ['gate'], name: 'old', revokedAt: '2026-01-02T00:00:00.000Z' },
      { ...made, roles: ['gate'], name: 'gone', expiresAt: '2026-01-03T00:00:00.000Z' },
    ],
    revoke: async (nameOrId) => {
      calls.push(['revoke', nameOrId]);
      return { ...made, roles: ['gate'], revokedAt: '2026-01-02T00:00:00.000Z' };
    },
    close: async () => {
      calls.push(['close']);
    },
  };
  return { calls, open: async () => access };
}

/** A service that notes what it is asked and answers `status` and `body`. */
function makeFetch(status: number, body: unknown) {
  const calls: unknown[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    const { authorization } = init.headers as Record<string, string>;
    calls.push([init.method, url, authorization, init.body]);
    return new Response(JSON.stringify(body), { status });
  }) as typeof globalThis.fetch;
  return { calls, fetch };
}

describe('serin token', () => {
  it('creates directly in the database, and prints the token alone on stdout', async () => {
    const { calls, open } = makeDirect();
    const args = [
      'create',
      '--role',
      'gate',
      '--role',
      'record',
      '--name',
      'ci',
      '--service',
      'a',
      '--expires',
      '90d',
    ];
    const { code, stdout, stderr } = await runSerin(['token', ...args], {}, open);
    assert.deepEqual([code, stdout], [0, 'serin_secret\n']);
    assert.match(stderr, /ci {2}gate {2}all services/);
    assert.deepEqual(calls, [
      ['create', { name: 'ci', roles: ['gate', 'record'], services: ['a'], expires: '90d' }],
      ['close'],
    ]);
  });

  it('lists with state and without secrets, as JSON too', async () => {
    const { open } = makeDirect();
    const { stdout } = await runSerin(['token', 'list'], {}, open);
    const [valid = '', revoked = '', expired = ''] = stdout.split('\n');
    assert.match(valid, /^ci {2}gate {2}all services {2}valid {2}never used {2}t1$/);
    assert.match(revoked, /^old .*revoked 2026-01-02/);
    assert.match(expired, /^gone .*expired 2026-01-03/);
    const json = JSON.parse((await runSerin(['token', 'list', '--json'], {}, open)).stdout);
    assert.equal(json.items.length, 3);
  });

  it('revokes by name', async () => {
    const { calls, open } = makeDirect();
    assert.equal((await runSerin(['token', 'revoke', 'ci'], {}, open)).code, 0);
    assert.deepEqual(calls, [['revoke', 'ci'], ['close']]);
  });

  for (const [title, args, env] of [
    ['--url', ['--url', 'http://serin:8080/', '--token', 'boss'], {}],
    [
      '--url, whatever the database',
      ['--url', 'http://serin:8080'],
      { SERIN_TOKEN: 'boss', SERIN_DATABASE_URL: 'sqlite:x' },
    ],
    ['SERIN_URL without a database', [], { SERIN_URL: 'http://serin:8080', SERIN_TOKEN: 'boss' }],
  ] as const)
    it(`acts on a running service with ${title}`, async () => {
      const { calls, fetch } = makeFetch(201, { ...made, token: 'serin_secret' });
      const create = ['token', 'create', '--role', 'gate', '--name', 'ci', ...args];
      const { code, stdout } = await runSerin(create, { env, fetch });
      assert.deepEqual([code, stdout], [0, 'serin_secret\n']);
      const body = JSON.stringify({ name: 'ci', roles: ['gate'] });
      assert.deepEqual(calls, [['POST', 'http://serin:8080/v1/tokens', 'Bearer boss', body]]);
    });

  it('acts on the database where both are named in the environment', async () => {
    const { calls, open } = makeDirect();
    const env = { SERIN_URL: 'http://serin:8080', SERIN_DATABASE_URL: 'sqlite:x' };
    await runSerin(['token', 'list'], { env }, open);
    assert.deepEqual(calls, [['close']]);
  });

  it('names the token in the path as it is', async () => {
    const { calls, fetch } = makeFetch(200, { ...made, revokedAt: '2026-01-02T00:00:00.000Z' });
    await runSerin(['token', 'revoke', 'team/ci', '--url', 'http://serin:8080'], { fetch });
    assert.deepEqual(calls, [['POST', 'http://serin:8080/v1/tokens/team%2Fci/revoke', undefined, undefined]]);
  });

  it('says why a service refuses, and that it cannot be reached, without the token', async () => {
    const { fetch } = makeFetch(403, { detail: 'needs the role admin; token:ci has gate' });
    const list = ['token', 'list', '--url', 'http://serin:8080', '--token', 'hush'];
    const refused = await runSerin(list, { fetch });
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, /403: needs the role admin/);
    const away = await runSerin(list, { fetch: () => Promise.reject(new TypeError('fetch failed')) });
    assert.match(away.stderr, /http:\/\/serin:8080 cannot be reached/);
    assert.doesNotMatch(refused.stderr + away.stderr, /hush/);
  });

  for (const [wrong, args] of [
    [/Allowed are read, record, gate, admin/, ['create', '--role', 'boss', '--name', 'x']],
    [/--role/, ['create', '--name', 'x']],
    [/--name/, ['create', '--role', 'gate']],
    [/12h, 90d/, ['create', '--role', 'gate', '--name', 'x', '--expires', 'soon']],
    [/--url: found "ftp:/, ['list', '--url', 'ftp://x']],
  ] as const)
    it(`ends with 2 for ${args.join(' ')}`, async () => {
      const { code, stderr } = await runSerin(['token', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, wrong);
    });
});
