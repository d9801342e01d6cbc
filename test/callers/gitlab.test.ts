import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { components } from '../../src/api/schema.gen.ts';
import { signStandard } from '../../src/auth/webhook.ts';
import { callJson } from '../support/json-api.ts';
import { type OidcIssuerDouble, startOidcIssuer } from '../support/oidc-issuer.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { program } from '../support/serving.ts';
import { until } from '../support/until.ts';

type Change = components['schemas']['Change'];

const secret = 'the-secret-of-gitlab';
const admin = 'serin_admin-token-of-the-tests-0123456789';
const sha = '279484c09fbe69ededfced8c1bb6e6d24616b468';
const audience = 'https://serin.example';

/** A time of this run as GitLab writes it, in a zone of its own. */
function gitlabTime(at: number): string {
  return `${new Date(at + 7_200_000).toISOString().slice(0, 19).replace('T', ' ')} +0200`;
}

const begun = Math.floor(Date.now() / 1000) * 1000 - 600_000;

function deployment(id: number, status: string, at: number, changes: object = {}): object {
  return {
    object_kind: 'deployment',
    status,
    status_changed_at: gitlabTime(at),
    deployment_id: id,
    deployable_url: 'https://gitlab.example/shop/checkout/-/jobs/796',
    environment: 'production',
    environment_tier: 'production',
    project: {
      id: 30,
      path_with_namespace: 'shop/checkout',
      web_url: 'https://gitlab.example/shop/checkout',
    },
    short_sha: sha.slice(0, 8),
    user: { username: 'ada' },
    commit_url: `https://gitlab.example/shop/checkout/-/commit/${sha.slice(0, -2)}${String(id).padStart(2, '0')}`,
    ref: 'main',
    ...changes,
  };
}

function configFor(issuer: OidcIssuerDouble): object {
  const rule = {
    claims: { project_id: '30', environment: 'production', ref_protected: 'true' },
    roles: ['gate'],
    services: ['checkout'],
  };
  const [checkout] = secondsConfig.services;
  return {
    ...secondsConfig,
    services: [{ ...checkout, repository: 'shop/checkout' }],
    auth: {
      webhooks: { gitlab: { secrets: [secret] } },
      tokens: [{ name: 'tests', roles: ['admin'], token: admin }],
      oidc: [
        {
          issuer: issuer.url,
          type: 'gitlab',
          jwksUrl: `${issuer.url}/.well-known/jwks`,
          audience,
          rules: [rule],
        },
      ],
    },
  };
}

const idToken = {
  project_id: '30',
  project_path: 'shop/checkout',
  ref: 'main',
  ref_protected: 'true',
  environment: 'production',
  pipeline_source: 'push',
  pipeline_id: '7',
  job_id: '796',
  user_login: 'ada',
};

