import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '../../src/errors.ts';
import {
  readBoolean,
  readInteger,
  readIntegerOrNull,
  readJson,
  readJsonOrNull,
  writeInstant,
  writeInstantOrNull,
  writeJson,
  writeJsonOrNull,
} from '../../src/store/columns.ts';

/** An error of the program's own, not of the caller's input, that names the column. */
function namesColumn(error: unknown): boolean {
  return hasCode(error, 'internal') && error.message.includes('t.c');
}

describe('readInteger(value, column)', () => {
  it('reads the numbers of SQLite and the texts of PostgreSQL', () => {
    assert.equal(readInteger(1_767_225_600_001, 't.c'), 1_767_225_600_001);
    assert.equal(readInteger('1767225600001', 't.c'), 1_767_225_600_001);
    assert.equal(readInteger('-1', 't.c'), -1);
  });

  for (const value of ['', 'x', '1.5', 1.5, null, undefined, true, '9007199254740993'])
    it(`refuses ${JSON.stringify(value) ?? 'undefined'} and names the column`, () => {
      assert.throws(() => readInteger(value, 't.c'), namesColumn);
    });

  it('has a form in which nothing is a value', () => {
    assert.equal(readIntegerOrNull(null, 't.c'), null);
    assert.equal(readIntegerOrNull('5', 't.c'), 5);
    assert.throws(() => readIntegerOrNull(undefined, 't.c'), namesColumn);
  });
});

describe('writeInstant(value, column)', () => {
  it('takes integer milliseconds only', () => {
    assert.equal(writeInstant(5, 't.c'), 5);
    assert.equal(writeInstantOrNull(null, 't.c'), null);
    for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => writeInstantOrNull(value, 't.c'), namesColumn);
  });
});

describe('readBoolean(value, column)', () => {
  it('reads those of PostgreSQL and the numbers of SQLite', () => {
    assert.deepEqual(
      [true, 1, false, 0].map((value) => readBoolean(value, 't.c')),
      [true, true, false, false],
    );
  });

  it('refuses anything else', () => {
    for (const value of [2, 't', null, undefined])
      assert.throws(() => readBoolean(value, 't.c'), namesColumn);
  });
});

describe('readJson(text, column)', () => {
  it('gives back any plain data that writeJson wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        assert.deepEqual(readJson(writeJson(value), 't.c'), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('keeps NaN and the infinities, which JSON would make null', () => {
    const value = { a: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, null] };

    assert.deepEqual(readJson(writeJson(value), 't.c'), value);
  });

  it('leaves objects alone that only look like such a number', () => {
    const value = [{ $number: 'x' }, { $number: 'NaN', other: 1 }, { other: '$number' }, { $number: 3 }];

    assert.deepEqual(readJson(writeJson(value), 't.c'), value);
  });

  it('refuses what is no JSON and names the column', () => {
    for (const text of ['', '{', null, 5]) assert.throws(() => readJson(text, 't.c'), namesColumn);
  });

  it('has a form in which nothing is a value', () => {
    assert.equal(readJsonOrNull(null, 't.c'), null);
    assert.equal(writeJsonOrNull(null), null);
    assert.deepEqual(readJsonOrNull(writeJsonOrNull({ a: 1 }), 't.c'), { a: 1 });
  });
});
