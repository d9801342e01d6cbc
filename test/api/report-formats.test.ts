import assert from 'node:assert/strict';
import fc from 'fast-check';
import request from 'supertest';
import { columns, writeCsv } from '../../src/api/reports/csv.ts';
import { writeMarkdown } from '../../src/api/reports/markdown.ts';
import { type WrittenReport, writeReport } from '../../src/api/reports/wire.ts';
import { changeFailureReport } from '../../src/ledger/report.ts';
import { day, epoch } from '../ledger/events.ts';
import { gather, makeOptions, makeRow, times } from '../ledger/rows.ts';
import { makeApi } from '../support/api.ts';

const caught = { outcome: 'failed', failureClass: 'caught_in_canary' } as const;

const report = changeFailureReport(
  gather([...times(2, caught), ...times(3), makeRow({ service: 'search', finishedAt: epoch + 20 * day })]),
  makeOptions({ groupBy: 'service', previous: gather([makeRow(caught), makeRow(), makeRow()]) }),
);
const api = () => makeApi({ reports: { changeFailure: async () => report } }).handler;
const path = '/v1/reports/change-failure';

/** Reads RFC 4180 back into rows. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end = ''] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g,
  )) {
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

describe('the forms of a report', () => {
  for (const [accept, type] of [
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['text/csv', 'text/csv'],
    ['text/markdown', 'text/markdown'],
    ['text/*', 'text/csv'],
    ['text/html, text/markdown;q=0.9, */*;q=0.1', 'text/markdown'],
    ['application/json;q=0.2, text/csv;q=0.5, text/markdown;q=0.4', 'text/csv'],
    ['text/csv;q=0, application/json', 'application/json'],
  ] as const)
    it(`are ${type} for Accept: ${accept}`, async () => {
      const answer = await request(api()).get(path).set('Accept', accept);

      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.type, type);
      assert.match(answer.headers['vary'] ?? '', /accept/i);
    });

  for (const [format, type] of [
    ['json', 'application/json'],
    ['csv', 'text/csv'],
    ['markdown', 'text/markdown'],
  ] as const)
    it(`are ${type} for format=${format}, whatever is accepted`, async () => {
      const answer = await request(api()).get(`${path}?format=${format}`).set('Accept', 'image/png');

      assert.deepEqual([answer.status, answer.type], [200, type]);
    });

  it('are refused by name when there is no such format, and when none is acceptable', async () => {
    const unknown = await request(api()).get(`${path}?format=xlsx`);
    const other = await request(api()).get(path).set('Accept', 'image/png');

    assert.equal(unknown.status, 400);
    assert.match(unknown.body.errors[0].message, /xlsx.*json, csv, markdown/);
    assert.equal(other.status, 406);
    assert.equal(other.body.code, 'not_acceptable');
    assert.match(other.body.detail, /image\/png.*application\/json, text\/csv, text\/markdown/);
  });

  it('all carry the definition', async () => {
    for (const format of ['json', 'csv', 'markdown']) {
      const answer = await request(api()).get(`${path}?format=${format}`);
      assert.match(answer.text, /Definition 2\. Rate: failed changes/);
    }
  });
});

