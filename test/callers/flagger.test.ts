import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import { type Called, callWebhook, type Webhook } from '../support/flagger.ts';
import { type Canary, createCanary } from '../support/flagger-canary.ts';
import { goRequest } from '../support/go-client.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

type Schemas = components['schemas'];
type Kind = 'rollout' | 'advance' | 'rollback' | 'outcome';

const token = 'serin-flagger-0123456789abcdef0123456789abcdef';
const readToken = 'serin-reader-0123456789abcdef0123456789abcdef';
const elsewhereToken = 'serin-search-0123456789abcdef0123456789abcdef';
const config = {
  ...secondsConfig,
  services: [
    { name: 'checkout', aliases: ['shop/checkout'], template: 'seconds' },
    { name: 'search', aliases: ['shop/search'], template: 'seconds' },
  ],
  auth: {
    tokens: [
      { name: 'flagger', roles: ['gate', 'record'], token },
      { name: 'reader', roles: ['read'], token: readToken },
      { name: 'search', roles: ['gate', 'record'], services: ['search'], token: elsewhereToken },
    ],
  },
};

const namespace = 'shop';
const metadata = (scenario: string): Record<string, string> => ({ 'canary.scenario': scenario });

/** A Serin and what the tests ask of it. */
type Asked = {
  readonly serin: SerinProcess;
  hook(kind: Kind, secret?: string): Webhook;
  canary(checksum: string, scenario: string, more?: Record<string, string>): Canary;
  /** One call about a canary in progress. */
  call(kind: Kind, checksum: string, scenario: string, more?: Record<string, string>): Promise<Called>;
  get<T>(path: string): Promise<T>;
};

async function startAsked(database: DatabaseName): Promise<Asked> {
  const serin = await startSerin({ database, config });
  const hook = (kind: Kind, secret = token): Webhook => ({
    url: `${serin.url}/v1/hooks/flagger/${kind}/${secret}`,
  });
  return {
    serin,
    hook,
    canary: (checksum, scenario, more = {}) =>
      createCanary({
        name: 'checkout',
        namespace,
        checksum,
        stepWeight: 25,
        maxWeight: 50,
        threshold: 1,
        hooks: {
          rollout: hook('rollout'),
          confirmTrafficIncrease: hook('advance'),
          confirmPromotion: hook('advance'),
          rollback: hook('rollback'),
          postRollout: hook('outcome'),
        },
        metadata: { ...metadata(scenario), ...more },
      }),
    call: (kind, checksum, scenario, more = {}) =>
      callWebhook(hook(kind), {
        name: 'checkout',
        namespace,
        phase: 'Progressing',
        checksum,
        metadata: { ...metadata(scenario), ...more },
      }),
    get: async <T>(path: string): Promise<T> => {
      const headers = { Authorization: `Bearer ${token}` };
      return JSON.parse((await goRequest(serin.url + path, { method: 'GET', headers })).text) as T;
    },
  };
}

async function tickUntil(canary: Canary, what: string, isSo: () => boolean): Promise<Canary> {
  return until(what, 120_000, async () => {
    if (isSo()) return canary;
    await canary.tick();
    return isSo() ? canary : null;
  });
}

async function changeOf({ get }: Asked, target: string): Promise<Schemas['Change'] | undefined> {
  const { items } = await get<Schemas['ChangePage']>('/v1/changes?service=checkout');
  return items.find(({ targets }) => targets.includes(target));
}

/** Plays a harmless canary; tells its weights at the first two ticks. */
async function playHarmless(asked: Asked): Promise<{ canary: Canary; weights: readonly number[] }> {
  const canary = asked.canary('good', 'harmless', { target: 'pass' });
  const weights: number[] = [];
  for (let tick = 0; tick < 2; tick += 1) {
    await canary.tick();
    weights.push(canary.weight());
  }
  await tickUntil(canary, 'the second step', () => canary.weight() === 50);
  await tickUntil(canary, 'the promotion', () => canary.phase() === 'Succeeded');
  return { canary, weights };
}

function playHarmful(asked: Asked): Promise<Canary> {
  const canary = asked.canary('bad', 'errors-x5', { target: 'fail' });
  return tickUntil(canary, 'the rollback', () => canary.phase() === 'Failed');
}

