import assert from 'node:assert/strict';
import { nameEdges, namePods } from '../../src/analysis/members.ts';
import { type ErrorCode, SerinError } from '../../src/errors.ts';
import type { Labels, Member } from '../../src/metrics/provider.ts';

const points = { from: 60_000, to: 180_000, step: 60_000 };

function member(labels: Labels, ...values: (number | null)[]): Member {
  return { labels, series: { start: points.from, step: points.step, values }, notNumbers: [] };
}

type Name = typeof namePods;

function named(name: Name, ...members: Member[]): Record<string, readonly (number | null)[]> {
  return Object.fromEntries(name(members, points).map((one) => [one.member, one.series.values]));
}

function refusal(name: Name, code: ErrorCode, ...members: Member[]): string {
  try {
    name(members, points);
  } catch (error) {
    assert.ok(error instanceof SerinError);
    assert.equal(error.code, code, error.message);
    return error.message;
  }
  return assert.fail('was taken');
}

describe('namePods', () => {
  it('names each series by its pod, and their mean by nothing', () => {
    assert.deepEqual(
      named(
        namePods,
        member({ pod: 'a', app: 'x' }, 4, 0, null),
        member({ pod: 'b', app: 'x' }, null, 3, null),
      ),
      { '': [4, 1.5, null], a: [4, 0, null], b: [null, 3, null] },
    );
  });

  it('has a mean of nothing where there is no pod', () => {
    assert.deepEqual(named(namePods), { '': [null, null, null] });
  });

  it('keeps the grid', () => {
    for (const { series } of namePods([member({ pod: 'a' }, 1, 2, 3)], points))
      assert.deepEqual([series.start, series.step], [60_000, 60_000]);
  });

  it('refuses a series without a pod, and says how to ask', () => {
    for (const labels of [{}, { app: 'x' }, { pod: '' }])
      assert.match(
        refusal(namePods, 'provider_rejected', member({ pod: 'a' }, 1), member(labels, 1)),
        /without the label pod; .* avg by \(pod\)/,
      );
  });

  it('refuses two series of one pod', () => {
    assert.match(
      refusal(
        namePods,
        'provider_ambiguous',
        member({ pod: 'a', container: 'app' }, 1),
        member({ pod: 'a', container: 'side' }, 1),
      ),
      /several series of the pod "a"; group it by pod alone/,
    );
  });
});

describe('nameEdges', () => {
  const total = member({ le: '+Inf' }, 9, 9, 9);

  it('names each series by its edge, in one spelling', () => {
    assert.deepEqual(
      Object.keys(
        named(
          nameEdges,
          member({ le: '0.50' }, 1),
          member({ le: '1e-3' }, 1),
          member({ le: '1.0' }, 1),
          member({ le: 'inf' }, 9),
        ),
      ).sort(),
      ['+Inf', '0.001', '0.5', '1'],
    );
  });

  it('adds the series of an edge that is spelled in two ways', () => {
    const edges = named(
      nameEdges,
      member({ le: '1' }, 1, null, null),
      member({ le: '1.0' }, 2, 3, null),
      total,
    );

    assert.deepEqual(edges['1'], [3, 3, null]);
  });

  it('has a total of nothing where there is no series', () => {
    assert.deepEqual(named(nameEdges), { '+Inf': [null, null, null] });
  });

  it('refuses a series without an edge, and says what the query must give', () => {
    for (const labels of [{}, { le: '' }])
      assert.match(
        refusal(nameEdges, 'provider_rejected', member(labels, 5)),
        /without the label le; a histogram needs .* sum by \(le\) \(increase\(…_bucket\[…\]\)\)/,
      );
  });

  it('refuses an edge that is no number', () => {
    for (const le of ['abc', '-Inf', 'NaN', ' '])
      assert.match(
        refusal(nameEdges, 'provider_rejected', total, member({ le }, 5)),
        new RegExp(`le=${JSON.stringify(le)}; an edge must be a number or \\+Inf`),
      );
  });

  it('refuses edges without a total', () => {
    assert.match(
      refusal(nameEdges, 'provider_rejected', member({ le: '0.5' }, 5)),
      /no series with le="\+Inf", which counts all requests/,
    );
  });

  it('refuses the histograms of several pods', () => {
    const ofPod = (pod: string) => [member({ le: '0.5', pod }, 1), member({ le: '+Inf', pod }, 2)];

    assert.match(
      refusal(nameEdges, 'provider_ambiguous', ...ofPod('a'), ...ofPod('b')),
      /several histograms; add them up, with sum by \(le\)/,
    );
    assert.deepEqual(named(nameEdges, ...ofPod('a')), { '0.5': [1], '+Inf': [2] });
  });
});
