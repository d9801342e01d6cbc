import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SerinError } from '../../../src/errors.ts';
import { checkPromql, escapePromql } from '../../../src/metrics/prometheus/promql.ts';
import { parseTemplate, renderTemplate } from '../../../src/metrics/template.ts';
import { readStrings } from './promql-reader.ts';

const hostile = fc.string({
  unit: fc.constantFrom(...'\\"\'`\n\r\t\0{}[]()|^$.*+?-/&#~!=<>,% aZ9_é😀\u2028'),
  maxLength: 20,
});
const anyValue = fc.oneof(hostile, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));

function render(query: string, value: string): string {
  return renderTemplate(parseTemplate(query), { x: value, y: value }, escapePromql);
}

function isRefusal(error: unknown): error is SerinError {
  return error instanceof SerinError && error.code === 'invalid_input';
}

function refusal(query: string, value: string): string {
  try {
    return assert.fail(`rendered ${render(query, value)}`);
  } catch (error) {
    assert.ok(isRefusal(error), String(error));
    return error.message;
  }
}

describe('escapePromql(value, before, name)', () => {
  for (const quote of ['"', "'"]) {
    it(`writes any value as one string in ${quote}`, () => {
      fc.assert(
        fc.property(anyValue, (value) => {
          const query = render(`sum(up{app=${quote}{{x}}${quote},b!=${quote}<{{x}}>${quote}})`, value);

          const strings = readStrings(query);

          assert.deepEqual(strings, [
            { value, regex: false },
            { value: `<${value}>`, regex: false },
          ]);
        }),
        { numRuns: 500 },
      );
    });

    for (const operator of ['=~', '!~', '=~ ', '=~\n  # it is "quoted"\n ']) {
      it(`writes any value after ${JSON.stringify(operator)} in ${quote} as an expression that matches only it`, () => {
        fc.assert(
          fc.property(anyValue, anyValue, (value, other) => {
            const query = render(`up{pod${operator}${quote}{{x}}-.*${quote},a=${quote}{{y}}${quote}}`, value);

            const [pattern, plain] = readStrings(query.replace(/#[^\n]*\n/, ''));

            assert.ok(pattern?.regex);
            const matches = new RegExp(`^(?:${pattern.value})$`, 'su');
            assert.ok(matches.test(`${value}-end`));
            assert.equal(matches.test(`${other}-`), `${other}-`.startsWith(`${value}-`));
            assert.deepEqual(plain, { value, regex: false });
          }),
          { numRuns: 300 },
        );
      });
    }
  }

  it('writes any value without a backtick in backticks, and refuses the others', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        if (value.includes('`')) assert.match(refusal('up{a=`{{x}}`}', value), /\{\{x\}\}: found a backtick/);
        else assert.deepEqual(readStrings(render('up{a=`{{x}}`}', value)), [{ value, regex: false }]);
      }),
    );
  });

  it('writes an expression in backticks without a second escaping', () => {
    assert.equal(render('up{a=~`{{x}}`}', 'v1.2'), 'up{a=~`v1\\.2`}');
  });

  it('escapes nothing that is plain', () => {
    assert.equal(render('up{a="{{x}}",b=~"{{x}}"}[{{x}}]', 'v1_8:0'), 'up{a="v1_8:0",b=~"v1_8:0"}[v1_8:0]');
  });

  it('takes bare only what can be nothing but a word or number', () => {
    assert.equal(render('x[{{x}}:{{x}}] @ {{x}}', '1.5m'), 'x[1.5m:1.5m] @ 1.5m');
    for (const value of ['', '1m]', 'a b', '-1', 'a-b', '"', '{', '#', 'é', '1m\n']) {
      assert.match(
        refusal('x[{{x}}]', value),
        /^\{\{x\}\}: found ".*" outside a string; allowed there are letters/,
      );
    }
  });

  it('knows that a closed string, also one with an escaped quote, is outside again', () => {
    for (const before of ['a{b="c"} + ', 'a{b="\\""} + ', "a{b='\"'} + ", 'a{b=`\\`} + ', 'a{b="\\\\"} + ']) {
      assert.match(refusal(`${before}{{x}}`, 'no good'), /outside a string/, before);
    }
  });

  it('takes quotes in a comment for text', () => {
    assert.equal(render('up # it\'s "\n{a="{{x}}"}', '"'), 'up # it\'s "\n{a="\\""}');
    assert.match(refusal('up # "{{x}}"', 'a\nb'), /outside a string/);
  });

  it('does not take a later string for an expression', () => {
    assert.equal(render('up{a=~"b",c="{{x}}"}', '.'), 'up{a=~"b",c="."}');
    assert.equal(render('up{a=~"b"} == on("{{x}}")', '.'), 'up{a=~"b"} == on(".")');
  });

  it('refuses to stand behind a lone backslash, which would turn its escaping round', () => {
    assert.match(refusal('up{a="\\{{x}}"}', '"} or up{b="'), /behind a lone backslash/);
    assert.equal(render('up{a="\\\\{{x}}"}', '"'), 'up{a="\\\\\\""}');
  });

  it('refuses half a character', () => {
    assert.match(refusal('up{a="{{x}}"}', '\ud800'), /no Unicode/);
  });

  it('cuts a long value in its message', () => {
    assert.ok(refusal('{{x}}', ' '.repeat(500)).length < 200);
  });
});

describe('checkPromql(query, known)', () => {
  const known = ['service', 'step', 'scope.hash'];

  for (const query of [
    'up',
    'sum(rate(x{a="{{service}}",h=~"{{scope.hash}}.*"}[{{step}}])) / vector(1)',
    'x{a="("} # )',
    'x{a="\\")"}',
    "sum by (le) (increase(x_bucket{a='[',b=`]`}[{{ step }}]))",
    'up{{{service}}}',
  ]) {
    it(`takes ${query}`, () => checkPromql(query, known));
  }

  for (const [query, pattern] of [
    ['', /the query is empty/],
    [' \n', /the query is empty/],
    ['sum(up', /the bracket \( is not closed/],
    ['x{a="b"', /the bracket \{ is not closed/],
    ['x[5m', /the bracket \[ is not closed/],
    ['sum(x[5m)]', /a bracket is closed that was not opened/],
    ['up)', /a bracket is closed that was not opened/],
    ['x[{{step}}}]', /a bracket is closed that was not opened/],
    ['x{a="b}', /a string opened with " is not closed/],
    ["x{a='b}", /a string opened with ' is not closed/],
    ['x{a=`b}', /a string opened with ` is not closed/],
    ['x{a="b\\"}', /a string opened with " is not closed/],
    ['x{a="\\{{service}}"}', /a lone backslash stands before \{\{service\}\}/],
    ['x{a="{{servcie}}"}', /unknown variable \{\{servcie\}\}; allowed are scope\.hash, service, step/],
    ['{{ $labels.job }}', /found "\{\{ \$labels\.job \}\}"/],
  ] as const) {
    it(`refuses ${JSON.stringify(query)}`, () => {
      assert.throws(
        () => checkPromql(query, known),
        (error: unknown) => isRefusal(error) && pattern.test(error.message),
      );
    });
  }
});
