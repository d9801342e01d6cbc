import assert from 'node:assert/strict';
import { openDatabase } from '../../src/store/database.ts';
import { createOutboxStore } from '../../src/store/outbox-store.ts';
import { appId, appKey, deliver, type GithubDouble, startGithub } from '../support/github-double.ts';
import {
  headersOf,
  makeDeployment,
  makeDeploymentStatus,
  makeProtectionRule,
  repository,
  sha,
} from '../support/github-events.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { until } from '../support/until.ts';

const secret = 'the-newer-secret';
const olderSecret = 'the-older-secret';
const token = 'a-token-of-at-least-thirty-two-characters';

function configFor(github: GithubDouble): object {
  const [checkout] = secondsConfig.services;
  return {
    ...secondsConfig,
    services: [
      {
        ...checkout,
        repository: 'shop/checkout',
        scopes: { canary: { scenario: 'harmless' }, baseline: { arm: 'baseline' } },
        gates: [
          { environment: 'production', judges: 'staging' },
          { environment: 'canary', judges: 'canary' },
        ],
      },
    ],
    auth: {
      tokens: [{ name: 'ci', roles: ['gate'], token }],
      webhooks: { github: { secrets: [secret, olderSecret] } },
    },
    github: { appId, privateKey: appKey, apiUrl: github.url, report: 'check' },
  };
}

type House = { readonly serin: SerinProcess; readonly github: GithubDouble };

async function startHouse(database: DatabaseName): Promise<House> {
  const github = await startGithub();
  return { github, serin: await startSerin({ database, config: configFor(github) }) };
}

let deliveryCount = 0;

/** Asks at a gate in a run of its own. */
async function askAt(
  { serin, github }: House,
  runId: number,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  deliveryCount += 1;
  const body = makeProtectionRule({
    deployment_callback_url: `${github.url}/repos/shop/checkout/actions/runs/${runId}/deployment_protection_rule`,
    ...changes,
  });
  const answer = await deliver(serin.url, 'deployment_protection_rule', body, {
    secret,
    deliveryId: `ask-${deliveryCount}`,
  });
  assert.deepEqual(answer, { status: 202, body: { accepted: true, result: 'recorded' } });
}

function answered({ github }: House, runId: number, withinMs = 40_000) {
  return until(`run ${runId} is answered`, withinMs, () => {
    const found = github.answers.find(({ key }) => key.startsWith(`${runId}/`));
    return found ?? null;
  });
}

/** Has a commit judged in staging, under the name of a scenario. */
async function judgeInStaging({ serin }: House, commit: string, scenario: string): Promise<void> {
  const response = await fetch(`${serin.url}/v1/analyses`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({
      service: 'checkout',
      environment: 'staging',
      change: { commit },
      canary: { scenario },
      baseline: { arm: 'baseline' },
    }),
  });
  assert.equal(response.status, 200, await response.text());
}

async function evaluate({ serin }: House, commit: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${serin.url}/v1/gates/evaluate`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ service: 'checkout', environment: 'production', change: { commit } }),
  });
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}

async function listChanges({ serin }: House): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${serin.url}/v1/changes`, { headers: { Authorization: `Bearer ${token}` } });
  return ((await response.json()) as { items: Record<string, unknown>[] }).items;
}

const commits = { harmless: sha, harmful: 'b'.repeat(40), silent: 'c'.repeat(40) };

/** The gate of run 1 while nothing has been judged yet. */
type Waiting = { readonly comment: string; readonly allowed: unknown };

/** Asks at all gates at once, so that they are waited at side by side. */
async function askAll(house: House): Promise<Waiting> {
  const { github } = house;
  github.force(
    5,
    { status: 404, body: { message: 'Not Found' } },
    { status: 422, body: { message: 'No pending deployment requests to approve or reject' } },
    { status: 502, body: { message: 'Bad Gateway' } },
  );
  await askAt(house, 1);
  await askAt(house, 4, { environment: 'canary', sha: 'd'.repeat(40) });
  const [told] = await until('the wait is told of', 20_000, () => {
    const found = github.taken('progress').filter(({ path }) => path.includes('/runs/1/'));
    return found.length > 0 && found;
  });
  const { allowed } = await evaluate(house, commits.harmless);
  await judgeInStaging(house, commits.harmless, 'harmless');
  await judgeInStaging(house, commits.harmful, 'errors-x5');
  await judgeInStaging(house, commits.silent, 'no-data');
  await askAt(house, 2, { sha: commits.harmful, deployment: null });
  await askAt(house, 3, { sha: commits.silent });
  await askAt(house, 5);
  await askAt(house, 6);
  await askAt(house, 6, { environment: 'canary', deployment: { id: 413, sha } });
  return { comment: String(told?.body['comment']), allowed };
}

