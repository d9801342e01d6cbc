import assert from 'node:assert/strict';
import { plain, writeJobSummary } from '../../action/src/summary.ts';
import type { Analysis } from '../../src/cli/client.ts';
import { analysisOf } from '../cli/fake-serin.ts';

const url = 'https://serin.example';
type Finding = Analysis['findings'][number];

function finding(changes: Partial<Finding> = {}): Finding {
  const some = {
    metric: 'errors',
    verdict: 'fail',
    critical: true,
    effect: 3.2,
    interval: [2.1, null],
    reason: 'five times the errors',
  };
  return { ...some, ...changes } as Finding;
}

describe('the summary of a job', () => {
  it('shows verdict, reason, each metric and the way to the report', () => {
    const analysis = analysisOf({
      verdict: 'fail',
      findings: [
        finding(),
        finding({ metric: 'cpu', verdict: 'pass', critical: false, effect: -0.014, interval: [-0.05, 0.02] }),
      ],
    });
    assert.equal(
      writeJobSummary({ verdict: 'fail', reason: 'errors rose' }, analysis, url),
      [
        '### 🔴 Serin: fail for checkout v1\\.8\\.0 in production',
        '',
        'errors rose',
        '',
        '| metric | verdict | effect | reason |',
        '| --- | --- | --- | --- |',
        '| errors (critical) | 🔴 fail | \\+320 % \\(\\+210 % to …\\) | five times the errors |',
        '| cpu | 🟢 pass | \\-1\\.4 % \\(\\-5\\.0 % to \\+2\\.0 %\\) |  five times the errors |'.replace(
          '  five',
          ' five',
        ),
        '',
        '[Report with charts](https://serin.example/analyses/a-1)',
        '',
      ].join('\n'),
    );
  });

  it('shows no number where none was measured', () => {
    const analysis = analysisOf({ findings: [finding({ effect: null, interval: null })] });
    assert.match(writeJobSummary({ verdict: 'inconclusive', reason: 'r' }, analysis, url), /\| – \|/);
  });

  it('says of a dry run what the judge says', () => {
    const analysis = analysisOf({ dryRun: true, verdict: 'pass', judgedVerdict: 'fail' });
    assert.match(
      writeJobSummary({ verdict: 'pass', reason: 'r' }, analysis, url),
      /nothing acts on it\. The judge says fail/,
    );
  });

  it('shows text of the service as it is, whatever it holds', () => {
    const hostile = '[x](http://evil) | <img src=x> `a` @team **b**\n# head ![i](u)';
    const shown = plain(hostile);
    assert.doesNotMatch(shown.replaceAll('&#64;', ''), /[<>@\n]|(?<!\\)[|[\]`*#!]/);
    const analysis = analysisOf({ findings: [finding({ metric: hostile, reason: hostile })] });
    const rows = writeJobSummary({ verdict: 'fail', reason: hostile }, analysis, url).split('\n');
    const row = rows.find((line) => line.includes('img') && line.startsWith('| ')) ?? '';
    assert.equal(row.split(/(?<!\\)\|/).length, 6);
  });

  it('stays under one mebibyte, says how many metrics it left out and keeps the link', () => {
    const findings = Array.from({ length: 4000 }, (_, index) =>
      finding({ metric: `m${index}`, reason: 'ü'.repeat(600) }),
    );
    const text = writeJobSummary({ verdict: 'fail', reason: 'r' }, analysisOf({ findings }), url);
    assert.ok(Buffer.byteLength(text, 'utf8') < 1024 * 1024);
    const shown = text.match(/^\| m\d+/gm)?.length ?? 0;
    assert.ok(shown > 100);
    assert.ok(text.includes(`… and ${4000 - shown} more; the report shows all.`));
    assert.ok(text.includes('[Report with charts]'));
  });

  it('tells what went wrong when there is nothing to show', () => {
    const text = writeJobSummary(
      { verdict: 'unavailable', reason: 'https://x cannot be reached' },
      null,
      url,
    );
    assert.equal(text, '### ⚪ Serin: unavailable\n\nhttps://x cannot be reached\n');
  });

  it('lets no address of a page break out of its link', () => {
    const analysis = analysisOf({ links: { self: '/', page: 'https://evil/a) <b> [c](d' } });
    const text = writeJobSummary({ verdict: 'pass', reason: 'r' }, analysis, url);
    assert.match(text, /\[Report with charts\]\([^()<>\s]+\)\n$/);
  });
});
