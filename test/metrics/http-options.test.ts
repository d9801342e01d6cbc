import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { httpFields } from '../../src/metrics/http-options.ts';

const schema = z.object(httpFields);
const url = 'http://prometheus:9090';
const certificate = readFileSync(new URL('fixtures/loopback-certificate.pem', import.meta.url), 'utf8');

function issuesOf(config: object): string[] {
  const result = schema.safeParse(config);
  return result.success
    ? []
    : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('httpFields', () => {
  it('needs only a url; the timeout is then 10 s', () => {
    assert.deepEqual(schema.parse({ url }), { url, timeout: 10_000 });
  });

  for (const good of [
    'https://metrics.example/prometheus/',
    'http://127.0.0.1:9090',
    'http://[::1]:9090/a/b',
  ]) {
    it(`takes ${good}`, () => assert.deepEqual(issuesOf({ url: good }), []));
  }

  for (const [bad, message] of [
    ['prometheus:9090', 'url: allowed is an http:// or https:// address, such as http://prometheus:9090'],
    ['ftp://prometheus', 'url: allowed is an http:// or https:// address, such as http://prometheus:9090'],
    ['', 'url: allowed is an http:// or https:// address, such as http://prometheus:9090'],
    ['http://bob:hunter2@prometheus', 'url: holds a user or password; put them into auth.basic'],
    ['http://prometheus/?key=hunter2', 'url: holds a query or fragment; allowed are host, port and path'],
    ['http://prometheus/#hunter2', 'url: holds a query or fragment; allowed are host, port and path'],
  ] as const) {
    it(`refuses the url "${bad}" without repeating it`, () =>
      assert.deepEqual(issuesOf({ url: bad }), [message]));
  }

  it('takes a bearer token and strikes the line break that ends a secret’s file', () => {
    assert.deepEqual(schema.parse({ url, auth: { bearer: 'abc\n' } }).auth, { bearer: 'abc' });
  });

  it('takes basic credentials', () => {
    const auth = { basic: { username: 'bob', password: 'p w:d' } };

    assert.deepEqual(schema.parse({ url, auth }).auth, auth);
  });

  for (const [name, auth, pattern] of [
    [
      'both ways of authentication',
      { bearer: 'a', basic: { username: 'b', password: 'c' } },
      /^auth: allowed is either/,
    ],
    ['neither', {}, /^auth: allowed is either/],
    ['an unknown way', { token: 'a' }, /^auth: unknown key "token"; allowed are bearer, basic/],
    ['an empty token', { bearer: '' }, /^auth\.bearer: found an empty text/],
    ['a token with a line break inside', { bearer: 'a\nb' }, /^auth\.bearer: holds a line break/],
    [
      'a user name with a colon',
      { basic: { username: 'a:b', password: 'c' } },
      /^auth\.basic\.username: .*colon/,
    ],
    ['no password', { basic: { username: 'a' } }, /^auth\.basic\.password: /],
  ] as const) {
    it(`refuses ${name}`, () => {
      const issues = issuesOf({ url, auth });

      assert.match(issues[0] ?? '', pattern);
    });
  }

  it('takes headers, but none that Serin sets itself', () => {
    assert.deepEqual(issuesOf({ url, headers: { 'X-Scope-OrgID': 'shop' } }), []);
    for (const name of ['Authorization', 'host', 'Content-Length', 'Transfer-Encoding']) {
      assert.match(issuesOf({ url, headers: { [name]: 'x' } })[0] ?? '', /^headers\./, name);
    }
    assert.match(issuesOf({ url, headers: { 'a b': 'x' } })[0] ?? '', /^headers\.a b/);
    assert.match(issuesOf({ url, headers: { a: 'x\r\ny: z' } })[0] ?? '', /^headers\.a: holds a line break/);
  });

  it('takes a certificate in PEM form and nothing else as authority', () => {
    assert.deepEqual(issuesOf({ url, ca: certificate }), []);
    assert.match(issuesOf({ url, ca: '/etc/ssl/ca.pem' })[0] ?? '', /^ca: is no certificate in PEM form/);
  });

  it('takes a timeout of 100 ms to 300 s', () => {
    assert.equal(schema.parse({ url, timeout: '30s' }).timeout, 30_000);
    for (const timeout of ['99ms', '301s', '0s', '10']) {
      assert.match(issuesOf({ url, timeout })[0] ?? '', /^timeout: /, timeout);
    }
  });
});
