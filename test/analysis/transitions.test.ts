import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Run } from '../../src/analysis/run.ts';
import { cancel, endRollout, expire, next, record } from '../../src/analysis/transitions.ts';
import { endsAt } from '../../src/analysis/window.ts';
import { makeJudgement } from '../support/judgements.ts';
import { makePlan, makeRun, start } from '../support/plans.ts';

const minute = 60_000;
const options = { expireAfter: 10 * minute, upSince: start };
const firstLook = start + 90_000;

describe('next(run, now)', () => {
  it('waits until the first look is due', () => {
    assert.deepEqual(next(makeRun(), firstLook - 1, options), { type: 'wait', until: firstLook });
    assert.deepEqual(next(makeRun(), firstLook, options), { type: 'look', looks: [firstLook] });
  });

  it('lists every look missed while nobody was there', () => {
    const action = next(makeRun(), firstLook + 3 * minute, options);
    assert.deepEqual(action, {
      type: 'look',
      looks: [0, 1, 2, 3].map((count) => firstLook + count * minute),
    });
  });

  it('has nothing to do for a run that is over', () => {
    const over = record(makeRun(), { at: firstLook, judgement: makeJudgement('fail') }, firstLook);
    assert.deepEqual(next(over, firstLook + minute, options), { type: 'none' });
  });

  it('gives up a polled run that nobody asks for, but only counts the time in which one could ask', () => {
    const late = start + 11 * minute;
    assert.equal(next(makeRun({ polled: true }), late, options).type, 'expire');
    assert.equal(next(makeRun({ polled: true }), late, { ...options, upSince: late - minute }).type, 'look');
    assert.equal(next(makeRun({ polled: true, askedAt: late - minute }), late, options).type, 'look');
    assert.equal(next(makeRun({ polled: false }), late, options).type, 'look');
  });
});

