import assert from 'node:assert/strict';
import {
  type GroupScore,
  labelScore,
  type Scored,
  scoreGroups,
  summariseScores,
  weightsOf,
} from '../../../src/judge/kayenta/score.ts';

const scored = (
  classification: Scored['classification'],
  groups: readonly string[],
  critical = false,
): Scored => ({
  classification,
  groups,
  critical,
  reason: 'a reason',
});
const group = (name: string, score: number, noData = false): GroupScore => ({ name, score, noData });
const summary = (groups: readonly GroupScore[], weights: Record<string, number> = {}) =>
  summariseScores([scored('Pass', [])], groups, new Map(Object.entries(weights))).score;

describe('the scores of the Kayenta-compatible judge', () => {
  it('are the passed of the counted metrics of each group, in the order of their names’ first use', () => {
    const groups = scoreGroups([
      scored('Pass', ['b', 'a']),
      scored('High', ['b']),
      scored('Error', ['b']),
      scored('NodataFailMetric', ['b']),
      scored('Nodata', ['b', 'c']),
      scored('Low', []),
    ]);
    assert.deepEqual(groups, [group('b', 25), group('a', 100), group('c', 0, true)]);
  });

  it('weigh groups as configured, the others sharing the rest, and take one without data for passed', () => {
    assert.equal(summary([group('a', 100), group('b', 0), group('c', 50)], { a: 50 }), 62.5);
    assert.equal(summary([group('a', 0), group('b', 0, true)], { a: 40 }), 60);
    assert.deepEqual(
      weightsOf([group('a', 1), group('b', 1), group('c', 1)], new Map([['b', 40]])),
      [30, 40, 30],
    );
  });

  it('round half up to two decimals', () => {
    assert.equal(summary([group('a', 100), group('b', 100), group('c', 0)]), 66.67);
    assert.equal(summary([group('a', 1.005)]), 1.01);
    assert.equal(summary([group('a', 1e-9)]), 0);
    assert.equal(summary([]), 0);
  });

  it('are 0 for a critical metric that did not pass before half without data is looked at', () => {
    const of = (...metrics: Scored[]) => summariseScores(metrics, scoreGroups(metrics), new Map());
    assert.deepEqual(of(scored('Pass', ['a'], true), scored('Nodata', ['a'], true)), {
      score: 0,
      reason: 'Canary Failed: a reason',
    });
    assert.deepEqual(of(scored('Pass', ['a']), scored('Nodata', ['a'])), {
      score: 0,
      reason: 'Canary Failed: 50% or more metrics returned NODATA',
    });
    assert.deepEqual(of(scored('Pass', ['a'], true), scored('Pass', ['a']), scored('Nodata', ['a'])), {
      score: 100,
      reason: '',
    });
  });

  it('reach a threshold that they equal', () => {
    const thresholds = { pass: 95, marginal: 75 };
    assert.deepEqual(
      [95, 94.99, 75, 74.99].map((score) => labelScore(score, thresholds)),
      ['Pass', 'Marginal', 'Marginal', 'Fail'],
    );
  });
});