/** Asks each hook about a canary that failed. */
async function askAfterFail({ call }: Asked): Promise<Record<'rollout' | 'advance' | 'rollback', Called>> {
  const more = { target: 'after-fail' };
  await call('advance', 'bad', 'errors-x5', more);
  const rollback = await until('the fail', 120_000, async () => {
    const called = await call('rollback', 'bad', 'errors-x5', more);
    return called.pass ? called : null;
  });
  const rollout = await call('rollout', 'bad', 'errors-x5', more);
  return { rollout, advance: await call('advance', 'bad', 'errors-x5', more), rollback };
}

/** Plays a canary without data; tells what was answered when its analysis had ended, before the deadline. */
async function playSilent(asked: Asked): Promise<{ canary: Canary; held: readonly Called[] }> {
  const more = { target: 'silent', deadline: '4s' };
  const canary = asked.canary('silent', 'no-data', more);
  await canary.tick();
  const advance = await until('the end of the analysis', 120_000, async () => {
    const called = await asked.call('advance', 'silent', 'no-data', more);
    return called.message.startsWith('inconclusive') ? called : null;
  });
  const rollout = await asked.call('rollout', 'silent', 'no-data', more);
  const rollback = await asked.call('rollback', 'silent', 'no-data', more);
  await tickUntil(canary, 'the rollback', () => canary.phase() === 'Failed');
  return { canary, held: [rollout, advance, rollback] };
}

/** Asks each hook while the database is away, and goes on when it is back. */
async function playOutage(asked: Asked): Promise<{ canary: Canary; answers: readonly Called[] }> {
  const more = { target: 'outage' };
  const canary = asked.canary('outage', 'harmless', more);
  await canary.tick();
  const ended = { name: 'checkout', namespace, phase: 'Succeeded', checksum: 'outage', metadata: more };
  await asked.serin.breakDatabase();
  const answers = await Promise.all([
    ...(['rollout', 'advance', 'rollback'] as const).map((kind) =>
      asked.call(kind, 'outage', 'harmless', more),
    ),
    callWebhook(asked.hook('outcome'), ended),
  ]);
  await asked.serin.mendDatabase();
  await tickUntil(canary, 'the second step', () => canary.weight() === 50);
  return { canary, answers };
}

/** Asks before Serin is killed, while it is away and when it is back. */
async function playKilled({ serin, call }: Asked): Promise<readonly Called[]> {
  const ask = (): Promise<Called> => call('advance', 'killed', 'harmless', { target: 'killed' });
  const before = await ask();
  await serin.kill();
  const away = await ask();
  await serin.restart();
  return [before, away, await ask()];
}

