import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { components } from '../../src/api/schema.gen.ts';
import { startCommentDouble } from '../support/comment-double.ts';
import { runStep, type StepResult } from '../support/github-runner.ts';
import { type OidcIssuerDouble, startOidcIssuer } from '../support/oidc-issuer.ts';
import { freePort } from '../support/process.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';

type Analysis = components['schemas']['Analysis'];

const audience = 'https://serin.example';

/** The steps that wait for a verdict. */
type SlowSteps = {
  readonly passed: StepResult;
  readonly failed: StepResult;
  /** With `on-inconclusive` fail, warn and pass. */
  readonly undecided: readonly StepResult[];
};

/** Serin as an operator sets it up for a repository: its jobs for production may gate `checkout`, and nothing else. */
function configFor(issuer: OidcIssuerDouble): object {
  const rule = {
    claims: { repository_id: '123', environment: 'production', ref: 'refs/heads/main' },
    roles: ['gate'],
    services: ['checkout'],
  };
  const [checkout] = secondsConfig.services;
  return {
    ...secondsConfig,
    services: [
      { ...checkout, callerMayLoosen: true },
      { ...checkout, name: 'billing' },
    ],
    auth: {
      oidc: [
        {
          issuer: issuer.url,
          type: 'github',
          jwksUrl: `${issuer.url}/.well-known/jwks`,
          audience,
          rules: [rule],
        },
      ],
    },
  };
}

