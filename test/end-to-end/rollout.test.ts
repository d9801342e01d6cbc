import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { components } from '../../src/api/schema.gen.ts';
import { stopAll } from '../support/process.ts';
import { until } from '../support/until.ts';
import { backtest } from './support/backtest.ts';
import { fast, millisecondsOf, plannedLooks } from './support/plans.ts';
import { findPrometheus } from './support/prometheus.ts';
import {
  finish,
  judge,
  looked,
  type Outcome,
  postAborted,
  type Rollout,
  summarize,
} from './support/rollouts.ts';
import type { Analysis } from './support/serin.ts';
import { startWorld, templates, type World } from './support/world.ts';

type Schemas = components['schemas'];

const binary = findPrometheus();
const title = `A canary judged on a real Prometheus${binary === null ? ' (skipped: needs prometheus)' : ''}`;

const rollouts = {
  harmless: {
    service: 'catalog',
    environment: 'production',
    canary: 'harmless',
    template: 'fast',
    uid: 'uid-harmless',
    version: 'v1.1.0',
  },
  erring: {
    service: 'checkout',
    environment: 'production',
    canary: 'erring',
    template: 'fast',
    uid: 'uid-erring',
    version: 'v1.2.0',
  },
  slow: {
    service: 'catalog',
    environment: 'production',
    canary: 'slow',
    template: 'fast',
    uid: 'uid-slow',
    version: 'v1.3.0',
  },
  unmeasured: {
    service: 'catalog',
    environment: 'staging',
    canary: 'harmless',
    template: 'doomed',
    uid: 'uid-unmeasured',
    version: 'v1.1.0',
  },
  killed: {
    service: 'catalog',
    environment: 'production',
    canary: 'harmless',
    template: 'fast',
    uid: 'uid-killed',
    version: 'v1.1.0',
  },
  minutely: {
    service: 'checkout',
    environment: 'staging',
    canary: 'erring',
    template: 'minutely',
    uid: 'uid-minutely',
    version: 'v1.2.0',
  },
} satisfies Record<string, Rollout>;

type Name = keyof typeof rollouts;

/** Stops Prometheus when half of the looks are done. */
async function stopHalfWay({ serin, doomed }: World): Promise<Outcome> {
  const run = judge(serin, rollouts.unmeasured);
  await looked(serin, run, plannedLooks(fast) / 2);
  await doomed.stop();
  return finish(serin, run);
}

/** Kills Serin a third of the way and starts it again when three looks were missed. */
async function killHalfWay({ fragile }: World): Promise<Outcome> {
  const run = judge(fragile, rollouts.killed);
  const before = await looked(fragile, run, Math.floor(plannedLooks(fast) / 3));
  await fragile.kill();
  const missed = Date.parse(before.nextLookAt ?? '') + 3 * millisecondsOf(fast.interval);
  await until('three looks are missed', 60_000, () => Date.now() > missed);
  await fragile.restart();
  return finish(fragile, run);
}

/** All at once: they share services and load, not state. */
function startRollouts(world: World): Record<Name, Promise<Outcome>> {
  const { serin } = world;
  const undisturbed = (name: Name): Promise<Outcome> => finish(serin, judge(serin, rollouts[name]));
  const outcomes = {
    minutely: undisturbed('minutely'),
    harmless: undisturbed('harmless'),
    erring: undisturbed('erring'),
    slow: undisturbed('slow'),
    unmeasured: stopHalfWay(world),
    killed: killHalfWay(world),
  };
  // The test that awaits one is told of its failure; until then it must not end the process.
  for (const outcome of Object.values(outcomes)) outcome.catch(() => undefined);
  return outcomes;
}

