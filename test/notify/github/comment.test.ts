import assert from 'node:assert/strict';
import fc from 'fast-check';
import { markOf, mostCharacters, writeComment } from '../../../src/notify/github/comment.ts';
import { escapeCell, shorten } from '../../../src/notify/github/markdown.ts';
import { makeGateMessage } from '../../support/github-messages.ts';

const url = 'https://serin.example';

describe('writeComment(message, publicUrl)', () => {
  it('says what was decided, why, on what, and where to read on', () => {
    assert.equal(
      writeComment(makeGateMessage(), url),
      [
        '**Serin: approved** (pass) · v2 of checkout, before production',
        '',
        'no metric is worse',
        '',
        '| metric | verdict | effect | interval |',
        '|---|---|---|---|',
        '| errors | pass | +2.1 % | -5 % … +9 % |',
        '',
        '[Analysis](https://serin.example/analyses/a1) <!-- serin:g1 -->',
      ].join('\n'),
    );
  });

  it('says what is waited for, without the mark of an answer', () => {
    const answer = {
      ...makeGateMessage().answer,
      allowed: false,
      verdict: null,
      reasons: ['there is no analysis'],
    };
    const comment = writeComment(makeGateMessage({ kind: 'progress', answer, analysis: null }), null);
    assert.equal(comment, '**Serin: waiting** · v2 of checkout, before production\n\nthere is no analysis');
  });

  it('says what is not known as a dash', () => {
    const findings = [{ metric: 'errors', verdict: 'inconclusive', effect: null, interval: null }] as const;
    const analysis = { id: 'a1', looks: 1, startedAt: 0, endsAt: 1, findings };
    assert.match(writeComment(makeGateMessage({ analysis }), null), /\| errors \| inconclusive \| – \| – \|/);
  });

  it('counts the findings that have no room', () => {
    const findings = Array.from({ length: 60 }, (_, index) => ({
      metric: `metric-${index}`,
      verdict: 'pass' as const,
      effect: 0.01,
      interval: [-0.01, 0.02] as const,
    }));
    const analysis = { id: 'a1', looks: 1, startedAt: 0, endsAt: 1, findings };
    const comment = writeComment(makeGateMessage({ analysis }), url);
    const rows = comment.split('\n').filter((line) => line.startsWith('| metric-')).length;
    assert.ok(rows > 5, comment);
    assert.match(comment, new RegExp(`\\| … and ${60 - rows} more \\|`));
  });

  it('never has more than 1 024 characters, a broken row or a lost mark, whatever names and reasons say', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 400 });
    fc.assert(
      fc.property(text, text, fc.array(text, { minLength: 1, maxLength: 40 }), (change, reason, metrics) => {
        const findings = metrics.map((metric) => ({
          metric,
          verdict: 'fail' as const,
          effect: 1,
          interval: null,
        }));
        const { answer } = makeGateMessage();
        const comment = writeComment(
          makeGateMessage({
            change,
            answer: { ...answer, reasons: [reason] },
            analysis: { id: 'a1', looks: 1, startedAt: 0, endsAt: 1, findings },
          }),
          url,
        );
        assert.ok(comment.length <= mostCharacters);
        assert.ok(comment.endsWith(markOf('g1')));
        for (const line of comment.split('\n').filter((one) => one.startsWith('| ')))
          assert.equal(line.match(/(?<!\\)\|/g)?.length, 5, line);
      }),
    );
  });
});

describe('escapeCell(text)', () => {
  it('leaves nothing that is markup, a mention or a reference', () => {
    assert.equal(escapeCell('a|b'), 'a\\|b');
    assert.equal(escapeCell('`code` *b* [l](u)'), '\\`code\\` \\*b\\* \\[l\\](u)');
    assert.equal(escapeCell('<img src=x>&'), '&lt;img src=x&gt;&amp;');
    assert.equal(escapeCell('@shop/admins #12'), '@\u200bshop/admins #\u200b12');
    assert.equal(escapeCell('two\nlines\t '), 'two lines');
    assert.equal(escapeCell('back\\slash'), 'back\\\\slash');
  });
});

describe('shorten(text, most)', () => {
  it('keeps what fits and marks what was left out', () => {
    assert.equal(shorten('abc', 3), 'abc');
    assert.equal(shorten('abcd', 3), 'ab…');
  });

  it('cuts no character in two', () => {
    assert.equal(shorten('a😀😀', 3), 'a…');
  });
});
