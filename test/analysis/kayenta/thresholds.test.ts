import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canTellInconclusive, parseThresholds, tellScore } from '../../../src/analysis/kayenta/thresholds.ts';
import { assessPoll } from '../../support/argo-kayenta.ts';

type Thresholds = { readonly pass: number; readonly marginal: number };

function argo(score: number, thresholds: Thresholds): string {
  const text = JSON.stringify({ complete: true, result: { judgeResult: { score: { score } } } });
  return assessPoll({ status: 200, text }, thresholds).phase;
}

/** MonitorCanaryTask and AggregateCanaryResultsTask: below or at marginal fails, at the end below pass too. */
function orca(score: number, { pass, marginal }: Thresholds): 'fails' | 'goes on' | 'passes' {
  const whole = Math.trunc(score);
  if (whole <= marginal) return 'fails';
  return whole >= pass ? 'passes' : 'goes on';
}

const whole = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }))
  .map(([a, b]): Thresholds => ({ pass: Math.max(a, b), marginal: Math.min(a, b) }));
const judged = fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constantFrom(Number.NaN, 1e9, -5));

describe('a verdict told as a score', () => {
  it('is whole and means the same to Argo Rollouts under every pair of thresholds', () => {
    const phases = { pass: 'Successful', fail: 'Failed', inconclusive: 'Inconclusive' } as const;
    fc.assert(
      fc.property(
        fc.constantFrom('pass', 'fail', 'inconclusive'),
        judged,
        whole,
        (verdict, score, thresholds) => {
          const told = tellScore(verdict, score, thresholds);

          assert.ok(Number.isInteger(told.score));
          const meant =
            verdict === 'inconclusive' && !canTellInconclusive(thresholds) ? 'Failed' : phases[verdict];
          assert.equal(argo(told.score, thresholds), meant);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('means the same to orca, or the safe side with a note', () => {
    const meanings = { pass: 'passes', fail: 'fails', inconclusive: 'goes on' } as const;
    fc.assert(
      fc.property(
        fc.constantFrom('pass', 'fail', 'inconclusive'),
        judged,
        whole,
        (verdict, score, thresholds) => {
          const { score: told, note } = tellScore(verdict, score, thresholds);

          if (note === null) assert.equal(orca(told, thresholds), meanings[verdict]);
          else assert.equal(orca(told, thresholds), 'fails');
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("keeps the judge's own score where that says the verdict", () => {
    const thresholds = { pass: 90, marginal: 75 };

    assert.equal(tellScore('pass', 97.5, thresholds).score, 97);
    assert.equal(tellScore('inconclusive', 82, thresholds).score, 82);
    assert.equal(tellScore('fail', 12.9, thresholds).score, 12);
  });

  const borders: readonly (readonly [string, Parameters<typeof tellScore>, number, RegExp | null])[] = [
    ['a fail above marginal', ['fail', 80, { pass: 90, marginal: 75 }], 74, null],
    ['a pass below pass', ['pass', 50, { pass: 90, marginal: 75 }], 90, null],
    [
      'an inconclusive one at marginal, which orca fails',
      ['inconclusive', 50, { pass: 90, marginal: 75 }],
      76,
      null,
    ],
    ['a fail with a marginal of 0', ['fail', 50, { pass: 90, marginal: 0 }], -1, null],
    ['a fail that everything passes', ['fail', 50, { pass: 0, marginal: 0 }], -1, null],
    ['a pass where both are the same', ['pass', 50, { pass: 75, marginal: 75 }], 76, null],
    ['a pass where both are 100', ['pass', 50, { pass: 100, marginal: 100 }], 100, /orca takes no score/],
    [
      'an inconclusive one where both are the same',
      ['inconclusive', 50, { pass: 75, marginal: 75 }],
      50,
      /told as a failure/,
    ],
    [
      'an inconclusive one where both are 0',
      ['inconclusive', 50, { pass: 0, marginal: 0 }],
      -1,
      /told as a failure/,
    ],
    [
      'an inconclusive one with one score between',
      ['inconclusive', 50, { pass: 76, marginal: 75 }],
      75,
      /orca for a failure/,
    ],
    ['an inconclusive one below a fraction', ['inconclusive', 99, { pass: 90.5, marginal: 89.5 }], 90, null],
  ];
  for (const [what, args, score, note] of borders)
    it(`moves ${what} to ${score}`, () => {
      const told = tellScore(...args);

      assert.equal(told.score, score);
      if (note === null) assert.equal(told.note, null);
      else assert.match(told.note ?? '', note);
    });
});

describe('thresholds of a request', () => {
  it("are orca's where none are given, and never above pass", () => {
    assert.deepEqual(parseThresholds(undefined), { pass: 75, marginal: 50 });
    assert.deepEqual(parseThresholds({ pass: 40 }), { pass: 40, marginal: 40 });
  });

  for (const [value, issue] of [
    [{ pass: 90, marginal: 95 }, /thresholds\.marginal: found 95; it may be at most pass, 90/],
    [{ pass: 101 }, /thresholds\.pass: found 101; needed is a number of at least 0 and at most 100/],
    [{ pass: '90' }, /thresholds\.pass: found "90"/],
    [{ pass: 90, margin: 75 }, /thresholds\.margin: is no known key; allowed are pass, marginal/],
  ] as const)
    it(`refuse ${JSON.stringify(value)}`, () => {
      assert.throws(() => parseThresholds(value), issue);
    });
});