/** What `serin gate` says in a job of GitLab, which has the token in its environment. */
function runGate(
  url: string,
  token: string,
  args: readonly string[],
): Promise<{ code: number | null; text: string }> {
  const child = spawn(
    process.execPath,
    [...program, 'gate', '--service', 'checkout', '--environment', 'production', ...args],
    {
      env: { PATH: process.env['PATH'], SERIN_URL: url, SERIN_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
}

describe('GitLab telling Serin of deployments, and asking it in its jobs', function () {
  this.timeout(90_000);
  let issuer: OidcIssuerDouble;
  const started = new Map<DatabaseName, SerinProcess>();

  before(async () => {
    issuer = await startOidcIssuer();
    const all = await Promise.all(
      databaseNames.map((database) => startSerin({ database, config: configFor(issuer) })),
    );
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(async () => {
    await Promise.all([...started.values()].map((serin) => serin.stop()));
    await issuer.stop();
  });

  for (const database of databaseNames)
    describe(`on ${database}`, () => {
      const serin = (): SerinProcess => started.get(database)!;
      const hook = (body: object, headers: Record<string, string> = { 'X-Gitlab-Token': secret }) =>
        callJson(`${serin().url}/v1/hooks/gitlab`, {
          body,
          headers: { 'X-Gitlab-Event': 'Deployment Hook', ...headers },
        });
      const changes = async (): Promise<readonly Change[]> => {
        const { body } = await callJson(`${serin().url}/v1/changes?service=checkout`, { token: admin });
        return (body as { items: Change[] }).items;
      };
      const named = async (id: number): Promise<Change | undefined> =>
        (await changes()).find(({ externalId }) => externalId === `gitlab.example/30/${id}`);

      it('records a deployment once, whatever order and however often it is told', async () => {
        const told = [deployment(1, 'success', begun + 60_000), deployment(1, 'running', begun)];
        for (const body of [...told, ...told])
          assert.deepEqual(await hook(body), { status: 202, body: { accepted: true } });

        const found = (await changes()).filter(({ externalId }) => externalId.endsWith('/1'));
        assert.equal(found.length, 1);
        const [change] = found;
        assert.equal(change?.startedAt, new Date(begun).toISOString());
        assert.equal(change?.finishedAt, new Date(begun + 60_000).toISOString());
        assert.equal(change?.outcome, 'pending', 'it is watched for a while');
        assert.equal(change?.commit, `${sha.slice(0, -2)}01`);
        assert.equal(change?.actor, 'ada');
      });

      it('counts a deployment that failed as failed to deploy, and one that was cancelled as abandoned', async () => {
        await hook(deployment(2, 'failed', begun + 120_000));
        await hook(deployment(3, 'running', begun + 180_000));
        await hook(deployment(3, 'canceled', begun + 190_000));
        const failed = await named(2);
        assert.deepEqual([failed?.outcome, failed?.failureClass], ['failed', 'failed_to_deploy']);
        assert.equal((await named(3))?.outcome, 'abandoned');
      });

      it('takes signed webhooks, and refuses forged ones without a trace in the ledger', async () => {
        const body = JSON.stringify(deployment(4, 'success', begun));
        const send = (headers: Readonly<Record<string, string>>) =>
          callJson(`${serin().url}/v1/hooks/gitlab`, { body, headers });
        const forged = [
          {},
          { 'X-Gitlab-Token': 'wrong' },
          { ...signStandard('another-secret', { id: 'w', at: Date.now(), body }) },
          { ...signStandard(secret, { id: 'w', at: Date.now() - 3_600_000, body }) },
        ];
        for (const headers of forged) assert.equal((await send(headers)).status, 401);
        assert.equal(await named(4), undefined);
        assert.match(serin().log(), /a webhook was refused/);
        assert.doesNotMatch(serin().log(), new RegExp(secret));

        assert.equal((await send(signStandard(secret, { id: 'w', at: Date.now(), body }))).status, 202);
        assert.equal((await named(4))?.finishedAt, new Date(begun).toISOString());
      });

      it('accepts projects that nobody configured, and records nothing of them', async () => {
        const project = {
          id: 31,
          path_with_namespace: 'else/where',
          web_url: 'https://gitlab.example/else/where',
        };
        assert.equal((await hook(deployment(5, 'success', begun, { project }))).status, 202);
        assert.ok((await changes()).every(({ externalId }) => !externalId.endsWith('/5')));
      });

      it('answers 503 while the database is away, and takes the same delivery afterwards', async () => {
        await serin().breakDatabase();
        const answer = await hook(deployment(6, 'success', begun));
        await serin().mendDatabase();
        assert.equal(answer.status, 503);
        await until(
          'the deployment is taken',
          20_000,
          async () => (await hook(deployment(6, 'success', begun))).status === 202,
        );
        assert.equal((await named(6))?.outcome, 'pending');
      });

      it('lets a job in by its id token, as far as the rules go', async () => {
        const mint = async (claims: object): Promise<string> => {
          issuer.claims(claims as Record<string, unknown>);
          const { body } = await callJson(`${issuer.requestUrl}&audience=${audience}`, {
            token: issuer.requestToken,
          });
          return (body as { value: string }).value;
        };
        const good = await mint(idToken);
        const unprotected = await mint({ ...idToken, ref_protected: 'false' });
        const merge = await mint({ ...idToken, pipeline_source: 'merge_request_event' });
        const [passed, failed, refused, proposed] = await Promise.all([
          runGate(serin().url, good, ['--change-version', 'v1']),
          runGate(serin().url, good, ['--change-version', 'v2', '--canary', 'scenario=errors-x5']),
          runGate(serin().url, unprotected, ['--change-version', 'v3']),
          runGate(serin().url, merge, ['--change-version', 'v4']),
        ]);

        assert.equal(passed?.code, 0, passed?.text);
        assert.equal(failed?.code, 1, failed?.text);
        assert.deepEqual([refused?.code, proposed?.code], [2, 2]);
        assert.match(refused?.text ?? '', /allows ref_protected "false"/);
        assert.match(proposed?.text ?? '', /started by merge_request_event/);
      });
    });
});
