import assert from 'node:assert/strict';
import type { Run } from '../../src/analysis/run.ts';
import { answerRun } from '../../src/gate/answer.ts';
import { makeRun } from '../support/plans.ts';

function concluded(verdict: Run['verdict'], changes: Partial<Run> = {}): Run {
  return makeRun({ phase: 'concluded', verdict, judgedVerdict: verdict, reason: 'because', ...changes });
}

const refuse = { onInconclusive: 'refuse' } as const;
const allow = { onInconclusive: 'allow' } as const;

describe('answerRun(run, policy)', () => {
  it('lets a pass through, and nothing else by itself', () => {
    const answers = (['pass', 'fail', 'inconclusive'] as const).map((verdict) => {
      const { allowed, decision } = answerRun(concluded(verdict), refuse);
      return [verdict, allowed, decision];
    });
    assert.deepEqual(answers, [
      ['pass', true, 'allow'],
      ['fail', false, 'restrict'],
      ['inconclusive', false, 'restrict'],
    ]);
  });

  it('names the analysis and its reason', () => {
    const run = concluded('fail');
    assert.deepEqual(answerRun(run, refuse), {
      allowed: false,
      decision: 'restrict',
      verdict: 'fail',
      reasons: ['because'],
      analysisId: run.id,
    });
  });

  it('lets an inconclusive one through with caution where the gate says so, but never a fail', () => {
    const answer = answerRun(concluded('inconclusive'), allow);
    assert.deepEqual([answer.allowed, answer.decision], [true, 'caution']);
    assert.equal(answerRun(concluded('fail'), allow).allowed, false);
  });

  it('refuses what is still running or was cancelled', () => {
    const running = answerRun(makeRun({ phase: 'running', reason: '3 of 10 looks' }), allow);
    assert.deepEqual([running.allowed, running.verdict], [false, 'running']);
    assert.match(running.reasons[0] ?? '', /still running: 3 of 10 looks/);
    assert.equal(answerRun(concluded('inconclusive', { phase: 'cancelled' }), refuse).allowed, false);
  });

  it('follows a person who overruled the judge, and says so', () => {
    const passed = answerRun(concluded('pass', { judgedVerdict: 'fail' }), refuse);
    assert.deepEqual([passed.allowed, passed.decision], [true, 'caution']);
    assert.match(passed.reasons[0] ?? '', /against the judgement, which was fail/);
    assert.equal(answerRun(concluded('fail', { judgedVerdict: 'pass' }), refuse).allowed, false);
  });

  it('takes no pass of a dry run for one', () => {
    const answer = answerRun(concluded('pass', { dryRun: true }), allow);
    assert.equal(answer.allowed, false);
    assert.match(answer.reasons[0] ?? '', /dry run/);
  });
});