describe('the GitHub Action, run as the runner runs it', function () {
  this.timeout(90_000);
  let issuer: OidcIssuerDouble;
  const started = new Map<DatabaseName, SerinProcess>();

  const slow = new Map<DatabaseName, SlowSteps>();

  before(async () => {
    issuer = await startOidcIssuer();
    // Tokens shorter than an analysis, so that each step has to mint anew.
    issuer.lifetime(4);
    const all = await Promise.all(
      databaseNames.map((database) => startSerin({ database, config: configFor(issuer) })),
    );
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
    // Side by side, for each of them waits for a verdict.
    await Promise.all(
      databaseNames.map(async (name) => slow.set(name, await runSlowSteps(started.get(name)!.url))),
    );
  });
  after(async () => {
    await Promise.all([...started.values()].map((serin) => serin.stop()));
    await issuer.stop();
  });
  beforeEach(() => issuer.claims({}));

  const granted = (): Record<string, string> => ({
    ACTIONS_ID_TOKEN_REQUEST_URL: issuer.requestUrl,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: issuer.requestToken,
  });
  /** A step of a job that may mint tokens; the environment is left to the token. */
  const step = (
    url: string,
    inputs: Record<string, string> = {},
    env: Record<string, string> = granted(),
  ): Promise<StepResult> =>
    runStep(
      {
        url,
        audience,
        service: 'checkout',
        version: `v-${inputs['canary'] ?? 'harmless'}`,
        'poll-interval': '1',
        'connect-timeout': '30',
        ...inputs,
      },
      env,
    );
  const canary = (scenario: string): Record<string, string> => ({
    canary: `arm=canary\nscenario=${scenario}`,
  });

  const undecided = (url: string, way: string): Promise<StepResult> =>
    step(url, { ...canary('no-data'), 'on-inconclusive': way, version: way });
  const runSlowSteps = async (url: string): Promise<SlowSteps> => {
    const [passed, failed, fails, warns, passes] = await Promise.all([
      step(url, canary('harmless')),
      step(url, canary('errors-x5')),
      ...['fail', 'warn', 'pass'].map((way) => undecided(url, way)),
    ]);
    return { passed, failed, undecided: [fails, warns, passes].map((one) => one!) };
  };

  for (const database of databaseNames)
    describe(`against Serin on ${database}`, () => {
      const url = (): string => started.get(database)!.url;

      it('ends with 0 after a pass, tells it everywhere and re-mints what expires meanwhile', () => {
        const { code, outputs, summary, annotations, masked, log } = slow.get(database)!.passed;

        assert.equal(code, 0, log);
        assert.equal(outputs['verdict'], 'pass');
        assert.match(outputs['report-url'] ?? '', /\/analyses\/[\w-]+$/);
        const analysis = JSON.parse(outputs['result-json'] ?? '') as Analysis;
        assert.equal(analysis.id, outputs['analysis-id']);
        assert.equal(analysis.environment, 'production');
        assert.match(analysis.key, /^github\/octocat\/shop\/42\/1\/deploy\/gate\/[0-9a-f]{12}$/);
        assert.match(summary, /🟢 Serin: pass for checkout/);
        assert.match(summary, /\| errors \| 🟢 pass \|/);
        assert.ok(summary.includes(`(${outputs['report-url']})`));
        assert.deepEqual(annotations, []);
        assert.ok(masked.length >= 2, 'a token is minted anew while it waits');
        assert.deepEqual([...new Set(issuer.minted)], [audience]);
        for (const token of masked)
          assert.equal(log.split(token).length, 2, 'a token is shown to the mask only');
      });

      it('ends with 1 after a fail, with an error for people', () => {
        const { code, outputs, summary, annotations } = slow.get(database)!.failed;

        assert.equal(code, 1);
        assert.equal(outputs['verdict'], 'fail');
        assert.match(outputs['reason'] ?? '', /errors: .* % in the canary against .* %/);
        assert.deepEqual(
          annotations.map(({ level, title }) => ({ level, title })),
          [
            {
              level: 'error',
              title: `Serin: fail for checkout v-${canary('errors-x5')['canary']?.replace('\n', ' ')} in production`,
            },
          ],
        );
        assert.match(summary, /\| errors \| 🔴 fail \|/);
      });

      it('ends an inconclusive verdict as the workflow says', () => {
        const [fails, warns, passes] = slow.get(database)!.undecided;

        for (const one of [fails, warns, passes])
          assert.equal(one?.outputs['verdict'], 'inconclusive', one?.log);
        assert.deepEqual([fails?.code, warns?.code, passes?.code], [1, 0, 0]);
        assert.deepEqual(
          [fails, warns, passes].map((one) => one?.annotations.map(({ level }) => level)),
          [['error'], ['warning'], []],
        );
      });

      it('refuses a repository, a service and a branch that no rule lets in', async () => {
        issuer.claims({ repository_id: '999' });
        const stranger = await step(url(), canary('harmless'));
        assert.equal(stranger.code, 2);
        assert.equal(stranger.outputs['verdict'], 'refused');
        assert.match(stranger.outputs['reason'] ?? '', /no rule of auth\.oidc .* allows repository_id "999"/);

        issuer.claims({ ref: 'refs/heads/feature' });
        const branch = await step(url(), canary('harmless'));
        assert.match(branch.outputs['reason'] ?? '', /allows ref "refs\/heads\/feature"/);

        issuer.claims({});
        const billing = await step(url(), { ...canary('harmless'), service: 'billing' });
        assert.equal(billing.code, 2);
        assert.match(billing.annotations[0]?.message ?? '', /billing/);
      });

      it('refuses what proposed code asks for, and says why', async () => {
        issuer.claims({ event_name: 'pull_request_target' });
        const { code, annotations } = await step(url());
        assert.equal(code, 2);
        assert.match(
          annotations[0]?.message ?? '',
          /started by pull_request_target: it can run code .* in a fork/,
        );
      });

      it('refuses a wrong token, and a job without any', async () => {
        const wrong = await step(url(), { token: 'srn_wrong', environment: 'production' }, {});
        assert.equal(wrong.code, 2);
        assert.equal(wrong.outputs['verdict'], 'refused');
        assert.deepEqual(wrong.masked, ['srn_wrong']);

        const none = await step(url(), { environment: 'production' }, {});
        assert.equal(none.code, 2);
        assert.match(none.annotations[0]?.message ?? '', /give it `permissions: \{ id-token: write \}`/);
      });

      it('ends with 2 for a service that nobody configured, and says which are', async () => {
        issuer.claims({});
        const { code, annotations, outputs } = await step(url(), { service: 'chekcout' });
        assert.equal(code, 2);
        assert.equal(outputs['analysis-id'], '');
        assert.match(annotations[0]?.message ?? '', /chekcout/);
      });

      it('ends with 4 when the verdict takes longer than the timeout', async () => {
        const { code, outputs, summary, annotations } = await step(url(), {
          ...canary('harmless'),
          template: 'minutes',
          timeout: '2',
        });
        assert.equal(code, 4);
        assert.equal(outputs['verdict'], 'timeout');
        assert.notEqual(outputs['analysis-id'], '');
        assert.match(annotations[0]?.message ?? '', /no verdict within the timeout; the analysis goes on/);
        assert.match(summary, /Serin: timeout for checkout/);
      });

      it('passes a dry run at once', async () => {
        const { code, outputs, summary } = await step(url(), { ...canary('errors-x5'), 'dry-run': 'true' });
        assert.deepEqual([code, outputs['verdict']], [0, 'pass']);
        assert.match(summary, /Dry run: nothing acts on it/);
      });

      it('tells the verdict in the pull request when asked to, and what goes wrong with that changes nothing', async () => {
        const github = await startCommentDouble();
        const inputs = {
          ...canary('harmless'),
          'dry-run': 'true',
          'comment-pr': 'true',
          'github-token': 'ghs_t',
        };
        try {
          const env = { ...granted(), GITHUB_SHA: 'abc', GITHUB_API_URL: github.url };
          assert.equal((await step(url(), inputs, env)).code, 0);
          const [comment] = github.posted;
          assert.equal(comment?.path, '/repos/octocat/shop/issues/7/comments');
          assert.match(
            comment.body,
            /^<!-- serin gate checkout\/production\/ -->\n### 🟢 Serin: pass for checkout/,
          );
        } finally {
          await github.close();
        }
        const gone = await step(url(), inputs, {
          ...granted(),
          GITHUB_SHA: 'abc',
          GITHUB_API_URL: github.url,
        });
        assert.deepEqual([gone.code, gone.outputs['verdict']], [0, 'pass']);
        assert.equal(gone.annotations[0]?.level, 'warning');
      });
    });

  describe('without a Serin that answers', () => {
    let unreachable: string;
    before(async () => {
      unreachable = `http://127.0.0.1:${await freePort()}`;
    });

    it('fails where nobody listens, unless the workflow says otherwise', async () => {
      const fails = await step(unreachable, { 'connect-timeout': '1' });
      assert.equal(fails.code, 1);
      assert.equal(fails.outputs['verdict'], 'unavailable');
      assert.match(fails.annotations[0]?.message ?? '', /cannot be reached: .*ECONNREFUSED/);

      const passes = await step(unreachable, { 'connect-timeout': '1', 'on-unavailable': 'pass' });
      assert.equal(passes.code, 0);
      assert.deepEqual(
        passes.annotations.map(({ level }) => level),
        ['warning'],
      );
    });

    it('takes an answer that is not of Serin for none', async () => {
      const server = createServer((_request, response) => response.end('<html>hello</html>'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const { code, outputs } = await step(url, { 'connect-timeout': '1' });
        assert.deepEqual([code, outputs['verdict']], [1, 'unavailable']);
      } finally {
        server.close();
      }
    });

    it('says in a sentence why a pull request of a fork gets no verdict', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'serin-fork-'));
      try {
        const path = join(folder, 'event.json');
        writeFileSync(
          path,
          JSON.stringify({ pull_request: { head: { repo: { full_name: 'stranger/shop' } } } }),
        );
        const { code, outputs, annotations } = await step(
          unreachable,
          { environment: 'production' },
          { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: path },
        );
        assert.equal(code, 2);
        assert.equal(outputs['verdict'], 'refused');
        assert.match(
          annotations[0]?.message ?? '',
          /pull request of stranger\/shop: GitHub gives .* neither an id-token/,
        );
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it('names every input that is wrong', async () => {
      const { code, annotations, outputs } = await step('nonsense', {
        timeout: 'soon',
        environment: 'production',
      });
      assert.equal(code, 2);
      assert.match(annotations[0]?.message ?? '', /timeout: found "soon"/);
      assert.equal(outputs['verdict'], 'refused');
      const address = await step('ftp://x', { environment: 'production' });
      assert.match(address.annotations[0]?.message ?? '', /^url: is not an address/);
    });

    it('asks for an environment where neither input nor token names one', async () => {
      issuer.claims({ environment: undefined });
      const { code, annotations } = await step(unreachable, { 'connect-timeout': '1' });
      assert.equal(code, 2);
      assert.match(annotations[0]?.message ?? '', /environment: is missing/);
    });
  });
});
