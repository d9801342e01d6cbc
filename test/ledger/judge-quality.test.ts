import assert from 'node:assert/strict';
import { hasCode } from '../../src/errors.ts';
import type { JudgeQualityQuery, JudgeQualityReport } from '../../src/ledger/judge-quality.ts';
import { createJudgeQuality } from '../../src/ledger/judge-quality.ts';
import type { JudgedChange, JudgedRun } from '../../src/ledger/judged-run.ts';
import { cellOf } from '../../src/ledger/judged-truth.ts';
import { day, epoch, hour } from './events.ts';

const now = epoch + 30 * day;
const options = { now, observationWindow: day };

function makeChange(changes: Partial<JudgedChange> = {}): JudgedChange {
  return {
    id: 'c1',
    service: 'checkout',
    environment: 'production',
    version: 'v2',
    commit: null,
    artifact: null,
    outcome: 'succeeded',
    failureClass: null,
    finishedAt: epoch + hour,
    outcomeAt: epoch + day,
    recoveredAt: null,
    method: 'observation',
    hasIncident: false,
    ...changes,
  };
}

function makeRun(changes: Partial<JudgedRun> = {}): JudgedRun {
  const { id: changeId } = changes.change ?? makeChange();
  return {
    analysisId: 'a1',
    changeId,
    service: 'checkout',
    environment: 'production',
    judged: 'pass',
    override: null,
    dryRun: false,
    start: epoch,
    end: epoch + hour,
    concludedAt: epoch + hour,
    change: makeChange(),
    ...changes,
  };
}

const caught = {
  outcome: 'failed',
  failureClass: 'caught_in_canary',
  finishedAt: epoch,
  outcomeAt: epoch,
  method: 'controller',
} as const;
const escaped = { outcome: 'failed', failureClass: 'escaped' } as const;

describe('cellOf(run, alike, options)', () => {
  const passed = (change: Partial<JudgedChange>) =>
    cellOf(makeRun({ change: makeChange(change) }), [], options);
  const failed = (
    change: Partial<JudgedChange>,
    alike: readonly JudgedChange[] = [],
    run: Partial<JudgedRun> = {},
  ) => cellOf(makeRun({ judged: 'fail', change: makeChange(change), ...run }), alike, options);

  it('tells a pass by what became of the change', () => {
    assert.equal(passed({}), 'passed.fine');
    assert.equal(passed(escaped), 'passed.escaped');
    assert.equal(passed({ outcome: 'pending' }), 'passed.unknown');
    assert.equal(passed(caught), 'passed.unknown');
    assert.equal(passed({ ...caught, failureClass: 'failed_to_deploy' }), 'passed.unknown');
    assert.equal(cellOf(makeRun({ change: null }), [], options), 'passed.unknown');
  });

  it('leaves open whether a fail was right when the change was stopped and that was all', () => {
    assert.equal(failed(caught), 'failed.unknown');
    assert.equal(failed({ outcome: 'abandoned' }), 'failed.unknown');
    assert.equal(cellOf(makeRun({ judged: 'fail', change: null }), [], options), 'failed.unknown');
  });

  it('calls a fail a false alarm when the change went out all the same, or a person says so', () => {
    assert.equal(failed({}), 'failed.fine');
    assert.equal(failed({ method: 'manual' }), 'failed.fine');
    assert.equal(failed(caught, [], { override: 'pass' }), 'failed.fine');
    assert.equal(failed(caught, [], { override: 'inconclusive' }), 'failed.unknown');
  });

  it('calls a fail right when users met it, or a person or an incident says so', () => {
    assert.equal(failed(escaped), 'failed.harmful');
    assert.equal(failed({ ...caught, method: 'manual' }), 'failed.harmful');
    assert.equal(failed({ ...caught, method: 'window', hasIncident: true }), 'failed.harmful');
  });

  it('goes by the same revision when it was tried again and watched for long enough', () => {
    assert.equal(failed({ ...caught, recoveredAt: now - day }), 'failed.fine');
    assert.equal(failed({ ...caught, recoveredAt: now - day + 1 }), 'failed.unknown');
  });

  it('goes by the same thing shipped later to the same place, by version, commit or digest', () => {
    const later = makeChange({ id: 'c2', finishedAt: epoch + 5 * day });
    const commit = '9f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c';
    const byCommit = { version: null, commit };

    assert.equal(failed(caught, [later]), 'failed.fine');
    assert.equal(failed(caught, [{ ...later, ...escaped }]), 'failed.harmful');
    assert.equal(failed({ ...caught, ...byCommit }, [{ ...later, ...byCommit }]), 'failed.fine');
    assert.equal(failed(caught, [{ ...later, version: 'v3' }]), 'failed.unknown');
    assert.equal(
      failed({ ...caught, commit }, [{ ...later, commit: commit.replace('9', '0') }]),
      'failed.unknown',
    );
    assert.equal(failed(caught, [{ ...later, environment: 'staging' }]), 'failed.unknown');
    assert.equal(failed(caught, [{ ...later, service: 'search' }]), 'failed.unknown');
    assert.equal(failed(caught, [{ ...later, finishedAt: epoch - 1 }]), 'failed.unknown');
    assert.equal(failed(caught, [{ ...later, ...caught, finishedAt: epoch + 1 }]), 'failed.unknown');
    assert.equal(failed(caught, [makeChange({ finishedAt: epoch + day })]), 'failed.unknown');
  });

  it('takes what nobody knows for neither', () => {
    assert.equal(cellOf(makeRun({ judged: 'inconclusive' }), [], options), 'inconclusive');
  });
});

