import assert from 'node:assert/strict';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

type HookResult = { readonly hookStatus: string; readonly callBackDelay?: number };
type Reported = {
  readonly deploymentId: string;
  readonly lifecycleEventHookExecutionId: string;
  readonly status: string;
};
type Options = Readonly<Record<string, unknown>>;

const { makeHandler: makeEcsHandler } = (await import('../../examples/aws/ecs-hook.mjs' as string)) as {
  makeHandler(options: Options): (event: Options) => Promise<HookResult>;
};
const { makeHandler: makeCodeDeployHandler } = (await import(
  '../../examples/aws/codedeploy-hook.mjs' as string
)) as {
  makeHandler(options: Options): (event: Options, context: Options) => Promise<void>;
};

const token = 'serin-aws-0123456789abcdef0123456789abcdef012';
const config = { ...secondsConfig, auth: { tokens: [{ name: 'aws', roles: ['gate'], token }] } };
const log = { info: () => {}, warn: () => {} };
const results = new Set(['SUCCEEDED', 'FAILED', 'IN_PROGRESS']);

/** The payload that ECS hands to the function, its `hookDetails` as the service defines them. */
function ecsEvent(name: string, scenario: string): Options {
  return {
    lifecycleStage: 'POST_TEST_TRAFFIC_SHIFT',
    executionDetails: {
      serviceArn: 'arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout',
      targetServiceRevisionArn: `arn:aws:ecs:eu-west-1:123456789012:service-revision/shop/checkout/${name}`,
      testTrafficWeights: {},
      productionTrafficWeights: {},
    },
    hookDetails: { service: 'checkout', canary: { scenario } },
  };
}

