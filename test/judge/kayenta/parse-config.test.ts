import assert from 'node:assert/strict';
import { hasCode } from '../../../src/errors.ts';
import { effectDefaults, kayentaMetric } from '../../../src/judge/kayenta/config.ts';
import { parseKayentaConfig, parseKayentaThresholds } from '../../../src/judge/kayenta/parse-config.ts';

/** A config with one metric of these settings. */
const withCanary = (canary: unknown) => ({ metrics: [{ name: 'm', analysisConfigurations: { canary } }] });
const parsed = (canary: unknown) => parseKayentaConfig(withCanary(canary)).metrics[0];

function refuses(
  read: () => unknown,
  ...issues: readonly (readonly [path: string, message: string])[]
): void {
  assert.throws(read, (error) => {
    assert.ok(hasCode(error, 'invalid_input'));
    assert.deepEqual(
      error.issues.map(({ path, message }) => [path, message]),
      issues,
    );
    return true;
  });
}

const at = 'metrics[0].analysisConfigurations.canary';

describe('a canaryConfig', () => {
  it('has Kayenta’s defaults', () => {
    assert.deepEqual(parseKayentaConfig({ metrics: [{ name: 'm' }] }), {
      metrics: [kayentaMetric('m')],
      groupWeights: new Map(),
    });
    assert.deepEqual(parsed(null), kayentaMetric('m'));
    assert.deepEqual(parsed({ effectSize: { measure: 'cles' } })?.effectSize, effectDefaults('cles'));
  });

  it('is told of long words by their beginning', () => {
    const word = 'x'.repeat(90);
    refuses(
      () => parsed({ nanStrategy: word }),
      [`${at}.nanStrategy`, `found "${'x'.repeat(56)}…; allowed are remove, replace`],
    );
  });

  it('is read whole', () => {
    const config = parseKayentaConfig({
      id: '1',
      name: 'c',
      description: '',
      configVersion: '1',
      applications: ['a'],
      judge: { name: 'NetflixACAJudge-v1.0', judgeConfigurations: {} },
      templates: {},
      metrics: [
        {
          name: 'm',
          query: { type: 'prometheus', anything: 1 },
          scopeName: 'default',
          groups: ['g', 'h'],
          analysisConfigurations: {
            canary: {
              direction: 'increase',
              nanStrategy: 'replace',
              critical: true,
              mustHaveData: true,
              muted: true,
              outliers: { strategy: 'remove', outlierFactor: 1.5 },
              effectSize: {
                allowedIncrease: 1.2,
                allowedDecrease: 0,
                criticalIncrease: 3,
                criticalDecrease: 0.5,
              },
            },
          },
        },
      ],
      classifier: { groupWeights: { g: 60, h: 40 }, scoreThresholds: { pass: 95, marginal: 75 } },
    });
    assert.deepEqual(config.metrics[0], {
      name: 'm',
      groups: ['g', 'h'],
      direction: 'increase',
      nanStrategy: 'replace',
      outliers: { strategy: 'remove', outlierFactor: 1.5 },
      critical: true,
      mustHaveData: true,
      muted: true,
      effectSize: {
        measure: 'meanRatio',
        allowedIncrease: 1.2,
        allowedDecrease: 0,
        criticalIncrease: 3,
        criticalDecrease: 0.5,
      },
    });
    assert.deepEqual(
      [...config.groupWeights],
      [
        ['g', 60],
        ['h', 40],
      ],
    );
  });

  it('is refused for every word Kayenta would guess at, all at once', () => {
    refuses(
      () =>
        parsed({
          direction: 'Increase',
          nanStrategy: 'none',
          outliers: { strategy: 'drop', outlierFactor: 0 },
          effectSize: { measure: 'cohenD' },
          critical: 'true',
        }),
      [`${at}.direction`, 'found "Increase"; allowed are increase, decrease, either'],
      [`${at}.nanStrategy`, 'found "none"; allowed are remove, replace'],
      [`${at}.outliers.strategy`, 'found "drop"; allowed are keep, remove'],
      [`${at}.outliers.outlierFactor`, 'found 0; needed is a number above 0'],
      [`${at}.critical`, 'found "true"; allowed are true and false'],
      [`${at}.effectSize.measure`, 'found "cohenD"; allowed are meanRatio, cles'],
    );
  });

  it('is refused for numbers written as text, or out of range', () => {
    refuses(
      () => parsed({ effectSize: { allowedIncrease: '1.2', criticalDecrease: -1 } }),
      [`${at}.effectSize.allowedIncrease`, 'found "1.2"; needed is a number of at least 0'],
      [`${at}.effectSize.criticalDecrease`, 'found -1; needed is a number of at least 0'],
    );
    refuses(
      () => parsed({ effectSize: { measure: 'cles', allowedIncrease: 1.2 } }),
      [`${at}.effectSize.allowedIncrease`, 'found 1.2; needed is a number of at least 0 and at most 1'],
    );
    refuses(
      () => parsed({ outliers: { outlierFactor: Number.POSITIVE_INFINITY } }),
      [`${at}.outliers.outlierFactor`, 'found null; needed is a number above 0'],
    );
  });

  it('is refused for unknown keys at every level', () => {
    refuses(
      () => parsed({ diretcion: 'increase', effectSize: { allowedIncreese: 2 } }),
      [
        `${at}.diretcion`,
        'is no known key; allowed are direction, nanStrategy, critical, mustHaveData, muted, effectSize, outliers',
      ],
      [
        `${at}.effectSize.allowedIncreese`,
        'is no known key; allowed are measure, allowedIncrease, allowedDecrease, criticalIncrease, criticalDecrease',
      ],
    );
    refuses(
      () => parseKayentaConfig({ metrics: [{ name: 'm', group: 'g' }], classifiers: {} }, 'config'),
      [
        'config.classifiers',
        'is no known key; allowed are id, name, description, configVersion, applications, createdTimestamp, updatedTimestamp, createdTimestampIso, updatedTimestampIso, judge, metrics, templates, classifier',
      ],
      [
        'config.metrics[0].group',
        'is no known key; allowed are name, query, groups, scopeName, analysisConfigurations',
      ],
    );
  });

  it('is refused for another judge', () => {
    refuses(
      () => parseKayentaConfig({ ...withCanary({}), judge: { name: 'dredd-v1.0' } }),
      ['judge.name', 'found "dredd-v1.0"; allowed are NetflixACAJudge-v1.0, RemoteJudge-v1.0, Serin-v1.0'],
    );
  });

  it('is refused without metrics, without names and with names twice', () => {
    refuses(() => parseKayentaConfig({}), ['metrics', 'at least one metric is needed']);
    refuses(
      () => parseKayentaConfig([]),
      ['', 'found []; needed is an object'],
      ['metrics', 'at least one metric is needed'],
    );
    refuses(
      () => parseKayentaConfig({ metrics: 'm' }),
      ['metrics', 'found "m"; needed is a list'],
      ['metrics', 'at least one metric is needed'],
    );
    refuses(
      () => parseKayentaConfig({ metrics: [{ groups: [''] }] }),
      ['metrics[0].name', 'is missing; needed is a text'],
      ['metrics[0].groups[0]', 'found ""; needed is a text'],
    );
    refuses(
      () => parseKayentaConfig({ metrics: [{ name: 'm' }, { name: 'm' }] }),
      ['metrics[1].name', 'found "m" twice; names must differ'],
    );
  });

  it('is refused for weights that no score can be made of', () => {
    const weighted = (groupWeights: unknown) => () =>
      parseKayentaConfig({
        metrics: [
          { name: 'm', groups: ['g'] },
          { name: 'n', groups: ['h'] },
        ],
        classifier: { groupWeights },
      });
    refuses(weighted({ g: 100, h: 50 }), [
      'classifier.groupWeights',
      'found weights of 150 in all; they may add up to at most 100',
    ]);
    refuses(weighted({ G: 50 }), [
      'classifier.groupWeights.G',
      'no metric is in this group; the groups are g, h',
    ]);
    refuses(weighted({ g: -1 }), [
      'classifier.groupWeights.g',
      'found -1; needed is a number of at least 0 and at most 100',
    ]);
    assert.equal(weighted({ g: 33.3, h: 66.7 })().groupWeights.size, 2);
  });
});

describe('the thresholds of a request', () => {
  it('are numbers up to 100 in order', () => {
    assert.deepEqual(parseKayentaThresholds({ pass: 95, marginal: 75 }), { pass: 95, marginal: 75 });
    assert.deepEqual(parseKayentaThresholds({ pass: 75, marginal: 75 }), { pass: 75, marginal: 75 });
    refuses(
      () => parseKayentaThresholds({ pass: 75, marginal: 95 }),
      ['thresholds.marginal', 'found 95; it may be at most pass, 75'],
    );
    refuses(
      () => parseKayentaThresholds({ pass: '95', maginal: 75 }, 't'),
      ['t.maginal', 'is no known key; allowed are pass, marginal'],
      ['t.pass', 'found "95"; needed is a number above 0 and at most 100'],
      ['t.marginal', 'is missing; needed is a number of at least 0 and at most 100'],
    );
  });

  it('may not pass a canary that failed', () => {
    refuses(
      () => parseKayentaThresholds({ pass: 0, marginal: 0 }),
      ['thresholds.pass', 'found 0; needed is a number above 0 and at most 100'],
    );
  });
});