describe('Flagger calling Serin', function () {
  this.timeout(180_000);
  const started = new Map<DatabaseName, Asked>();
  const play = <Result>(how: (asked: Asked) => Promise<Result>): ((name: DatabaseName) => Promise<Result>) =>
    sideBySide(databaseNames, (name) => how(started.get(name)!));
  /** A test for each database, one after the other, so that what is played side by side disturbs no other test. */
  const onEach = (title: string, test: (name: DatabaseName, asked: Asked) => Promise<void>): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, () => test(name, started.get(name)!));
  };
  const harmless = play(playHarmless);
  const harmful = play(playHarmful);
  const failed = play(askAfterFail);
  const silent = play(playSilent);
  const outage = play(playOutage);
  const killed = play(playKilled);

  before(async () => {
    const all = await Promise.all(databaseNames.map(startAsked));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
    for (const begin of [harmless, harmful, failed, silent]) begin('sqlite').catch(() => undefined);
  });
  after(() => Promise.all([...started.values()].map(({ serin }) => serin.stop())));

  onEach(
    'answers rollout 200, advance 412 and rollback 412 while the analysis runs',
    async (_database, asked) => {
      const { call } = asked;
      const more = { target: 'running', template: 'minutes' };
      const first = await call('advance', 'slow', 'harmless', more);

      const [rollout, advance, rollback] = await Promise.all(
        (['rollout', 'advance', 'rollback'] as const).map((kind) => call(kind, 'slow', 'harmless', more)),
      );

      assert.equal(first.status, 200);
      assert.deepEqual([rollout?.status, advance?.status, rollback?.status], [200, 412, 412]);
    },
  );

  onEach(
    'lets a harmless canary on step by step after a pass each, holds between, and promotes it',
    async (database, asked) => {
      const { canary, weights } = await harmless(database);

      assert.deepEqual(weights, [25, 25], 'the first step is granted, the next one is held');
      assert.match(canary.events[0] ?? '', /^confirm-traffic-increase: the analysis still runs: /);
      assert.equal(canary.failedChecks(), 0);
      const change = await changeOf(asked, 'pass');
      assert.equal(change?.source, 'flagger');
      assert.equal(change?.attempts[0]?.result, 'completed');
      assert.equal(change?.analysisIds.length, 2);
    },
  );

  onEach(
    'rolls a harmful canary back as soon as it failed, with the reason in the event',
    async (database, asked) => {
      const { events } = await harmful(database);

      assert.ok(
        events.some(
          (event) =>
            event === 'rolled back by its webhook' || /^rollout: fail: errors: .* in the canary/.test(event),
        ),
      );
      const change = await changeOf(asked, 'fail');
      assert.equal(change?.outcome, 'failed');
      assert.equal(change?.failureClass, 'caught_in_canary');
    },
  );

  onEach('answers rollout 412, advance 412 and rollback 200 after a fail', async (database) => {
    const { rollout, advance, rollback } = await failed(database);

    assert.deepEqual([rollout.status, advance.status, rollback.status], [412, 412, 200]);
    assert.match(rollout.message, /^fail: errors: .* in the canary against/);
  });

  onEach(
    'holds without a verdict, counts no failed check, and rolls back once the deadline is over',
    async (database) => {
      const { canary, held } = await silent(database);

      assert.deepEqual(
        held.map(({ status }) => status),
        [200, 412, 412],
      );
      assert.equal(canary.failedChecks(), 0);
      assert.ok(canary.events.includes('rolled back by its webhook'));
    },
  );

  onEach(
    'refuses a token that is wrong, lacks the role or is of another service, and tells no log of it',
    async (_database, asked) => {
      const { serin, hook } = asked;
      const payload = { name: 'checkout', namespace, phase: 'Succeeded', checksum: 'c', metadata: {} };
      const wrong = 'serin-nobody-0123456789abcdef0123456789abcdef';

      const statuses: (number | null)[] = [];
      for (const secret of [wrong, readToken, elsewhereToken])
        for (const kind of ['rollout', 'advance', 'rollback', 'outcome'] as const) {
          const phase = kind === 'outcome' ? 'Succeeded' : 'Progressing';
          const { status, pass } = await callWebhook(hook(kind, secret), { ...payload, phase });
          assert.equal(pass, false);
          statuses.push(status);
        }

      assert.deepEqual(statuses, [401, 401, 401, 401, 403, 403, 403, 403, 403, 403, 403, 403]);
      for (const secret of [wrong, token, readToken, elsewhereToken])
        assert.ok(!serin.log().includes(secret), 'a token is in the log');
    },
  );

  onEach(
    'says in the event which services there are when nobody configured the one it is asked about',
    async (_database, asked) => {
      const { hook } = asked;
      const payload = { name: 'cart', namespace, phase: 'Progressing', checksum: 'c', metadata: {} };

      const advance = await callWebhook(hook('advance'), payload);
      const rollout = await callWebhook(hook('rollout'), payload);
      const rollback = await callWebhook(hook('rollback'), payload);
      const outcome = await callWebhook(hook('outcome'), { ...payload, phase: 'Succeeded' });

      assert.deepEqual(
        [advance.status, rollout.status, rollback.status, outcome.status],
        [400, 400, 412, 200],
      );
      assert.match(
        advance.message,
        /no service with the name or alias "shop\/cart" or "cart"; configured are/,
      );
    },
  );

  onEach(
    'grants nothing, counts nothing and takes nothing back while Serin itself cannot judge',
    async (database) => {
      const { canary, answers } = await outage(database);

      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 412, 412, 503],
      );
      assert.equal(canary.failedChecks(), 0);
    },
  );

  onEach('finds a rollout as it was after Serin was killed', async (database) => {
    const [before, away, after] = await killed(database);

    assert.equal(before?.status, 200);
    assert.equal(away?.pass, false);
    assert.equal(after?.status, 412);
  });
});
