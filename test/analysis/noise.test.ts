import assert from 'node:assert/strict';
import type { Run } from '../../src/analysis/run.ts';
import type { StartRequest } from '../../src/analysis/runs.ts';
import { createChanges, settleDue } from '../../src/ledger/changes.ts';
import type { QueryRequest } from '../../src/metrics/provider.ts';
import {
  admin,
  type House,
  type HouseOptions,
  makeHouse,
  makeRequest,
  makeRolloutEvent,
} from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';
import { createRandom } from '../support/random.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Latency with noise of its own in each arm and at each point. */
function latency({ arm }: QueryRequest, point: number): number {
  return 100 * Math.exp(0.1 * (createRandom(point / minute + (arm === 'canary' ? 1e7 : 0))() - 0.5));
}

/** The same, the canary's three times as high in the hours that are named. */
function harmedIn(...hours: readonly number[]) {
  return makeProvider((request, point) => {
    const isHarmed = request.arm === 'canary' && hours.includes(Math.floor((point - start) / hour));
    return latency(request, point) * (isHarmed ? 3 : 1);
  });
}

const gauge = { name: 'latency', kind: 'gauge', provider: 'synthetic', query: 'latency' };
const plan = { duration: '15m', metrics: [gauge] };

/** How many earlier runs the last judgement used. */
function earlierRuns({ judgement }: Run): number | undefined {
  return judgement?.findings[0]?.noise?.earlierRuns;
}

/** Starts a run at the beginning of that hour. */
async function begin(home: House, atHour: number, changes: Partial<StartRequest> = {}): Promise<Run> {
  home.setMinutes(60 * atHour);
  return home.runs.start(
    makeRequest({ key: `hour ${atHour}`, change: { version: `v${atHour}` }, ...changes }),
  );
}

/** A whole run that begins at that hour; its change is then told to have come to that, if to anything. */
async function perform(
  home: House,
  atHour: number,
  outcome: 'succeeded' | 'failed' | null = 'succeeded',
  changes: Partial<StartRequest> = {},
): Promise<Run> {
  const { id } = await begin(home, atHour, changes);
  await home.through(60 * atHour + 16);
  const run = await home.get(id);
  assert.equal(run.phase, 'concluded');
  if (outcome !== null) await rule(home, run, outcome);
  return run;
}

/** Has a person say what became of the run's change. */
async function rule(home: House, { changeId }: Run, outcome: 'succeeded' | 'failed'): Promise<void> {
  const at = start + 1000 * hour;
  const policy = { observationWindow: 24 * hour, abandonAfter: 7 * 24 * hour };
  const changes = createChanges({ unitOfWork: home.unitOfWork, now: () => at, policy: () => policy });
  await changes.rule(changeId, { outcome, failureClass: null, at, reason: null }, admin);
}