describe('hooks of AWS calling Serin', function () {
  this.timeout(180_000);
  const started = new Map<DatabaseName, SerinProcess>();
  const call = async (
    serin: SerinProcess,
    name: string,
    scenario: string,
    more: Options = {},
  ): Promise<HookResult> => {
    const handler = makeEcsHandler({ fetch, url: serin.url, token, log, ...more });
    const result = await handler(ecsEvent(name, scenario));
    assert.ok(results.has(result.hookStatus), 'anything else is a rollback');
    return result;
  };
  /** Calls the function again for as long as it says so, sooner than ECS would. */
  const callUntilOver = (serin: SerinProcess, name: string, scenario: string): Promise<HookResult> =>
    until('the hook is over', 120_000, async () => {
      const result = await call(serin, name, scenario);
      return result.hookStatus === 'IN_PROGRESS' ? null : result;
    });
  /** Runs the hook of one deployment; what it reports is all that CodeDeploy hears. */
  const deploy = async (
    serin: SerinProcess,
    scenario: string,
    more: Options = {},
    left: () => number = () => 100_000,
  ): Promise<Reported> => {
    const reported: Reported[] = [];
    const handler = makeCodeDeployHandler({
      report: async (input: Reported) => {
        reported.push(input);
      },
      ...{ fetch, url: serin.url, token, log, pause: 100 },
      request: { service: 'checkout', canary: { scenario } },
      ...more,
    });
    const event = { DeploymentId: `d-${scenario}`, LifecycleEventHookExecutionId: 'h-1' };
    await handler(event, { getRemainingTimeInMillis: left });
    assert.equal(reported.length, 1);
    return reported[0]!;
  };
  const play = <Result>(how: (serin: SerinProcess) => Promise<Result>) =>
    sideBySide(databaseNames, (name) => how(started.get(name)!));
  const hooks = play((serin) =>
    Promise.all(
      ['harmless', 'errors-x5', 'no-data'].map(async (scenario) => ({
        first: await call(serin, scenario, scenario),
        last: await callUntilOver(serin, scenario, scenario),
      })),
    ),
  );
  const deployments = play((serin) =>
    Promise.all(['harmless', 'errors-x5', 'no-data'].map((scenario) => deploy(serin, scenario))),
  );
  const outage = play(async (serin) => {
    await serin.breakDatabase();
    const away = await call(serin, 'outage', 'errors-x5');
    await serin.mendDatabase();
    return { away, last: await callUntilOver(serin, 'outage', 'errors-x5') };
  });
  const onEach = (title: string, test: (name: DatabaseName, serin: SerinProcess) => Promise<void>): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, () => test(name, started.get(name)!));
  };

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
    for (const begin of [hooks, deployments]) begin('sqlite').catch(() => undefined);
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  onEach(
    'an ECS hook is in progress until the analysis is over, then succeeds after a pass alone',
    async (name) => {
      const [harmless, harmful, silent] = await hooks(name);

      assert.deepEqual(harmless?.first, { hookStatus: 'IN_PROGRESS', callBackDelay: 15 });
      assert.deepEqual(harmless?.last, { hookStatus: 'SUCCEEDED' });
      assert.deepEqual(harmful?.last, { hookStatus: 'FAILED' });
      assert.deepEqual(silent?.last, { hookStatus: 'FAILED' });
    },
  );

  onEach('an ECS hook waits while Serin is out of reach', async (_name, serin) => {
    const refused = async (): Promise<never> => {
      throw new TypeError('fetch failed');
    };

    assert.deepEqual(await call(serin, 'away', 'harmless', { fetch: refused }), {
      hookStatus: 'IN_PROGRESS',
      callBackDelay: 60,
    });
  });

  onEach(
    'an ECS hook breaks off, which rolls back, with a wrong token and for a service nobody configured',
    async (_name, serin) => {
      await assert.rejects(
        call(serin, 'wrong', 'harmless', { token: 'serin-wrong-0123456789abcdef0123456789abcdef' }),
        /unauthenticated/,
      );
      const handler = makeEcsHandler({ fetch, url: serin.url, token, log });
      await assert.rejects(
        handler({ ...ecsEvent('x', 'harmless'), hookDetails: { service: 'cart' } }),
        /unknown_service/,
      );
    },
  );

  onEach(
    'a CodeDeploy hook reports Succeeded after a pass, and Failed after everything else',
    async (name, serin) => {
      const reported = await deployments(name);

      assert.deepEqual(
        reported.map(({ status }) => status),
        ['Succeeded', 'Failed', 'Failed'],
      );
      assert.equal(reported[0]?.lifecycleEventHookExecutionId, 'h-1');
      const late = {
        request: { service: 'checkout', canary: { scenario: 'harmless' }, key: 'late', wait: '0s' },
      };
      assert.equal((await deploy(serin, 'late', late, () => 0)).status, 'Failed', 'no verdict in its time');
    },
  );

  onEach(
    'a CodeDeploy hook waits while Serin is broken, and reports Failed at the end of its time',
    async (_name, serin) => {
      const left = [100_000, 100_000, 0];
      let asked = 0;
      const broken = async (): Promise<Response> => {
        asked += 1;
        return new Response('{}', { status: 503 });
      };

      const { status } = await deploy(serin, 'broken', { fetch: broken }, () => left.shift() ?? 0);

      assert.equal(status, 'Failed');
      assert.equal(asked, 3);
    },
  );

  onEach(
    'a CodeDeploy hook reports Failed with a wrong token and for a service nobody configured',
    async (_name, serin) => {
      const wrong = { token: 'serin-wrong-0123456789abcdef0123456789abcdef' };

      assert.equal((await deploy(serin, 'wrong', wrong)).status, 'Failed');
      assert.equal((await deploy(serin, 'unknown', { request: { service: 'cart' } })).status, 'Failed');
    },
  );

  onEach('an ECS hook waits while the database is away', async (name) => {
    const { away, last } = await outage(name);

    assert.deepEqual(away, { hookStatus: 'IN_PROGRESS', callBackDelay: 60 });
    assert.deepEqual(last, { hookStatus: 'FAILED' });
  });
});
