import assert from 'node:assert/strict';
import { conclude, grow, isOver, override, record } from '../../src/analysis/transitions.ts';
import { makeJudgement } from '../support/judgements.ts';
import { makeRun, start } from '../support/plans.ts';

const minute = 60_000;
const end = start + 10 * minute;
const delay = 30_000;

function passed() {
  const run = makeRun({ polled: true, lookedThrough: end + delay, looks: 10 });
  return { ...conclude(run, 'pass', 'all is well', end + delay), judgedVerdict: 'pass' as const };
}

describe('a run whose window grows', () => {
  it('is itself when the window is no longer', () => {
    const run = passed();

    assert.equal(grow(run, end, end), run);
    assert.equal(grow(run, end - minute, end), run);
  });

  it('is open again when it had ended without a fail, with all it has seen, and looks on from there', () => {
    const grown = grow(passed(), end + 10 * minute, end + 11 * minute);

    assert.equal(isOver(grown), false);
    assert.deepEqual([grown.verdict, grown.judgedVerdict, grown.concludedAt], ['running', 'running', null]);
    assert.equal(grown.end, end + 10 * minute);
    assert.equal(grown.looks, 10);
    assert.equal(grown.nextLookAt, end + delay + minute);
    assert.equal(grown.askedAt, end + 11 * minute);
    assert.match(grown.reason, /asked about a longer window; until then: all is well/);
  });

  it('ends again at its new end alone', () => {
    const grown = grow(passed(), end + 10 * minute, end);
    const at = end + 10 * minute + delay;
    const before = record(grown, { at: at - minute, judgement: makeJudgement('running') }, at - minute);

    assert.equal(before.nextLookAt, at);
    assert.equal(record(before, { at, judgement: makeJudgement('pass') }, at).verdict, 'pass');
  });

  it('goes on as it is while it is open, only longer', () => {
    const run = makeRun({ phase: 'running', lookedThrough: start + minute + delay, reason: 'as before' });
    const grown = grow(run, end + minute, start);

    assert.deepEqual({ ...grown, end: run.end, nextLookAt: run.nextLookAt }, { ...run });
    assert.equal(grown.end, end + minute);
    assert.equal(grown.nextLookAt, start + 2 * minute + delay);
  });

  const over = conclude(makeRun(), 'inconclusive', 'r', end);
  for (const [what, run] of [
    ['failed', { ...conclude(makeRun(), 'fail', 'r', end), judgedVerdict: 'fail' as const }],
    ['was failed by its plan', { ...over, verdict: 'fail' as const }],
    ['was cancelled', { ...over, phase: 'cancelled' as const }],
    ['had its rollout end', { ...over, rolloutEndedAt: end }],
    ['was overridden', override(over, { verdict: 'pass', reason: 'known', by: 'token:admin', at: end })],
  ] as const)
    it(`stays as it is when it ${what}`, () => {
      assert.equal(grow(run, end + minute, end), run);
    });

  it('keeps telling pass in a dry run', () => {
    assert.equal(grow({ ...passed(), dryRun: true }, end + minute, end).verdict, 'pass');
  });
});