for (const { name, open } of databases)
  describe(`noise learned from earlier runs on ${name}`, () => {
    let opened: TestDatabase;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const house = (changes: Partial<HouseOptions> = {}): House =>
      makeHouse(opened.database, { provider: makeProvider(latency), plan, ...changes });

    it('serves the third run: two earlier ones are needed', async () => {
      const home = house();
      const runs: Run[] = [];
      for (const atHour of [1, 2, 3, 4]) runs.push(await perform(home, atHour));

      assert.deepEqual(runs.map(earlierRuns), [0, 0, 2, 3]);
      assert.deepEqual(home.errors, []);
    });

    it('waits until nobody complained of the change for the observation window', async () => {
      const home = house();
      const finish = async (atHour: number): Promise<void> => {
        const rollout = { uid: 'u1', revision: String(atHour), namespace: 'shop', name: 'checkout' };
        await perform(home, atHour, null, { rollout });
        await home.rolloutEvents.take(makeRolloutEvent('completed', 60 * atHour + 17, { rollout }));
      };
      const settle = (atHour: number): Promise<number> => {
        const policy = {
          now: start + atHour * hour,
          observationWindow: 24 * hour,
          abandonAfter: 7 * 24 * hour,
        };
        return home.unitOfWork.transaction(({ ledger }) => settleDue(ledger, policy.now, policy));
      };
      await finish(1);
      await finish(2);
      await settle(25);
      assert.equal(earlierRuns(await perform(home, 25, null)), 0);
      await settle(27);
      assert.equal(earlierRuns(await perform(home, 27, null)), 2);
    });

    it('forgets a run whose change fails later, and leaves a run that has begun as it was', async () => {
      const home = house();
      await perform(home, 1);
      const second = await perform(home, 2);
      const { id, noise } = await begin(home, 3);
      await home.through(185);

      await rule(home, second, 'failed');
      await house().at(188);
      await house().at(200);

      const third = await home.get(id);
      assert.equal(third.phase, 'concluded');
      assert.equal(earlierRuns(third), 2);
      assert.equal(noise?.length, 1);
      assert.deepEqual(third.noise, noise);
      assert.equal((await begin(home, 4)).noise?.length, 0);
    });

    it('gives a window of the past nothing that was learned since it began', async () => {
      const home = house();
      await perform(home, 1);
      await perform(home, 2);

      const past = { start: start + 2 * hour, end: start + 2 * hour + 15 * minute };
      assert.deepEqual((await begin(home, 5, past)).noise, []);
      const later = { key: 'later', start: start + 3 * hour, end: start + 3 * hour + 15 * minute };
      assert.equal((await begin(home, 5, later)).noise?.length, 1);
    });
  });

