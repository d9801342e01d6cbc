import assert from 'node:assert/strict';
import { judgePast, readWith } from '../../../src/analysis/backtest/judge-window.ts';
import { minutesSince } from '../../../src/analysis/backtest/judged-window.ts';
import { pastRun, type RolloutEnd } from '../../../src/analysis/backtest/past-window.ts';
import type { Plan } from '../../../src/analysis/plan.ts';
import type { Run } from '../../../src/analysis/run.ts';
import { createProvider } from '../../../src/metrics/registry.ts';
import { makeHouse, makeRequest } from '../../support/analysis-house.ts';
import { databases } from '../../support/databases.ts';
import { makePlan, start } from '../../support/plans.ts';
import { makeProvider } from '../../support/providers.ts';
import { makeSubject, makeWindow, minute, never } from './past.ts';

const synthetic = createProvider('synthetic', { type: 'synthetic' });
const metrics = [
  { name: 'errors', kind: 'ratio', provider: 'synthetic', events: 'errors', total: 'requests' },
  { name: 'latency', kind: 'gauge', provider: 'synthetic', query: 'latency_p99' },
];

function judgeScenario(
  scenario: string,
  plan: Plan,
  { at = start, end = null as RolloutEnd | null, provider = synthetic } = {},
): Promise<Run> {
  const subject = makeSubject({ version: 'v2', canary: { scenario }, baseline: { scenario: 'harmless' } });
  const run = pastRun(makeWindow({ start: at, subject }), plan);
  return judgePast(
    run,
    end,
    readWith(() => provider, never),
    (input) => input,
  );
}

const facts = ({ verdict, judgedVerdict, reason, score, judgement, start, concludedAt, end }: Run) => ({
  verdict,
  judgedVerdict,
  reason,
  score,
  judgement,
  decided: (concludedAt ?? 0) - start,
  lasted: end - start,
});

const plans: Readonly<Record<string, Record<string, unknown>>> = {
  'a look at each step': { metrics },
  'a look at every second step': { metrics, interval: '2m', step: '1m' },
  'two looks a step': { metrics, interval: '30s', step: '1m' },
  'a warmup': { metrics, warmup: '3m' },
  'an extension': { metrics, onInconclusive: 'extend', maxDuration: '25m' },
  'an extension with looks apart': { metrics, onInconclusive: 'extend', interval: '3m', step: '1m' },
  'an early pass': { metrics, earlyPass: true, duration: '40m' },
  "Kayenta's rule": { metrics, judge: 'kayenta' },
  'a fail for an inconclusive end': { metrics, onInconclusive: 'fail', onNoData: 'fail' },
};

const sqlite = databases.find(({ name }) => name === 'SQLite');

const scenarios = ['harmless', 'errors-x5', 'slow-x1.5', 'late-errors', 'no-data', 'gaps'];

/** Lets the service itself judge a change, from its start to its conclusion. */
async function serve(scenario: string, plan: Record<string, unknown>, startAt: number): Promise<Run> {
  assert.ok(sqlite);
  const { database, close } = await sqlite.open();
  try {
    const house = makeHouse(database, { provider: synthetic, plan, startAt });
    const arms = { canary: { scenario }, baseline: { scenario: 'harmless', role: 'stable' } };
    const { id } = await house.runs.start(makeRequest(arms));
    await house.through(45);
    return await house.get(id);
  } finally {
    await close();
  }
}

describe('judgePast', () => {
  Object.entries(plans).forEach(([name, changes], number) => {
    it(`comes to what the service comes to, under a plan with ${name}`, async () => {
      for (const [index, scenario] of scenarios.entries()) {
        const at = (index + number) % 2 === 0 ? start : start + 17_000;
        const served = await serve(scenario, changes, at);
        assert.equal(served.phase, 'concluded');

        const judged = await judgeScenario(scenario, served.plan, { at });

        // The service concludes when it looks, which is a little after the look was due.
        assert.deepEqual(facts(judged), { ...facts(served), decided: (served.lookedThrough ?? 0) - at });
      }
    }).timeout(60_000);
  });

  it('tells the look that failed', async () => {
    const run = await judgeScenario('errors-x5', makePlan({ metrics, warmup: '2m', duration: '30m' }));

    assert.equal(run.verdict, 'fail');
    const minutes = minutesSince(run, start);
    assert.ok(minutes > 2.5 && minutes < 12 && minutes % 1 === 0.5, `${minutes} minutes`);
  });

  it('ends with the rollout: what failed before stays, else it is too early to say', async () => {
    const plan = makePlan({ metrics, duration: '30m', onInconclusive: 'extend' });
    const at = (minutes: number): RolloutEnd => ({ how: 'aborted', at: start + minutes * minute });
    const [early, late] = [
      await judgeScenario('errors-x5', plan, { end: at(1) }),
      await judgeScenario('errors-x5', plan, { end: at(25) }),
    ];

    assert.equal(early.verdict, 'inconclusive');
    assert.match(early.reason, /the rollout was aborted after 1m of the planned 30m/);
    assert.equal(late.verdict, 'fail');
    assert.ok((late.concludedAt ?? 0) < start + 25 * minute);
  });

  it('is not cut by a rollout that ended after all was seen', async () => {
    const plan = makePlan({ metrics });
    const end: RolloutEnd = { how: 'completed', at: start + 10 * minute };

    const [cut, whole] = [
      await judgeScenario('harmless', plan, { end }),
      await judgeScenario('harmless', plan),
    ];

    assert.deepEqual(facts(cut), facts(whole));
    assert.equal(cut.verdict, 'pass');
  });

  it('does not wait for better data where what there is makes no sense', async () => {
    const negative = makeProvider(({ query }) => (query === 'errors' ? -1 : 100));
    const plan = makePlan({ metrics: [metrics[0]], onInconclusive: 'extend' });

    const run = await judgeScenario('harmless', plan, { provider: negative });

    assert.deepEqual([run.verdict, run.judgement?.findings[0]?.obstacle], ['inconclusive', 'error']);
    assert.equal((run.concludedAt ?? 0) - start, 20.5 * minute);
  });
});
