import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SerinError } from '../../src/errors.ts';
import { checkVariables, parseTemplate, renderTemplate } from '../../src/metrics/template.ts';

const asIs = (value: string) => value;
const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof SerinError && error.code === 'invalid_input' && pattern.test(error.message);

describe('parseTemplate(text)', () => {
  it('lists each variable once, in the order of first use', () => {
    const template = parseTemplate('up{a="{{scope.b}}",c="{{ a }}",d="{{scope.b}}"}[{{step}}]');

    assert.deepEqual(template.variables, ['scope.b', 'a', 'step']);
  });

  it('allows whitespace inside the braces', () => {
    assert.deepEqual(parseTemplate('{{  service\t}}|{{target\n}}').names, ['service', 'target']);
  });

  it('leaves single braces alone', () => {
    assert.deepEqual(parseTemplate('up{a="b"}').literals, ['up{a="b"}']);
  });

  it('gives the inner two of three braces to the variable', () => {
    assert.deepEqual(parseTemplate('up{{{matchers}}}'), {
      literals: ['up{', '}'],
      names: ['matchers'],
      variables: ['matchers'],
    });
  });

  it('keeps closing braces that nothing opened, as nested JSON ends so', () => {
    const json = '{"query":{"match":{"app":"{{service}}"}}}';

    assert.deepEqual(parseTemplate(json).literals, ['{"query":{"match":{"app":"', '"}}}']);
  });

  it('allows names of scopes with dots, dashes and slashes', () => {
    const name = 'scope.app.kubernetes.io/name-x';

    assert.deepEqual(parseTemplate(`{{${name}}}`).names, [name]);
  });

  for (const [text, pattern] of [
    ['{{ $value }}', /found "\{\{ \$value \}\}"; allowed is a variable's name/],
    ['x {{ .Values.app }}', /\.Values\.app/],
    ['{{}}', /found "\{\{\}\}"/],
    ['{{a b}}', /found "\{\{a b\}\}"/],
    ['rate(x[{{step])', /no closing braces/],
    ['{{step}', /no closing braces/],
    ['{{a{{b}}', /found "\{\{a\{\{b\}\}"/],
  ] as const) {
    it(`refuses ${text}`, () => {
      assert.throws(() => parseTemplate(text), refused(pattern));
    });
  }
});

describe('checkVariables(template, known)', () => {
  it('names every unknown variable and those allowed', () => {
    const template = parseTemplate('{{servcie}} {{step}} {{args.name}}');

    assert.throws(
      () => checkVariables(template, ['step', 'service']),
      (error: unknown) => {
        assert.ok(error instanceof SerinError);
        assert.deepEqual(
          error.issues.map(({ message }) => message),
          [
            'found the unknown variable {{servcie}}; allowed are service, step',
            'found the unknown variable {{args.name}}; allowed are service, step',
          ],
        );
        return true;
      },
    );
  });

  it('says so when no variable is allowed', () => {
    assert.throws(() => checkVariables(parseTemplate('{{a}}'), []), refused(/none is allowed here/));
  });
});

describe('renderTemplate(template, variables, escapeValue)', () => {
  it('gives the escaping function the value, what was rendered before it, and the name', () => {
    const calls: unknown[] = [];
    const recording = (value: string, before: string, name: string) => {
      calls.push([value, before, name]);
      return `<${value}>`;
    };

    const rendered = renderTemplate(parseTemplate('a{{x}}b{{y}}c'), { x: '1', y: '2' }, recording);

    assert.equal(rendered, 'a<1>b<2>c');
    assert.deepEqual(calls, [
      ['1', 'a', 'x'],
      ['2', 'a<1>b', 'y'],
    ]);
  });

  it('refuses a variable without a value, also one that every object inherits', () => {
    assert.throws(
      () => renderTemplate(parseTemplate('{{constructor}}'), {}, asIs),
      refused(/unknown variable/),
    );
    assert.throws(() => renderTemplate(parseTemplate('{{x}}'), { y: '' }, asIs), refused(/allowed are y/));
  });

  it('never reads a value as a template', () => {
    assert.equal(renderTemplate(parseTemplate('{{x}}'), { x: '{{x}}', y: 'z' }, asIs), '{{x}}');
  });

  it('gives back any text without double braces unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('{{'));
        assert.equal(renderTemplate(parseTemplate(text), {}, asIs), text);
      }),
    );
  });
});
