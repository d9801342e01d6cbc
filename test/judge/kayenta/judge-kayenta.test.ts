import assert from 'node:assert/strict';
import { hasCode } from '../../../src/errors.ts';
import { effectDefaults } from '../../../src/judge/kayenta/config.ts';
import { flat, noisy } from '../inputs.ts';
import { findingOf, judgeBy, metric, pair } from './inputs.ts';

const [calm, alike, slow] = [noisy(1, 100, 0.1, 60), noisy(2, 100, 0.1, 60), noisy(3, 130, 0.1, 60)];
const zeros = flat(0, 60);
/** Ones in so many of 60 minutes. */
const ones = (count: number) => zeros.map((_, index) => (index < count ? 1 : 0));
const warns = (finding: { readonly warnings: readonly string[] }, words: RegExp) =>
  assert.match(finding.warnings.join('\n'), words);

describe('the Kayenta-compatible judge', () => {
  it('tells of each metric the label, the reason, figures, shift with interval, and effect', () => {
    const found = findingOf(slow, calm, { critical: true });
    assert.equal(found.classification, 'High');
    assert.equal(found.classificationReason, 'The metric m was classified as High (Critical)');
    assert.ok(found.critical);
    const { lower, upper, estimate } = found.interval!;
    assert.ok(lower > 15 && lower < estimate && estimate < upper && upper < 45);
    assert.ok(Math.abs(found.ratio! - 1.3) < 0.1);
    assert.deepEqual(found.effect, { measure: 'meanRatio', size: found.ratio });
    assert.equal(found.experiment.count, 60);
    assert.ok(found.experiment.mean > found.control.mean && found.control.std > 5);
    assert.deepEqual(found.warnings, []);
  });

  it('looks only in the direction of harm', () => {
    assert.equal(findingOf(slow, calm, { direction: 'decrease' }).classification, 'Pass');
    assert.equal(findingOf(calm, slow, { direction: 'decrease' }).classification, 'Low');
    assert.equal(findingOf(calm, slow, { direction: 'increase' }).classification, 'Pass');
  });

  it('counts only effects as large as demanded, and fails a critical metric only for larger ones', () => {
    const effect = (changes: object) => ({ effectSize: { ...effectDefaults('meanRatio'), ...changes } });
    assert.equal(findingOf(slow, calm, effect({ allowedIncrease: 1.5 })).classification, 'Pass');
    const mild = findingOf(slow, calm, { critical: true, ...effect({ criticalIncrease: 1.5 }) });
    assert.equal(mild.classification, 'High');
    assert.equal(mild.critical, false);
    assert.equal(mild.classificationReason, 'm was classified as High');
    const cles = { effectSize: { ...effectDefaults('cles'), allowedIncrease: 0.999 } };
    assert.equal(findingOf(slow, calm, cles).classification, 'Pass');
    assert.equal(
      findingOf(
        calm.map((value) => value + 1000),
        calm,
        cles,
      ).classification,
      'High',
    );
    assert.equal(
      findingOf(calm, slow, { critical: true, ...effect({ criticalDecrease: 0.9 }) }).critical,
      true,
    );
  });

  it('needs the interval to keep a quarter of the estimate from 0', () => {
    const found = (seed: number) => findingOf(noisy(seed, 104, 0.1, 60), noisy(seed + 100, 100, 0.1, 60));
    const [short, enough] = [found(13), found(23)];
    assert.ok(short.interval!.lower > 0.24 * short.interval!.estimate);
    assert.equal(short.classification, 'Pass');
    assert.ok(enough.interval!.lower < 0.28 * enough.interval!.estimate);
    assert.equal(enough.classification, 'High');
  });

  it('takes an effect that equals what is allowed for one that counts', () => {
    const effectSize = { ...effectDefaults('meanRatio'), allowedIncrease: 1.5, criticalIncrease: 1.5 };
    const found = findingOf(flat(3), flat(2), { critical: true, effectSize });
    assert.deepEqual([found.classification, found.critical], ['High', true]);
    const low = { ...effectDefaults('meanRatio'), allowedDecrease: 0.5, criticalDecrease: 0.5 };
    const lower = findingOf(flat(1), flat(2), { critical: true, effectSize: low });
    assert.deepEqual([lower.classification, lower.critical], ['Low', true]);
  });

  describe('what cannot be compared', () => {
    it('is an error that stays critical, with the words of Kayenta, and fails the canary', () => {
      const changes = { critical: true, mustHaveData: true };
      const judged = judgeBy([metric(changes)], [pair([50], [0])]);
      const found = judged.findings[0]!;
      assert.equal(found.classification, 'Error');
      assert.equal(found.classificationReason, 'Metric Classification Failed');
      assert.equal(found.ratio, null);
      warns(found, /counted as failed, where Kayenta would leave the metric out/);
      assert.equal(judged.classification, 'Fail');
      assert.equal(judged.classificationReason, 'Canary Failed: Metric Classification Failed');
    });

    it('counts as failed in its group when it is not critical', () => {
      const metrics = [metric(), { ...metric(), name: 'n' }];
      const judged = judgeBy(metrics, [pair([50], [0]), pair(alike, calm, 'n')]);
      assert.deepEqual(judged.groupScores, [{ name: 'g', score: 50, noData: false }]);
      assert.equal(judged.classification, 'Fail');
    });

    it('is also what numbers cannot hold', () => {
      const huge = findingOf([1e308, 1.5e308, 1.7e308], [-1e308, -1.5e308, -1.7e308]);
      assert.equal(huge.classification, 'Error');
      assert.equal(huge.experiment.count, 3);
    });
  });

  describe('infinite values', () => {
    const once = [...slow, Number.POSITIVE_INFINITY];

    it('are left out, and hide nothing', () => {
      const found = findingOf(once, calm);
      assert.equal(found.classification, 'High');
      assert.equal(found.experiment.count, 60);
      warns(found, /^1 infinite value of the canary left out/);
      warns(
        findingOf(once, [...calm, Number.NEGATIVE_INFINITY]),
        /^2 infinite values of the canary and baseline/,
      );
    });

    it('are not zeros either', () => {
      const found = findingOf(once, calm, { nanStrategy: 'replace' });
      assert.equal(found.experiment.count, 60);
      assert.ok(found.experiment.min > 0);
    });

    it('that fill an arm are an error, not missing data', () => {
      for (const nanStrategy of ['remove', 'replace'] as const) {
        const found = findingOf(flat(Number.POSITIVE_INFINITY), calm, { nanStrategy });
        assert.equal(found.classification, 'Error');
      }
    });
  });

  describe('two constant arms', () => {
    it('are judged by their difference, in the direction of harm and by the effect', () => {
      const found = findingOf(flat(5.5), flat(5));
      assert.equal(found.classification, 'High');
      assert.deepEqual(found.interval, { lower: 0.5, upper: 0.5, estimate: 0.5 });
      assert.equal(found.ratio, 1.1);
      warns(found, /judged by their difference, where Kayenta adds random noise/);
      assert.equal(findingOf(flat(5), flat(5.5)).classification, 'Low');
      assert.equal(findingOf(flat(5.5), flat(5), { direction: 'decrease' }).classification, 'Pass');
      const allowed = { ...effectDefaults('meanRatio'), allowedIncrease: 1.2 };
      assert.equal(findingOf(flat(5.5), flat(5), { effectSize: allowed }).classification, 'Pass');
      assert.equal(findingOf(flat(10.0001), flat(10)).classification, 'High');
    });

    it('that are equal pass, of whatever length', () => {
      const found = findingOf(flat(1, 3), flat(1, 2));
      assert.equal(found.classification, 'Pass');
      assert.equal(found.classificationReason, null);
      assert.deepEqual(found.warnings, []);
    });
  });

  describe('warns where Kayenta’s rule is followed and weak', () => {
    it('for small values: a threefold increase passes at 0.00001 and does not at 1', () => {
      const wild = noisy(4, 100, 0.3, 60);
      const tripled = noisy(5, 300, 0.3, 60);
      const small = (values: readonly number[]) => values.map((value) => value * 1e-7);
      assert.equal(findingOf(tripled, wild).classification, 'High');
      const found = findingOf(small(tripled), small(wild));
      assert.equal(found.classification, 'Pass');
      warns(found, /searches the interval only to 0\.0001.*multiply the metric/);
    });

    it('for many ties: more harm can pass', () => {
      const labels = [10, 28, 33, 40].map((count) => findingOf(ones(count), zeros));
      assert.deepEqual(
        labels.map(({ classification }) => classification),
        ['Pass', 'High', 'Pass', 'High'],
      );
      for (const found of labels) warns(found, /% of all values are equal.*more harm can pass/);
    });

    it('for fewer than five values in an arm', () => {
      const found = findingOf([10, 10.013], [1, 1.01]);
      assert.equal(found.classification, 'High');
      warns(found, /^only 2 canary and 2 baseline values.*24 % false alarms/);
      assert.deepEqual(findingOf(calm.slice(0, 5), alike.slice(0, 5)).warnings, []);
    });
  });

  describe('missing data', () => {
    const gone = flat<number | null>(null);

    it('is Kayenta’s Nodata, that alone does not count', () => {
      const judged = judgeBy(
        [metric(), { ...metric(), name: 'n' }, { ...metric(), name: 'o' }],
        [pair(gone, calm), pair(alike, calm, 'n'), pair(alike, calm, 'o')],
      );
      assert.equal(judged.findings[0]!.classification, 'Nodata');
      assert.equal(judged.findings[0]!.classificationReason, 'Missing data for m');
      assert.equal(judged.score, 100);
    });

    it('fails the canary in half of the metrics, where it is critical, and costs a share where it is needed', () => {
      const two = (changes: object) => [metric(changes), { ...metric(), name: 'n' }];
      const pairs = [pair(gone, calm), pair(alike, calm, 'n')];
      assert.equal(
        judgeBy(two({}), pairs).classificationReason,
        'Canary Failed: 50% or more metrics returned NODATA',
      );
      assert.equal(
        judgeBy(two({ critical: true }), pairs).classificationReason,
        'Canary Failed: Missing data for m',
      );
      const needed = judgeBy(two({ mustHaveData: true }), pairs);
      assert.equal(needed.findings[0]!.classification, 'NodataFailMetric');
      assert.equal(needed.score, 50);
    });

    it('taken as zeros passes as in Kayenta, with a warning', () => {
      const replaced = { nanStrategy: 'replace', mustHaveData: true } as const;
      const both = findingOf(gone, gone, replaced);
      assert.equal(both.classification, 'Pass');
      assert.equal(both.classificationReason, 'The Canary and Baseline data are identical');
      warns(both, /not one value of the canary and baseline was measured/);
      const empty = findingOf([], calm, replaced);
      assert.equal(empty.classification, 'Pass');
      assert.equal(empty.classificationReason, null);
      warns(empty, /not one value of the canary was measured/);
      assert.equal(findingOf(calm, gone, replaced).classification, 'High');
    });

    it('is what a metric without any pair has, even where gaps are taken as zeros', () => {
      const judged = judgeBy(
        [metric({ nanStrategy: 'replace' }), { ...metric(), name: 'n' }],
        [pair(alike, calm, 'n')],
      );
      assert.deepEqual(
        judged.findings.map(({ name, classification }) => [name, classification]),
        [
          ['n', 'Pass'],
          ['m', 'Nodata'],
        ],
      );
      assert.equal(judged.classification, 'Fail');
    });
  });

  it('leaves gaps out, or outliers, before it compares', () => {
    const withGaps = calm.flatMap((value) => [value, null, Number.NaN]);
    assert.equal(findingOf(withGaps, alike).experiment.mean, findingOf(calm, alike).experiment.mean);
    const gross = [...alike, 1e6];
    const found = findingOf(gross, calm, { outliers: { strategy: 'remove', outlierFactor: 3 } });
    assert.equal(found.experiment.count, 60);
    assert.equal(findingOf(gross, calm).experiment.max, 1e6);
    const atFences = { outliers: { strategy: 'remove', outlierFactor: 0.5 } } as const;
    assert.equal(findingOf([1, 2, 3, 4, 5], calm, atFences).experiment.count, 5);
  });

  it('shows muted metrics and does not count them', () => {
    const judged = judgeBy(
      [metric(), { ...metric({ muted: true, critical: true }), name: 'n' }],
      [pair(alike, calm), pair(slow, calm, 'n')],
    );
    assert.equal(judged.findings[1]!.classification, 'High');
    assert.equal(judged.score, 100);
    assert.equal(judgeBy([metric({ muted: true })], [pair(alike, calm)]).classification, 'Fail');
  });

  it('hands tags and ids through', () => {
    const tagged = { ...pair(alike, calm), id: '7', tags: { zone: 'a' } };
    const [found] = judgeBy([metric()], [tagged, pair(slow, calm)]).findings;
    assert.deepEqual([found!.id, found!.tags], ['7', { zone: 'a' }]);
  });

  it('refuses a pair of a metric it does not know', () => {
    assert.throws(
      () => judgeBy([metric()], [pair(alike, calm), pair(alike, calm, 'other')]),
      (error) =>
        hasCode(error, 'invalid_input') &&
        error.message === 'metricSetPairs[1].name: found "other"; the metrics are m',
    );
  });

  it('warns where the weights of the scored groups do not add up to 100', () => {
    const metrics = [metric(), { ...metric({ groups: ['h'] }), name: 'n' }];
    const pairs = [pair(alike, calm), pair(alike, calm, 'n')];
    const judged = judgeBy(
      metrics,
      pairs,
      new Map([
        ['g', 30],
        ['h', 30],
      ]),
    );
    assert.equal(judged.score, 60);
    assert.match(judged.warnings.join(), /add up to 60, not 100/);
    assert.deepEqual(judgeBy(metrics, pairs, new Map([['g', 30]])).warnings, []);
  });
});