function say(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** Everything the judge said, for the message of an assertion. */
function explain({ run, analysis }: Outcome): string {
  return inspect({ analysis, polls: run.measurements }, { depth: 6, maxArrayLength: 200 });
}

function finding(analysis: Analysis, metric: string): Schemas['Finding'] {
  const found = analysis.findings.find((one) => one.metric === metric);
  assert.ok(found, `no finding on ${metric}`);
  return found;
}

/** One analysis answered every poll, and each was answered. */
function assertOneAnalysis({ run, analysis }: Outcome): void {
  const ids = run.measurements.map(({ answer, message }) => answer?.analysisId ?? message);
  assert.deepEqual([...new Set(ids)], [analysis.id]);
}

function assertRunningUntilConcluded({ run }: Outcome): void {
  const before = run.measurements.slice(0, -1).map(({ answer }) => answer?.verdict);
  assert.deepEqual([...new Set(before)], ['running']);
}

/** Failed before the planned end, on the evidence of `metric`, with both arms' figures in the reason. */
function assertFailedEarly(outcome: Outcome, metric: string): void {
  const { phase, analysis } = outcome;
  assert.equal(phase, 'Failed', explain(outcome));
  assert.equal(analysis.verdict, 'fail');
  assert.equal(analysis.judgedVerdict, 'fail');
  assert.equal(finding(analysis, metric).verdict, 'fail', explain(outcome));
  const figures = new RegExp(`^${metric}: [\\d.]+ (% )?in the canary against [\\d.]+`);
  assert.match(analysis.reason, figures, explain(outcome));
  assert.match(finding(analysis, metric).reason, figures, explain(outcome));
  assert.ok(Date.parse(analysis.concludedAt ?? '') < Date.parse(analysis.endsAt), explain(outcome));
  assertOneAnalysis(outcome);
  assertRunningUntilConcluded(outcome);
}

describe(title, () => {
  const over = new AbortController();
  let folder: string;
  let world: World;
  let outcomes: Record<Name, Promise<Outcome>>;

  before(async function () {
    if (binary === null) return this.skip();
    folder = mkdtempSync(join(tmpdir(), 'serin-end-to-end-'));
    world = await startWorld(binary, folder, over.signal);
    outcomes = startRollouts(world);
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      say(['Serin:', world.serin.log(), 'Serin that was killed:', world.fragile.log()]);
  });

  after(async () => {
    if (binary === null) return;
    over.abort();
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  async function outcomeOf(name: Name): Promise<Outcome> {
    const outcome = await outcomes[name];
    say([`      ${name}: ${summarize(outcome)}`]);
    return outcome;
  }

  it('fails a canary with 5 % errors against 0.5 %, records it as caught and counts it', async () => {
    const outcome = await outcomeOf('erring');

    assertFailedEarly(outcome, 'errors');
    const list = await world.serin.get<Schemas['ChangePage']>(
      '/v1/changes?service=checkout&environment=production',
    );
    assert.equal(list.items.length, 1);
    const [change] = list.items;
    assert.ok(change);
    assert.deepEqual(
      [change.version, change.outcome, change.failureClass, change.analysisIds],
      ['v1.2.0', 'failed', 'caught_in_canary', [outcome.analysis.id]],
    );

    await postAborted(world.serin, rollouts.erring);
    await postAborted(world.serin, rollouts.erring);

    const after = await world.serin.get<Schemas['Change']>(`/v1/changes/${change.id}`);
    assert.deepEqual([after.outcome, after.failureClass], ['failed', 'caught_in_canary']);
    const report = await world.serin.get<Schemas['ChangeFailureReport']>(
      '/v1/reports/change-failure?service=checkout',
    );
    const { changes, failed, caughtInCanary, escaped, rate, interval } = report.totals;
    assert.deepEqual([changes, failed, caughtInCanary, escaped, rate], [1, 1, 1, 0, 1]);
    assert.ok(interval !== null && (interval[0] ?? 1) < 0.5 && interval[1] === 1, inspect(report));
  });

  it('fails a canary that is 50 % slower', async () => {
    const outcome = await outcomeOf('slow');

    assertFailedEarly(outcome, 'latency');
    const { effect } = finding(outcome.analysis, 'latency');
    assert.ok(effect !== null && effect > 0.3 && effect < 0.7, `effect ${effect}`);
    assert.notEqual(finding(outcome.analysis, 'errors').verdict, 'fail');
  });

  it('passes a harmless canary without a single 5xx, at its planned end and not before', async () => {
    const outcome = await outcomeOf('harmless');

    const { phase, analysis } = outcome;
    assert.equal(phase, 'Successful', explain(outcome));
    assertOneAnalysis(outcome);
    assertRunningUntilConcluded(outcome);
    assert.equal(analysis.looks, plannedLooks(fast));
    assert.ok(Date.parse(analysis.concludedAt ?? '') >= Date.parse(analysis.endsAt));
    assert.deepEqual(
      analysis.findings.map(({ metric, verdict }) => [metric, verdict]),
      [
        ['errors', 'pass'],
        ['latency', 'pass'],
      ],
    );
    const { canary, baseline } = finding(analysis, 'errors');
    assert.deepEqual([canary.events, baseline.events], [0, 0]);
    assert.ok((canary.total ?? 0) >= 2_706, `${canary.total} requests`);
    assert.deepEqual(await world.prometheus.query('http_requests_total{app="catalog",code=~"5.."}'), []);
  });

  it('concludes the same analysis after Serin was killed half-way, with every missed look made up', async () => {
    const outcome = await outcomeOf('killed');

    const { phase, run, analysis } = outcome;
    assert.equal(phase, 'Successful', explain(outcome));
    const unanswered = run.measurements.filter(({ answer }) => answer === null);
    assert.ok(unanswered.length > 0, 'Serin was never away');
    const ids = run.measurements.flatMap(({ answer }) => (answer === null ? [] : [answer.analysisId]));
    assert.deepEqual([...new Set(ids)], [analysis.id]);
    assert.equal(analysis.attempt, 1);
    assert.equal(analysis.verdict, 'pass');
    assert.equal(analysis.looks, plannedLooks(fast));
  });

  it('is inconclusive when Prometheus goes away half-way, and says so', async () => {
    const outcome = await outcomeOf('unmeasured');

    const { phase, run, analysis } = outcome;
    assert.equal(phase, 'Inconclusive', explain(outcome));
    assertOneAnalysis(outcome);
    const verdicts = new Set(run.measurements.map(({ answer }) => answer?.verdict));
    assert.deepEqual([...verdicts], ['running', 'inconclusive']);
    assert.equal(analysis.phase, 'concluded');
    for (const reason of [analysis.reason, run.last()?.reason ?? ''])
      assert.match(reason, new RegExp(`${templates.doomed}.*ECONNREFUSED`), explain(outcome));
    assert.ok(analysis.findings.every(({ verdict, error }) => verdict === 'inconclusive' && error !== null));
  });

  it('fails the canary with 5 % errors also with a scrape each 15 s and a step of a minute', async () => {
    assertFailedEarly(await outcomeOf('minutely'), 'errors');
  });

  it('answers a poll after the conclusion with the same analysis and verdict', async () => {
    for (const name of Object.keys(rollouts) as Name[]) {
      const { analysis, replay, run } = await outcomes[name];

      assert.deepEqual([replay.analysisId, replay.verdict], [analysis.id, analysis.verdict], name);
      assert.deepEqual(replay, run.last(), name);
      assert.equal(analysis.attempt, 1, name);
    }
  });

  describe('judged again when all is over', () => {
    const flags = { service: 'catalog', environment: 'production', template: [templates.fast] };
    const arms = (canary: string) => ({
      canary: [`pod_template_hash=${canary}`],
      baseline: ['pod_template_hash=stable'],
    });
    let from: string;

    before(async function () {
      if (binary === null) return this.skip();
      const all = await Promise.all(Object.values(outcomes));
      from = new Date(Math.min(...all.map(({ analysis }) => Date.parse(analysis.startedAt)))).toISOString();
    });

    /** What a window of the past says of a canary, in windows that begin each 5 s. */
    async function harmless(canary: string) {
      const { code, report } = await backtest(folder, 'steady', {
        ...flags,
        ...arms(canary),
        from,
        every: '5s',
      });
      assert.equal(code, 0);
      const [summary] = report.harmless;
      assert.ok(summary !== undefined && summary.judged >= 4, inspect(report, { depth: 5 }));
      say([`      ${canary} over ${summary.judged} windows: ${summary.falseAlarms.count} failed`]);
      return { summary, explained: inspect(report, { depth: 6 }) };
    }

    it('fails none of many windows of two versions that behave alike, and passes most', async () => {
      const { summary, explained } = await harmless('harmless');

      assert.equal(summary.empty, 0, explained);
      assert.equal(summary.falseAlarms.count, 0, explained);
      assert.ok(summary.passed.count > summary.judged / 2, explained);
    });

    it('fails every window of a slower version, for its latency', async () => {
      const { summary, explained } = await harmless('slow');

      assert.equal(summary.falseAlarms.count, summary.judged, explained);
      assert.equal(summary.metrics.find(({ metric }) => metric === 'latency')?.failed, summary.judged);
    });

    it('says of past deploys what was said then, with the arms they had', async () => {
      const { items } = await world.serin.get<Schemas['ChangePage']>(
        '/v1/changes?service=catalog&environment=production',
      );
      for (const { id, version } of items) {
        const outcome =
          version === rollouts.slow.version
            ? { outcome: 'failed', failureClass: 'escaped', reason: 'customers waited' }
            : { outcome: 'succeeded', reason: 'nobody complained' };
        const { status } = await fetch(`${world.serin.url}/v1/changes/${id}/outcome`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(outcome),
        });
        assert.equal(status, 200);
      }

      const { code, report } = await backtest(folder, 'steady', { ...flags, kind: 'deploys', from });

      const said = report.deploys?.rows.map(({ version, plans: [plan] }) => [
        version,
        plan?.reading,
        plan?.by,
      ]);
      assert.equal(code, 0);
      assert.deepEqual(
        said?.sort(),
        [
          [rollouts.harmless.version, 'right pass', []],
          [rollouts.slow.version, 'caught', ['latency']],
        ],
        inspect(report, { depth: 6 }),
      );
    });
  });
});