describe('what runs learn noise from', () => {
  let opened: TestDatabase;
  beforeEach(async () => {
    opened = await databases[0]!.open();
  });
  afterEach(() => opened.close());

  const house = (changes: Partial<HouseOptions> = {}): House =>
    makeHouse(opened.database, { provider: makeProvider(latency), plan, ...changes });

  it('sharpens the judgement of those that follow', async () => {
    const home = house();
    const [first, , third] = [await perform(home, 1), await perform(home, 2), await perform(home, 3)];
    const width = ({ judgement }: Run): number => {
      const [low = 0, high = 0] = judgement?.findings[0]?.interval ?? [];
      return high - low;
    };

    assert.ok(width(third) < width(first), `${width(third)} is not less than ${width(first)}`);
  });

  it('uses at most 8 runs, the newest', async () => {
    const home = house();
    for (let atHour = 1; atHour <= 9; atHour++) await perform(home, atHour);

    assert.equal(earlierRuns(await perform(home, 10)), 8);
  });

  it('takes nothing of a run that failed', async () => {
    const home = house({ provider: harmedIn(2) });
    await perform(home, 1);
    const failed = await perform(home, 2);

    assert.equal(failed.verdict, 'fail');
    assert.equal(earlierRuns(await perform(home, 3)), 0);
    assert.equal(earlierRuns(await perform(home, 4)), 2);
  });

  it('takes nothing of an inconclusive run that its plan called a failure', async () => {
    const home = house({
      plan: { ...plan, onInconclusive: 'fail', metrics: [{ ...gauge, acceptable: 0.001 }] },
    });
    const failed = await perform(home, 1);
    await perform(home, 2);

    assert.deepEqual([failed.judgedVerdict, failed.verdict], ['inconclusive', 'fail']);
    assert.equal(earlierRuns(await perform(home, 3)), 0);
  });

  it('takes nothing of a run that did not get to its planned end', async () => {
    const home = house({
      plan: { ...plan, duration: '40m', earlyPass: true, metrics: [{ ...gauge, acceptable: 0.05 }] },
    });
    const rollout = { uid: 'u1', revision: '7', namespace: 'shop', name: 'checkout' };
    const early = await perform(home, 1);
    const { id } = await begin(home, 2, { rollout });
    await home.rolloutEvents.take(makeRolloutEvent('completed', 121));
    const ended = await home.get(id);
    await rule(home, ended, 'succeeded');
    const cancelled = await home.runs.cancel((await begin(home, 3)).id, admin);
    await rule(home, cancelled, 'succeeded');

    assert.ok(early.verdict === 'pass' && early.looks >= 10 && (early.lookedThrough ?? 0) < early.end);
    assert.equal(ended.phase, 'concluded');
    assert.deepEqual((await begin(home, 4)).noise, []);
    const kept = await opened.database.run((sql) => sql('noise_profiles').select('run_id'));
    assert.deepEqual(kept, []);
  });

  it('takes nothing of a metric that had too little data', async () => {
    const sparse = makeProvider((request, point) =>
      (point / minute) % 3 === 0 ? latency(request, point) : null,
    );
    const home = house({ provider: sparse, plan: { ...plan, duration: '40m' } });
    home.setMinutes(60);
    await home.runs.start(makeRequest());
    await home.through(101);

    const kept = await opened.database.run((sql) => sql('noise_profiles').select('run_id'));
    assert.deepEqual(kept, []);
  });

  for (const [what, other, count] of [
    ['another query', { metrics: [{ ...gauge, query: 'other' }] }, 0],
    ['another name', { metrics: [{ ...gauge, name: 'other' }] }, 0],
    ['another step', { step: '30s' }, 0],
    ['no use for it', { noise: { earlierRuns: false } }, 0],
    ['no use for the past', { noise: { history: false } }, 2],
    ['other demands', { alpha: 0.01, metrics: [{ ...gauge, margin: 0.1, weight: 2, critical: true }] }, 2],
  ] as const)
    it(`${count === 0 ? 'does not serve' : 'serves'} a metric with ${what}`, async () => {
      const home = house();
      await perform(home, 1);
      await perform(home, 2);

      const run = await begin(home, 3, { plan: { ...plan, delay: '30s', interval: '1m', ...other } });

      assert.equal(run.noise?.[0]?.profile.runs ?? 0, count);
    });

  it('does not serve another environment, target or service', async () => {
    const home = house();
    await perform(home, 1);
    await perform(home, 2);

    const runs = [
      await begin(home, 3, { environment: 'staging' }),
      await begin(home, 3, { target: 'eu' }),
      await begin(home, 3, { service: 'cart', template: 'http', canary: { a: '1' }, baseline: { a: '2' } }),
      await begin(home, 3),
    ];

    assert.deepEqual(
      runs.map(({ noise }) => noise?.length),
      [0, 0, 0, 1],
    );
  });

  it('goes without where the plan says so, and says so, but tells later runs', async () => {
    const home = house();
    const alone = { plan: { ...plan, noise: { history: 'false', earlierRuns: 'false' } } };
    await perform(home, 1, 'succeeded', alone);
    await perform(home, 2, 'succeeded', alone);
    const third = await perform(home, 3, 'succeeded', alone);
    const fourth = await perform(home, 4);

    const noise = ({ judgement }: Run) => judgement?.findings[0]?.noise;
    assert.deepEqual([noise(third)?.historySteps, noise(third)?.earlierRuns], [0, 0]);
    assert.deepEqual([noise(fourth)?.historySteps, noise(fourth)?.earlierRuns], [60, 3]);
  });

  it('learns from dry runs as from others', async () => {
    const home = house();
    await perform(home, 1, 'succeeded', { dryRun: true });
    await perform(home, 2, 'succeeded', { dryRun: true });

    assert.equal(earlierRuns(await perform(home, 3)), 2);
  });

  it('counts once what two runs saw at the same time', async () => {
    const home = house();
    await begin(home, 1);
    const [first, second] = [
      await perform(home, 1, null, { key: 'one' }),
      await home.runs.start(makeRequest({ key: 'hour 1' })),
    ];
    await rule(home, first, 'succeeded');
    await rule(home, second, 'succeeded');

    assert.deepEqual((await begin(home, 2)).noise, []);
  });

  it('does without in a run that began before noise was learned', async () => {
    const home = house();
    const { id } = await begin(home, 1);
    const run = await home.get(id);
    const { noise: _, ...old } = run;
    assert.equal(await home.unitOfWork.stores.runs.saveForced(old, run), true);
    await home.through(76);

    assert.equal(earlierRuns(await home.get(id)), 0);
    assert.deepEqual(home.errors, []);
  });
});