describe('writeCsv(report)', () => {
  const rows = parseCsv(writeCsv(writeReport(report)));
  const [header = [], totals = [], previous = [], difference = [], ...parts] = rows;

  it('has the columns that are documented, in their order, in every line', () => {
    assert.deepEqual(header, [...columns]);
    for (const row of rows) assert.equal(row.length, columns.length);
  });

  it('gives the totals, the range before, the difference, buckets and groups', () => {
    const named = (row: readonly string[], name: (typeof columns)[number]) => row[columns.indexOf(name)];

    assert.deepEqual(
      rows.slice(1).map(([section, key, start]) => [section, key, start]),
      [
        ['totals', '', '2026-11-02T00:00:00.000Z'],
        ['previous', '', ''],
        ['difference', '', ''],
        ...[2, 9, 16, 23].map((at) => ['bucket', '', new Date(Date.UTC(2026, 10, at)).toISOString()]),
        ['group', 'checkout', ''],
        ['group', 'search', ''],
      ],
    );
    assert.deepEqual([named(totals, 'changes'), named(totals, 'rate')], ['6', String(2 / 6)]);
    assert.equal(named(totals, 'unattributedIncidents'), '');
    assert.equal(named(previous, 'rate'), String(1 / 3));
    assert.deepEqual([named(difference, 'rate'), named(difference, 'changes')], ['0', '']);
    assert.deepEqual([named(parts[1] ?? [], 'rate'), named(parts[1] ?? [], 'changes')], ['', '0']);
  });

  function withKey(key: string): WrittenReport {
    const written = writeReport(report);
    return { ...written, groups: written.groups.slice(0, 1).map((group) => ({ ...group, key })) };
  }
  const keyOf = (text: string): string | undefined => parseCsv(text).at(-1)?.[1];

  for (const key of [
    ...['=HYPERLINK("http://x","y")', '+1', '-1+cmd', '@SUM(A1)', '\t=1', '\r=1', '\n=1'],
    ...['\nx', ' =1', '\u00a0+1', '＝1+1', '＋1', '－1', '＠SUM(A1)'],
  ])
    it(`keeps a spreadsheet from computing ${JSON.stringify(key)}`, () => {
      assert.equal(keyOf(writeCsv(withKey(key))), `'${key}`);
    });

  it('leaves numbers below zero numbers', () => {
    const written = { ...writeReport(report), difference: { rate: -0.25, interval: [-0.5, 0.1] } };

    assert.match(writeCsv(written), /^difference,,,,,,,,-0\.25,-0\.5,0\.1,/m);
  });

  it('gives back any other name, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/^[\s=+\-@＝＋－＠]/.test(text)),
        (key) => {
          assert.equal(keyOf(writeCsv(withKey(key))), key);
        },
      ),
    );
  });
});

describe('writeMarkdown(report)', () => {
  const text = writeMarkdown(writeReport(report));

  it('tables the ranges, the buckets and the groups, and says what is of too few', () => {
    assert.match(text, /^# Change-failure rate\n\n2026-11-02T00:00:00\.000Z to 2026-11-30/);
    assert.match(
      text,
      /^\| this range \| 6 \| 2 \| 0 \| 2 \| 0 \| 33\.3 % \(9\.7 % to 70\.0 %\) few \| 0\.21 \|$/m,
    );
    assert.match(text, /^\| the range before \| 3 \| 1 /m);
    assert.match(text, /^\| 2026-11-09T00:00:00\.000Z \| 0 \| 0 \| 0 \| 0 \| 0 \| – \| 0\.00 \|$/m);
    assert.match(text, /^\| search \| 1 /m);
    assert.match(text, /^Against the range before: \+0\.0 percentage points \(.* to .*\)\.$/m);
    assert.match(text, /Pending: 0, abandoned: 0, unattributed incidents: not known/);
  });

  it('keeps names from being markup, cells, lines, links or mentions', () => {
    const key = 'a|b`c`*d*\n# e <img src=x> [f](http://x) @ann &lt; $g$ www.x.test \u202eh\u001b';
    const written = writeReport(report);
    const group = written.groups[0];
    assert.ok(group !== undefined);
    const line = writeMarkdown({ ...written, groups: [{ ...group, key }] })
      .split('\n')
      .find((one) => one.startsWith('| a'));

    assert.ok(line !== undefined);
    assert.match(
      line,
      /^\| a\\\|b\\`c\\`\\\*d\\\* \\# e \\<img src=x\\> \\\[f\\\]\(http:&#8203;\/\/x\) @&#8203;ann \\&lt; \\\$g\\\$ www&#8203;\.x\.test h {2}\| 5 \|/,
    );
  });

  it('has no more lines than rows, and leaves out tables of nothing', () => {
    const bare = writeMarkdown({
      ...writeReport(report),
      buckets: [],
      groups: [],
      previous: null,
      difference: null,
    });

    assert.equal(bare.match(/^\| ---/gm)?.length, 1);
    assert.doesNotMatch(bare, /Against/);
  });
});