describe('the report on the judge', () => {
  function ask(runs: readonly JudgedRun[], query: JudgeQualityQuery = {}): Promise<JudgeQualityReport> {
    return createJudgeQuality({
      store: { judged: async () => runs, alike: async (changes) => changes },
      production: (environment) => environment === 'production',
      serviceInfo: (service) => ({ team: service === 'checkout' ? 'shop' : null, tier: null }),
      observationWindow: () => day,
      now: () => now,
    }).report(query);
  }

  const runs = [
    makeRun({ analysisId: 'fine 1' }),
    makeRun({ analysisId: 'fine 2' }),
    makeRun({ analysisId: 'fine 3' }),
    makeRun({ analysisId: 'missed', change: makeChange(escaped) }),
    makeRun({ analysisId: 'alarm', judged: 'fail', override: 'pass', concludedAt: epoch + hour / 4 }),
    makeRun({
      analysisId: 'right',
      judged: 'fail',
      change: makeChange(escaped),
      concludedAt: epoch + hour / 2,
    }),
    makeRun({ analysisId: 'who knows', judged: 'fail', change: makeChange(caught), concludedAt: now }),
    makeRun({ analysisId: 'neither', judged: 'inconclusive' }),
    makeRun({ analysisId: 'dry', judged: 'fail', dryRun: true, concludedAt: epoch + hour / 6 }),
    makeRun({ analysisId: 'elsewhere', environment: 'staging' }),
    makeRun({ analysisId: 'of others', service: 'search' }),
  ];

  it('counts verdicts against what became of the changes, dry runs apart', async () => {
    const report = await ask(runs, { team: 'shop' });

    assert.deepEqual(report.passed, { fine: 3, escaped: 1, unknown: 0 });
    assert.deepEqual(report.failed, { harmful: 1, fine: 1, unknown: 1 });
    assert.deepEqual([report.inconclusive, report.overrides], [1, 1]);
    assert.deepEqual(report.dryRuns.failed, { harmful: 0, fine: 1, unknown: 0 });
    assert.deepEqual(report.dryRuns.passed, { fine: 0, escaped: 0, unknown: 0 });
    assert.equal(report.medianMinutesToFail, 30);
    assert.equal(report.dryRuns.medianMinutesToFail, 10);
  });

  it('gives each rate its interval and what it is of, and null when it is of nothing', async () => {
    const { falsePassRate, falseAlarmRate, failRateWhenFine, inconclusiveRate, dryRuns } = await ask(runs, {
      service: 'checkout',
    });

    assert.deepEqual([falsePassRate?.rate, falsePassRate?.n], [0.25, 4]);
    assert.deepEqual([falseAlarmRate?.rate, falseAlarmRate?.n], [1 / 3, 3]);
    assert.deepEqual([failRateWhenFine?.rate, failRateWhenFine?.n], [0.25, 4]);
    assert.deepEqual([inconclusiveRate?.rate, inconclusiveRate?.n], [0.125, 8]);
    assert.deepEqual(
      falsePassRate?.interval.map((bound) => bound.toFixed(4)),
      ['0.0456', '0.6994'],
    );
    assert.equal(dryRuns.falsePassRate, null);
    assert.equal((await ask([])).medianMinutesToFail, null);
  });

  it('names the analyses behind each number when asked', async () => {
    const { cases } = await ask(runs, { team: 'shop', cases: true });

    assert.deepEqual(
      cases?.map(({ number, count, items }) => [number, count, items.map(({ analysisId }) => analysisId)]),
      [
        ['passed.fine', 3, ['fine 1', 'fine 2', 'fine 3']],
        ['passed.escaped', 1, ['missed']],
        ['failed.harmful', 1, ['right']],
        ['failed.fine', 1, ['alarm']],
        ['failed.unknown', 1, ['who knows']],
        ['inconclusive', 1, ['neither']],
        ['dryRuns.failed.fine', 1, ['dry']],
        ['overrides', 1, ['alarm']],
      ],
    );
    assert.equal((await ask(runs)).cases, null);
  });

  it('names two hundred at most, and says how many there are', async () => {
    const { cases } = await ask(
      Array.from({ length: 250 }, () => makeRun()),
      { cases: true },
    );

    assert.deepEqual(
      cases?.map(({ count, items }) => [count, items.length]),
      [[250, 200]],
    );
  });

  it('covers ninety days up to now, and refuses a range without length', async () => {
    const { from, to } = await ask([]);

    assert.deepEqual([from, to], [now - 90 * day, now]);
    await assert.rejects(ask([], { from: 5, to: 5 }), (error) => hasCode(error, 'invalid_input'));
  });

  it('says in words what it counted', async () => {
    assert.match((await ask([])).definition, /^Definition 1\. .*False-alarm rate.*least.*alpha/s);
  });
});