/** As if the leases of a killed process had run out by the database's clock. */
async function expireLeases({ serin }: House): Promise<void> {
  const database = openDatabase(serin.databaseUrl);
  try {
    await database.run((sql) => sql('outbox_messages').update({ lease_expires_at: 0 }));
  } finally {
    await database.close();
  }
}

async function countWaiting({ serin }: House): Promise<number> {
  const database = openDatabase(serin.databaseUrl);
  try {
    return (await createOutboxStore(database).census()).waiting;
  } finally {
    await database.close();
  }
}

describe('a GitHub App at its gates', function () {
  this.timeout(120_000);
  const houses = new Map<DatabaseName, House & { readonly waiting: Waiting }>();

  before(async () => {
    const all = await Promise.all(
      databaseNames.map(async (name) => {
        const house = await startHouse(name);
        return { ...house, waiting: await askAll(house) };
      }),
    );
    databaseNames.forEach((name, index) => {
      houses.set(name, all[index]!);
    });
  });
  after(() =>
    Promise.all([...houses.values()].flatMap(({ serin, github }) => [serin.stop(), github.close()])),
  );

  for (const database of databaseNames)
    describe(`on ${database}`, () => {
      const house = () => houses.get(database)!;

      it('waits for the analysis in staging and tells of it', () => {
        const { waiting } = house();
        assert.match(waiting.comment, /\*\*Serin: waiting\*\*.*there is no analysis of/s);
        assert.equal(waiting.allowed, false);
      });

      it('lets a change through that passed in staging, and leaves a check', async () => {
        const answer = await answered(house(), 1);

        assert.equal(answer.state, 'approved', answer.comment);
        assert.match(answer.comment, /\*\*Serin: approved\*\* \(pass\)/);
        assert.match(answer.comment, /\| errors \| pass \|/);
        const evaluated = await evaluate(house(), commits.harmless);
        assert.deepEqual([evaluated['allowed'], evaluated['decision']], [true, 'allow']);
        const check = await until(
          'the check is left',
          20_000,
          () => house().github.checks.find((one) => one['head_sha'] === commits.harmless) ?? null,
        );
        assert.equal(check['conclusion'], 'success');
      });

      it('refuses a change that failed in staging, with the failing metric', async () => {
        const answer = await answered(house(), 2);

        assert.equal(answer.state, 'rejected');
        assert.match(answer.comment, /\| errors \| fail \|/);
      });

      it('refuses what could not be judged', async () => {
        const answer = await answered(house(), 3);

        assert.equal(answer.state, 'rejected');
        assert.match(answer.comment, /inconclusive/);
      });

      it('has the canary that is out judged, and answers by that', async () => {
        const answer = await answered(house(), 4);

        assert.deepEqual([answer.key, answer.state], ['4/canary', 'approved']);
      });

      it('answers again until GitHub has something to answer', async () => {
        assert.equal((await answered(house(), 5)).state, 'approved');
      });

      it('answers each environment of one run on its own', async () => {
        await until('both are answered', 40_000, () => {
          return house().github.answers.filter(({ key }) => key.startsWith('6/')).length === 2;
        });
      });

      it('answers exactly once in effect when it is killed between the verdict and the answer', async () => {
        const { serin, github } = house();
        // GitHub takes the answer for run 7 and Serin does not live to hear of it; that for run 8 does not get through.
        github.cutAfterAnswer(7);
        const down = { status: 502, body: { message: 'Bad Gateway' } };
        github.force(8, down, down, down, down, down);
        await askAt(house(), 8);
        await askAt(house(), 7);
        await until('the verdicts fell and the answers are on their way', 40_000, () => {
          const failed = github.calls.some(({ path, status }) => path.includes('/runs/8/') && status === 502);
          return failed && github.answers.some(({ key }) => key === '7/production');
        });
        await serin.kill();
        await expireLeases(house());
        await serin.restart();

        await answered(house(), 8);

        await until('nothing is left to send', 60_000, async () => {
          const waiting = await countWaiting(house());
          return waiting === 0;
        });
        for (const run of [7, 8]) {
          const answers = github.answers.filter(({ key }) => key === `${run}/production`);
          assert.equal(answers.length, 1, `run ${run}`);
        }
        assert.doesNotMatch(serin.log(), /a message was given up/);
      });

      it('keeps deployments with the times of their states, and re-runs as attempts of one change', async () => {
        const { serin } = house();
        const tell = async (event: string, body: unknown): Promise<void> => {
          deliveryCount += 1;
          const answer = await deliver(serin.url, event, body, {
            secret: olderSecret,
            deliveryId: `tell-${deliveryCount}`,
          });
          assert.equal(answer.status, 202, JSON.stringify(answer.body));
        };
        const ofRun = (attempt: number) => ({
          workflow_run: {
            id: 7301,
            run_attempt: attempt,
            html_url: 'https://github.com/shop/checkout/actions/runs/7301',
          },
        });
        await tell(
          'deployment_status',
          makeDeploymentStatus('failure', '2026-01-01T00:05:00Z', {}, ofRun(1)),
        );
        await tell('deployment', makeDeployment(ofRun(1)));
        await tell('deployment_status', makeDeploymentStatus('inactive', '2026-02-01T00:00:00Z'));
        await tell('deployment', makeDeployment(ofRun(2), { id: 500 }));
        await tell(
          'deployment_status',
          makeDeploymentStatus('success', '2026-01-01T01:00:00Z', { id: 500 }, ofRun(2)),
        );
        await tell(
          'deployment',
          makeDeployment(
            { workflow_run: undefined },
            { id: 501, task: 'deploy:rollback', payload: '{"version":"v1"}' },
          ),
        );

        const changes = (await listChanges(house())).filter(({ source }) => source === 'github');

        assert.deepEqual(
          changes
            .map((change) => [
              change['externalId'],
              change['kind'],
              change['failureClass'],
              change['finishedAt'],
            ])
            .sort(),
          [
            [`${repository.id}/412`, 'normal', 'failed_to_deploy', '2026-01-01T01:00:00.000Z'],
            [`${repository.id}/501`, 'rollback', null, null],
          ],
        );
      });

      it('refuses what GitHub did not sign, stores nothing of it, and says so', async () => {
        const { serin } = house();
        const before = (await listChanges(house())).length;
        const body = makeDeployment({}, { id: 900 });
        const text = JSON.stringify(body);
        const post = async (headers: Record<string, string>, sent = text): Promise<number> =>
          (await fetch(`${serin.url}/v1/hooks/github`, { method: 'POST', headers, body: sent })).status;
        const signed = headersOf('deployment', text, { secret, deliveryId: 'forged' });
        const { 'X-Hub-Signature-256': _signature, ...unsigned } = signed;

        assert.equal(
          (await deliver(serin.url, 'deployment', body, { secret: 'a-wrong-secret', deliveryId: 'f1' }))
            .status,
          401,
        );
        assert.equal(await post(unsigned), 401);
        assert.equal(await post(signed, text.replace('"id":900', '"id":901')), 401);
        assert.equal(await post({ ...unsigned, 'X-Hub-Signature-256': 'sha1=00' }), 401);

        assert.equal((await listChanges(house())).length, before);
        assert.match(serin.log(), /a webhook without a right signature was refused/);
        const metrics = await (await fetch(`${serin.url}/metrics`)).text();
        assert.match(metrics, /serin_auth_failures_total\{reason="signature"\} [4-9]/);
      });

      it('takes a delivery once, and what concerns no service of Serin not at all', async () => {
        const { serin } = house();
        const before = (await listChanges(house())).length;
        const body = makeDeployment({ workflow_run: undefined }, { id: 902, sha: 'e'.repeat(40) });
        const options = { secret, deliveryId: 'once' };
        const other = { ...repository, id: 89, full_name: 'shop/other' };

        assert.equal((await deliver(serin.url, 'deployment', body, options)).body['result'], 'recorded');
        assert.equal((await deliver(serin.url, 'deployment', body, options)).body['result'], 'duplicate');
        const foreign = await deliver(serin.url, 'deployment', makeDeployment({ repository: other }), {
          secret,
          deliveryId: 'foreign',
        });
        const unknown = await deliver(
          serin.url,
          'star',
          { action: 'created', repository },
          { secret, deliveryId: 'star' },
        );

        assert.deepEqual([foreign.status, foreign.body['result']], [202, 'ignored']);
        assert.deepEqual([unknown.status, unknown.body['result']], [202, 'ignored']);
        assert.equal((await listChanges(house())).length, before + 1);
      });

      it('answers nowhere but where the event came from', async () => {
        const { serin } = house();
        for (const address of [
          'http://169.254.169.254/repos/shop/checkout/actions/runs/1/deployment_protection_rule',
          `${house().github.url}/repos/shop/other/actions/runs/1/deployment_protection_rule`,
        ]) {
          const answer = await deliver(
            serin.url,
            'deployment_protection_rule',
            makeProtectionRule({ deployment_callback_url: address }),
            { secret, deliveryId: address.slice(-60) },
          );
          assert.deepEqual([answer.status, answer.body['code']], [403, 'forbidden']);
        }
      });

      it('keeps to what GitHub takes, with tokens that may do no more than they must', () => {
        const { github } = house();
        const tooMuch = github.calls.filter(({ body }) => String(body['comment'] ?? '').length > 1024);
        assert.deepEqual(tooMuch, []);
        for (const given of github.tokens()) {
          assert.deepEqual(given.repositories, [repository.id]);
          assert.ok(Object.keys(given.permissions).length <= 2);
        }
      });
    });
});
