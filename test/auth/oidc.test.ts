import assert from 'node:assert/strict';
import { base64url } from 'jose';
import { createOidc, type OidcResult } from '../../src/auth/oidc.ts';
import { type OidcIssuer, oidcSchema } from '../../src/auth/oidc-config.ts';
import { parseWith } from '../../src/parse.ts';
import { githubClaims, makeKey, type SigningKey } from '../support/oidc-issuer.ts';

const issuer = 'https://token.actions.githubusercontent.com';
const audience = 'https://serin.example';
const start = Date.parse('2026-11-23T10:00:00Z');
const rule = {
  claims: { repository_id: '123', environment: 'production', ref: 'refs/heads/main' },
  roles: ['gate'],
  services: ['checkout'],
};

function read(section: unknown): readonly OidcIssuer[] {
  return parseWith(oidcSchema, section, ['auth', 'oidc']);
}

describe('the tokens of CI systems', () => {
  let github: SigningKey;
  let other: SigningKey;
  let now = start;
  let published: unknown;
  let asked: string[] = [];

  before(async () => {
    github = await makeKey('k1');
    other = await makeKey('k2');
  });
  beforeEach(() => {
    now = start;
    asked = [];
    published = { keys: [github.jwk] };
  });

  /** Whoever asks for keys gets what is published at that moment; an Error is an outage. */
  const make = (section: unknown = [{ issuer, audience, rules: [rule] }]) => {
    const issuers = read(section);
    return createOidc({
      issuers: () => issuers,
      fetchJson: async (url) => {
        asked.push(url);
        if (published instanceof Error) throw published;
        return published;
      },
      now: () => now,
    });
  };
  const sign = (
    changes: Readonly<Record<string, unknown>> = {},
    signing: Partial<Parameters<SigningKey['sign']>[1]> = {},
    key = github,
  ): Promise<string> => key.sign({ ...githubClaims, ...changes }, { issuer, audience, now, ...signing });
  const reasonOf = (result: OidcResult): string => ('reason' in result ? result.reason : result.kind);

  it('make a caller of the repository, with the roles and services of the rule', async () => {
    assert.deepEqual(await make()(await sign()), {
      kind: 'caller',
      caller: {
        name: 'oidc:token.actions.githubusercontent.com:octocat/shop',
        kind: 'oidc',
        roles: ['gate'],
        services: ['checkout'],
      },
      detail:
        'run_id 42, run_attempt 1, actor octocat, ref refs/heads/main, environment production, workflow_ref octocat/shop/.github/workflows/deploy.yml@refs/heads/main',
    });
  });

  it('are checked with keys from the address of the configuration', async () => {
    await make()(await sign());
    assert.deepEqual(asked, [`${issuer}/.well-known/jwks`]);
    asked = [];
    await make([{ issuer, audience, jwksUrl: 'https://keys.example/jwks', rules: [rule] }])(await sign());
    assert.deepEqual(asked, ['https://keys.example/jwks']);
  });

  it('may be signed with ES256', async () => {
    const es = await makeKey('e1', 'ES256');
    published = { keys: [es.jwk] };
    assert.equal((await make()(await sign({}, {}, es))).kind, 'caller');
  });

  it('are nobody’s business when another issuer minted them, and no key is asked for', async () => {
    const result = await make()(await sign({}, { issuer: 'https://evil.example' }));
    assert.deepEqual(result, { kind: 'foreign' });
    assert.deepEqual(asked, []);
  });

  it('are told from other credentials', async () => {
    const oidc = make();
    for (const text of ['', 'a', 'a.b.c', 'srn_abc', `${'x'.repeat(20_000)}.a.b`])
      assert.deepEqual(await oidc(text), { kind: 'foreign' });
  });

  it('are refused when signed by somebody else under the same name of a key', async () => {
    const forger = await makeKey('k1');
    const result = await make()(await sign({}, {}, forger));
    assert.equal(result.kind, 'refused');
    assert.match(reasonOf(result), /signature is not that of its issuer/);
  });

  it('are refused without a signature and with a shared secret', async () => {
    const [, payload = ''] = (await sign()).split('.');
    for (const header of [{ alg: 'none' }, { alg: 'HS256', kid: 'k1' }]) {
      const forged = `${base64url.encode(JSON.stringify(header))}.${payload}.${base64url.encode('x')}`;
      const result = await make()(forged);
      assert.equal(result.kind, 'refused');
      assert.match(reasonOf(result), /another way than RS256 or ES256|malformed/);
    }
  });

  it('are refused for another audience, saying which to ask for', async () => {
    const result = await make()(await sign({}, { audience: 'https://other.example' }));
    assert.equal(result.kind, 'refused');
    assert.match(reasonOf(result), /ask for https:\/\/serin\.example/);
  });

  it('are good for their time and five seconds', async () => {
    const [oidc, token] = [make(), await sign({}, { lifetime: 300 })];
    now = start + 304_000;
    assert.equal((await oidc(token)).kind, 'caller');
    now = start + 306_000;
    assert.match(reasonOf(await oidc(token)), /has expired/);
  });

  it('are refused when they are not valid yet', async () => {
    const seconds = start / 1000;
    assert.equal((await make()(await sign({ nbf: seconds + 4 }))).kind, 'caller');
    assert.equal((await make()(await sign({ nbf: seconds + 60 }))).kind, 'refused');
  });

  it('cannot be judged while keys were never had, which is no refusal', async () => {
    published = new Error('away');
    assert.equal((await make()(await sign())).kind, 'unknown');
    published = { nothing: true };
    assert.equal((await make()(await sign())).kind, 'unknown');
  });

  describe('and the keys of their issuer', () => {
    it('are kept for ten minutes', async () => {
      const oidc = make();
      for (const minutes of [0, 1, 9]) {
        now = start + minutes * 60_000;
        await oidc(await sign());
      }
      assert.equal(asked.length, 1);
      now = start + 11 * 60_000;
      await oidc(await sign());
      assert.equal(asked.length, 2);
    });

    it('are asked for once by many at a time', async () => {
      const [oidc, token] = [make(), await sign()];
      const results = await Promise.all(Array.from({ length: 20 }, () => oidc(token)));
      assert.ok(results.every(({ kind }) => kind === 'caller'));
      assert.equal(asked.length, 1);
    });

    it('are asked for anew when a token names a new one, but not at will', async () => {
      const oidc = make();
      await oidc(await sign());
      now += 31_000;
      published = { keys: [github.jwk, other.jwk] };
      assert.equal((await oidc(await sign({}, {}, other))).kind, 'caller');
      const unknown = await makeKey('k3');
      now += 31_000;
      for (let attempt = 0; attempt < 5; attempt += 1)
        assert.match(reasonOf(await oidc(await sign({}, {}, unknown))), /does not publish/);
      assert.equal(asked.length, 3);
    });

    it('are trusted for a day while the issuer is away, and no longer', async () => {
      const oidc = make();
      await oidc(await sign());
      published = new Error('away');
      now = start + 23 * 3_600_000;
      assert.equal((await oidc(await sign())).kind, 'caller');
      const tries = asked.length;
      assert.equal((await oidc(await sign())).kind, 'caller');
      assert.equal(asked.length, tries, 'an issuer that is away is not asked at each call');
      now = start + 25 * 3_600_000;
      assert.equal((await oidc(await sign())).kind, 'unknown');
    });

    it('stop being good when the issuer withdraws them', async () => {
      const oidc = make();
      await oidc(await sign());
      published = { keys: [other.jwk] };
      now = start + 11 * 60_000;
      assert.equal((await oidc(await sign())).kind, 'refused');
    });
  });

  describe('and the rules', () => {
    it('must be met in every claim', async () => {
      for (const changes of [
        { repository_id: '124' },
        { environment: 'staging' },
        { environment: undefined },
        { ref: 'refs/heads/main2' },
      ]) {
        const result = await make()(await sign(changes));
        assert.equal(result.kind, 'forbidden', JSON.stringify(changes));
        assert.match(reasonOf(result), new RegExp(Object.keys(changes)[0] ?? ''));
      }
    });

    it('go by the number of the repository and not by its name or subject', async () => {
      const impostor = await make()(await sign({ repository_id: '999' }));
      assert.equal(impostor.kind, 'forbidden');
      const renamed = await make()(await sign({ repository: 'new/name', sub: 'repo:x@1/y@2:ref:z' }));
      assert.equal(renamed.kind, 'caller');
    });

    it('are tried in order until one is met', async () => {
      const second = { claims: { repository_id: '123' }, roles: ['record'] };
      const oidc = make([{ issuer, audience, rules: [rule, second] }]);
      const result = await oidc(await sign({ environment: 'staging' }));
      assert.ok(result.kind === 'caller');
      assert.deepEqual([result.caller.roles, result.caller.services], [['record'], null]);
    });

    it('match a pattern by its beginning', async () => {
      const claims = { repository_id: '123', ref: 'refs/heads/release/*' };
      const oidc = make([{ issuer, audience, rules: [{ claims, roles: ['gate'] }] }]);
      assert.equal((await oidc(await sign({ ref: 'refs/heads/release/1.2' }))).kind, 'caller');
      assert.equal((await oidc(await sign({ ref: 'refs/heads/releases' }))).kind, 'forbidden');
    });

    it('let in no proposed change that they do not name, and say why', async () => {
      const claims = { repository_id: '123' };
      const oidc = make([{ issuer, audience, rules: [{ claims, roles: ['gate'] }] }]);
      for (const event_name of ['pull_request', 'pull_request_target', 'pull_request_review']) {
        const result = await oidc(await sign({ event_name }));
        assert.equal(result.kind, 'forbidden');
        assert.match(reasonOf(result), new RegExp(`started by ${event_name}: .*fork.*name event_name`));
      }
      assert.match(reasonOf(await oidc(await sign({ event_name: undefined }))), /does not say by event_name/);
    });

    it('let in proposed changes of the kind they name', async () => {
      const claims = { repository_id: '123', event_name: 'pull_request' };
      const oidc = make([{ issuer, audience, rules: [{ claims, roles: ['read'] }] }]);
      assert.equal((await oidc(await sign({ event_name: 'pull_request' }))).kind, 'caller');
      assert.equal((await oidc(await sign({ event_name: 'pull_request_target' }))).kind, 'forbidden');
    });

    it('compare GitLab’s booleans as the text they are', async () => {
      const gitlab = 'https://gitlab.com';
      const claims = { project_id: 7, ref_protected: true, environment: 'production' };
      const oidc = make([{ issuer: gitlab, audience, rules: [{ claims, roles: ['gate'] }] }]);
      const token = (changes: Readonly<Record<string, unknown>>): Promise<string> =>
        github.sign(
          {
            project_id: '7',
            project_path: 'shop/checkout',
            ref_protected: 'true',
            environment: 'production',
            pipeline_source: 'push',
            user_login: 'ada',
            ...changes,
          },
          { issuer: gitlab, audience, now },
        );
      const result = await oidc(await token({}));
      assert.ok(result.kind === 'caller');
      assert.equal(result.caller.name, 'oidc:gitlab.com:shop/checkout');
      assert.equal(result.detail, 'user_login ada, environment production');
      assert.deepEqual(asked, ['https://gitlab.com/oauth/discovery/keys']);
      assert.equal((await oidc(await token({ ref_protected: 'false' }))).kind, 'forbidden');
      const merge = await oidc(await token({ pipeline_source: 'merge_request_event' }));
      assert.match(reasonOf(merge), /only proposed/);
    });

    it('tell a stranger nothing of what they ask for', async () => {
      const reason = reasonOf(await make()(await sign({ repository_id: '999' })));
      assert.doesNotMatch(reason, /123/);
    });

    it('keep text of the token on one line of the name', async () => {
      const result = await make()(await sign({ repository: 'a/b\n::error::\u001b[2J', actor: 'x\ny' }));
      assert.ok(result.kind === 'caller');
      assert.doesNotMatch(`${result.caller.name}${result.detail}`, /\p{C}/u);
    });
  });
});

