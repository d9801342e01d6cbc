import assert from 'node:assert/strict';
import { allTests, ownTests, partOf } from './suites.ts';

describe('the tests that mutants are tried with', () => {
  it('are those that mirror the part, and all of the judge’s after it', () => {
    assert.equal(partOf('src/judge/judge.ts'), 'judge');
    assert.equal(partOf('src/judge/kayenta/brent.ts'), 'kayenta');
    for (const part of ['judge', 'kayenta', 'sequential', 'statistics']) {
      const [own, all] = [ownTests(part), allTests()];
      assert.ok(own.length > 2, part);
      assert.ok(own.every((file) => all.includes(file)));
    }
  });

  it('are neither simulations nor those of the calibration', () => {
    assert.ok(allTests().every((file) => !/simulation|calibration/.test(file)));
  });

  it('come with the slow ones last', () => {
    const all = allTests();
    assert.ok(all.indexOf('test/judge/properties.test.ts') > all.indexOf('test/judge/judge.test.ts'));
  });
});