describe('record(run, look)', () => {
  it('goes on while nothing is decided', () => {
    const after = record(makeRun(), { at: firstLook, judgement: makeJudgement('running') }, firstLook);
    assert.equal(after.phase, 'running');
    assert.equal(after.verdict, 'running');
    assert.equal(after.looks, 1);
    assert.equal(after.nextLookAt, firstLook + minute);
  });

  it('ends at the first fail, which nothing takes back', () => {
    const failed = record(makeRun(), { at: firstLook, judgement: makeJudgement('fail') }, firstLook + 5);
    assert.deepEqual(
      [failed.phase, failed.verdict, failed.nextLookAt, failed.concludedAt],
      ['concluded', 'fail', null, firstLook + 5],
    );
    assert.equal(cancel(failed, 'x', firstLook + 9), failed);
    assert.equal(endRollout(failed, 'completed', firstLook + 9, firstLook + 9).verdict, 'fail');
  });

  it('passes at the planned end', () => {
    const run = makeRun();
    const passed = record(run, { at: endsAt(run), judgement: makeJudgement('pass') }, endsAt(run));
    assert.deepEqual([passed.phase, passed.verdict], ['concluded', 'pass']);
  });

  for (const [choice, verdict] of [
    ['inconclusive', 'inconclusive'],
    ['fail', 'fail'],
    ['pass', 'pass'],
  ] as const) {
    it(`makes ${verdict} of an inconclusive end when the plan says onInconclusive: ${choice}`, () => {
      const run = makeRun({ plan: makePlan({ onInconclusive: choice }) });
      const after = record(run, { at: endsAt(run), judgement: makeJudgement('inconclusive') }, endsAt(run));
      assert.equal(after.verdict, verdict);
      assert.equal(after.judgedVerdict, 'inconclusive');
    });
  }

  for (const obstacle of ['no_data', 'silent', 'error'] as const) {
    it(`never passes what could not be judged (${obstacle}), whatever onInconclusive says`, () => {
      const run = makeRun({ plan: makePlan({ onInconclusive: 'pass' }) });
      const late = endsAt(run) + 10 * minute;
      const after = record(
        { ...run, finalTriedAt: endsAt(run) },
        { at: endsAt(run), judgement: makeJudgement('inconclusive', { obstacle }) },
        late,
      );
      assert.equal(after.verdict, 'inconclusive');
    });
  }

  it('tries a last look again that a provider failed, for a while', () => {
    const run = makeRun();
    const look = {
      at: endsAt(run),
      judgement: makeJudgement('inconclusive', { obstacle: 'error', error: 'connection refused' }),
    };
    const waiting = record(run, look, endsAt(run));
    assert.deepEqual(
      [waiting.phase, waiting.verdict, waiting.nextLookAt],
      ['running', 'running', endsAt(run) + 30_000],
    );
    assert.deepEqual(next(waiting, endsAt(run) + 30_000, options), next(run, endsAt(run) + 30_000, options));
    const given = record(waiting, look, endsAt(run) + 2 * minute);
    assert.deepEqual([given.phase, given.verdict], ['concluded', 'inconclusive']);
  });

  it('moves the end once when the plan says extend', () => {
    const run = makeRun({ plan: makePlan({ onInconclusive: 'extend', maxDuration: '15m' }) });
    const extended = record(run, { at: endsAt(run), judgement: makeJudgement('inconclusive') }, endsAt(run));
    assert.deepEqual(
      [extended.phase, extended.verdict, extended.end],
      ['running', 'running', start + 15 * minute],
    );
    assert.equal(extended.nextLookAt, endsAt(run) + minute);
    const over = record(
      extended,
      { at: endsAt(extended), judgement: makeJudgement('inconclusive') },
      endsAt(extended),
    );
    assert.deepEqual([over.phase, over.verdict], ['concluded', 'inconclusive']);
  });

  it('tells the caller of a dry run pass and keeps the truth', () => {
    const failed = record(
      makeRun({ dryRun: true, verdict: 'pass' }),
      { at: firstLook, judgement: makeJudgement('fail') },
      firstLook,
    );
    assert.deepEqual([failed.verdict, failed.judgedVerdict], ['pass', 'fail']);
  });
});

describe('a run whose rollout ended', () => {
  const running = (): Run =>
    record(makeRun(), { at: firstLook, judgement: makeJudgement('running') }, firstLook);

  for (const how of ['completed', 'aborted', 'superseded'] as const) {
    it(`concludes at once and without a pass when it was ${how} before the planned end`, () => {
      const at = start + 4 * minute;
      const after = endRollout(running(), how, at, at + 7);
      assert.deepEqual(
        [after.phase, after.verdict, after.end, after.concludedAt],
        ['concluded', 'inconclusive', at, at + 7],
      );
      assert.match(after.reason, new RegExp(`${how} after 4m of the planned 10m`));
    });
  }

  it('is judged to its end when the window was complete by then', () => {
    const run = running();
    const after = endRollout(run, 'completed', run.end, run.end + 1);
    assert.deepEqual(
      [after.phase, after.nextLookAt, after.rolloutEndedAt],
      ['running', run.nextLookAt, run.end],
    );
  });

  it('never passes, whenever the rollout ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: -600_000, max: 600_000 }), (offset) => {
        const after = endRollout(running(), 'completed', start + 600_000 + offset, start + 700_000);
        assert.notEqual(after.verdict, 'pass');
      }),
    );
  });
});

describe('a run that is given up', () => {
  it('is inconclusive when cancelled', () => {
    const after = cancel(makeRun(), 'cancelled by the caller', start + 5);
    assert.deepEqual(
      [after.phase, after.verdict, after.nextLookAt, after.reason],
      ['cancelled', 'inconclusive', null, 'cancelled by the caller'],
    );
  });

  it('says for how long nobody asked', () => {
    assert.match(
      expire(makeRun({ polled: true }), 10 * minute, start).reason,
      /nobody asked for this analysis for 10m/,
    );
  });
});