describe('the section auth.oidc', () => {
  const faults = (section: unknown): readonly string[] => {
    try {
      read(section);
      return [];
    } catch (error) {
      const { issues } = error as { issues: readonly { path: string; message: string }[] };
      return issues.map(({ path, message }) => `${path}: ${message}`);
    }
  };
  const withClaims = (claims: unknown, changes: object = {}): unknown => [
    { issuer, audience, rules: [{ claims, roles: ['gate'] }], ...changes },
  ];

  it('asks for the number of the repository or project', () => {
    const found = faults(withClaims({ repository: 'octocat/shop', ref: 'refs/heads/main' }));
    assert.match(found.join(), /^auth\.oidc\[0\]\.rules\[0\]\.claims\.repository_id: is missing; /);
    const gitlab = faults(withClaims({ project_path: 'a/b' }, { issuer: 'https://gitlab.com' }));
    assert.match(gitlab.join(), /claims\.project_id: is missing/);
  });

  it('allows a star at the end of references only', () => {
    const id = { repository_id: '123' };
    assert.deepEqual(faults(withClaims({ ...id, ref: 'refs/tags/v*', environment: 'prod-*' })), []);
    for (const claims of [
      { repository_id: '12*' },
      { ...id, actor: 'octo*' },
      { ...id, event_name: '*' },
      { ...id, ref: '*' },
      { ...id, workflow_ref: 'o/r/.github/workflows/*@refs/heads/main' },
    ])
      assert.equal(faults(withClaims(claims)).length, 1, JSON.stringify(claims));
  });

  it('guesses the type of the issuers that are known by their address', () => {
    const typeOf = (url: string): string | undefined =>
      read(withClaims({ repository_id: '1', project_id: '1' }, { issuer: url }))[0]?.type;
    assert.equal(typeOf('https://ghes.example/_services/token'), 'github');
    assert.equal(typeOf('https://token.actions.octocorp.ghe.com'), 'github');
    assert.equal(typeOf('https://token.actions.githubusercontent.com/octo-enterprise'), 'github');
    assert.equal(typeOf('https://gitlab.com'), 'gitlab');
    assert.match(
      faults(
        withClaims({ sub: 'x' }, { issuer: 'https://token.actions.githubusercontent.com.evil.example' }),
      ).join(),
      /type: is missing/,
    );
  });

  it('asks an issuer of another type for the address of its keys', () => {
    const changes = { issuer: 'https://ci.example', type: 'other' };
    assert.match(faults(withClaims({ sub: 'x' }, changes)).join(), /jwksUrl: is missing/);
    assert.deepEqual(faults(withClaims({ sub: 'x' }, { ...changes, jwksUrl: 'https://ci.example/k' })), []);
    assert.match(faults(withClaims({}, { ...changes, jwksUrl: 'https://ci.example/k' })).join(), /is empty/);
  });

  it('takes no keys over a line that others can write to', () => {
    for (const url of [
      'http://keys.example/jwks',
      'ftp://keys.example',
      'nonsense',
      'http://127.0.0.1.evil.example',
    ])
      assert.match(faults(withClaims({ repository_id: '1' }, { jwksUrl: url })).join(), /https addresses/);
    assert.deepEqual(faults(withClaims({ repository_id: '1' }, { jwksUrl: 'http://127.0.0.1:9/jwks' })), []);
  });

  it('takes an issuer once, a known role, and no key it does not know', () => {
    const [one] = withClaims({ repository_id: '1' }) as object[];
    assert.match(faults([one, one]).join(), /auth\.oidc\[1\]\.issuer: found .* twice/);
    const owner = { claims: { repository_id: '1' }, roles: ['owner'] };
    assert.match(
      faults([{ issuer, audience, rules: [owner] }]).join(),
      /allowed are read, record, gate, admin/,
    );
    assert.match(faults([{ ...one, jwks: 'x' }]).join(), /unknown key "jwks"/);
    assert.match(faults([{ issuer, audience, rules: [] }]).join(), /nobody is let in/);
  });
});
