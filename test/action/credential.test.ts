import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Credential, createCredential } from '../../action/src/credential.ts';

const start = Date.parse('2026-11-23T10:00:00Z');
const requested = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://actions.example/token?api-version=2.0',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
};

describe('the credential of a job', () => {
  let now = start;
  let minted: { url: string; authorization: string | null }[] = [];
  let masked: string[] = [];
  let slept: number[] = [];
  let answers: (number | Error)[] = [];
  let life = 300;
  beforeEach(() => {
    now = start;
    minted = [];
    masked = [];
    slept = [];
    answers = [];
    life = 300;
  });

  const mint: typeof globalThis.fetch = async (input, init) => {
    minted.push({ url: String(input), authorization: new Headers(init?.headers).get('authorization') });
    const answer = answers.shift() ?? 200;
    if (answer instanceof Error) throw answer;
    // The clock of the issuer is an hour off; only the life of the token counts.
    const iat = now / 1000 + 3600;
    const payload = Buffer.from(JSON.stringify({ iat, exp: iat + life, n: minted.length })).toString(
      'base64url',
    );
    return new Response(JSON.stringify({ value: `h.${payload}.s${minted.length}` }), { status: answer });
  };
  const make = (env: Record<string, string> = requested, token?: string): Credential =>
    createCredential(token, 'https://serin.example', {
      env,
      fetch: mint,
      now: () => now,
      sleep: async (milliseconds) => slept.push(milliseconds),
      mask: (secret) => masked.push(secret),
    });

  it('is minted for the audience, with the token of the runner, and masked', async () => {
    const token = await make().current();
    assert.deepEqual(minted, [
      {
        url: 'https://actions.example/token?api-version=2.0&audience=https%3A%2F%2Fserin.example',
        authorization: 'Bearer of-the-runner',
      },
    ]);
    assert.deepEqual(masked, [token]);
  });

  it('is minted anew a minute before it expires, whatever the clocks say', async () => {
    const credential = make();
    const first = await credential.current();
    now = start + 239_000;
    assert.equal(await credential.current(), first);
    now = start + 240_000;
    assert.notEqual(await credential.current(), first);
    assert.equal(minted.length, 2);
  });

  it('is kept for half of a life that is shorter than two minutes', async () => {
    life = 60;
    const credential = make();
    const first = await credential.current();
    now = start + 29_000;
    assert.equal(await credential.current(), first);
    now = start + 30_000;
    assert.notEqual(await credential.current(), first);
  });

  it('is asked for again when the service of GitHub is away for a moment', async () => {
    answers = [503, new Error('reset'), 429];
    assert.ok((await make().current())?.endsWith('s4'));
    assert.equal(slept.length, 3);
  });

  it('is given up with a sentence when it is refused or away for longer', async () => {
    answers = [403];
    await assert.rejects(async () => make().current(), /mints the job's OIDC token answered 403/);
    assert.equal(minted.length, 1);
    answers = [500, 500, 500, 500];
    await assert.rejects(async () => make().current(), /answered 500/);
    answers = [new Error('a'), new Error('b'), new Error('c'), new Error('secret')];
    await assert.rejects(async () => make().current(), /cannot be reached/);
  });

  it('is the token that was given, when one was, and masked', async () => {
    assert.equal(await make(requested, 'srn_1').current(), 'srn_1');
    assert.deepEqual([minted.length, masked], [0, ['srn_1']]);
  });

  it('may be none, for a service may ask for none', async () => {
    const credential = make({ GITHUB_EVENT_NAME: 'push' });
    assert.deepEqual([credential.kind, await credential.current()], ['none', null]);
  });

  describe('of a pull request', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'serin-event-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));
    const event = (repo: unknown): Record<string, string> => {
      const path = join(folder, 'event.json');
      writeFileSync(path, JSON.stringify({ pull_request: { head: { repo } } }));
      return {
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: path,
        GITHUB_REPOSITORY: 'octocat/shop',
      };
    };

    it('of a fork is refused with a sentence that says why', () => {
      assert.throws(
        () => make(event({ full_name: 'stranger/shop' })),
        /pull request of stranger\/shop: GitHub gives the runs of forks neither an id-token nor secrets/,
      );
      assert.throws(() => make(event(null)), /of a fork that is gone/);
    });

    it('of a branch of the repository is none of a fork', () => {
      assert.equal(make(event({ full_name: 'octocat/shop' })).kind, 'none');
    });

    it('of a fork may bring a token all the same', () => {
      assert.equal(make({ ...event({ full_name: 'a/b' }), ...requested }).kind, 'oidc');
    });
  });
});
