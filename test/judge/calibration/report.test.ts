import assert from 'node:assert/strict';
import { barsOf, standingOf, writeBar } from '../../calibration/report/bars.ts';
import { rowsLost } from '../../calibration/report/comparison.ts';
import { writeReport } from '../../calibration/report/document.ts';
import { equalThresholds, type Known } from '../../calibration/report/equal-alarms.ts';
import { acceptableNeeded } from '../../calibration/report/error-free.ts';
import { failedBy, medianMinute, shareOf } from '../../calibration/report/estimates.ts';
import { writeTable } from '../../calibration/report/tables.ts';
import { allRows, rowOf } from '../../calibration/rows/all.ts';
import type { Row } from '../../calibration/rows/row.ts';
import type { Trace } from '../../calibration/run.ts';
import { emptyTally, type RuleName, record, type Tally } from '../../calibration/tally.ts';

const never: Trace = { failedAt: null, statistic: [] };

/** A tally of runs given as [how many, the rule, the minute of the fail, its statistic there]. */
function tallyOf(runs: number, fails: readonly (readonly [number, RuleName, number, number])[]): Tally {
  const tally = emptyTally(30);
  for (const [count, rule, minute, statistic] of fails) {
    const quiet = { serin: never, kayenta: never, fixed: never };
    const trace = {
      failedAt: minute,
      statistic: [...new Array<number>(minute - 5).fill(Number.NEGATIVE_INFINITY), statistic],
    };
    const verdict = rule === 'serin' ? 'fail' : 'pass';
    for (let run = 0; run < count; run++) record(tally, verdict, { ...quiet, [rule]: trace }, 5);
  }
  while (tally.runs < runs) record(tally, 'pass', { serin: never, kayenta: never, fixed: never }, 5);
  return tally;
}

function row(id: string): Row {
  const found = rowOf(id);
  assert.ok(found !== undefined, `no row ${id}`);
  return found;
}

const known = (id: string, tally: Tally): Known => ({
  row: row(id),
  result: { row: id, seed: 7, tally, milliseconds: 1000 },
});

describe('an estimate', () => {
  it("of a share has Wilson's interval", () => {
    const { estimate, interval } = shareOf(10, 100);
    assert.equal(estimate, 0.1);
    assert.ok(Math.abs(interval[0] - 0.0552) < 1e-4 && Math.abs(interval[1] - 0.1744) < 1e-4);
  });

  it('of the median minute counts runs that never fail as later than all', () => {
    const half = emptyTally(30).rules.serin.own;
    half[6] = 30;
    half[9] = 20;
    assert.equal(medianMinute(half, 100).estimate, 9);
    assert.equal(medianMinute(half, 101).estimate, null);
    half[9] = 70;
    // Ranks 40 and 61 of 100.
    assert.deepEqual(medianMinute(half, 100), { estimate: 9, interval: [9, 9] });
    assert.equal(failedBy(half, 100, 8).estimate, 0.3);
  });

  it('of the median minute has an interval of order statistics', () => {
    const each = emptyTally(30).rules.serin.own;
    for (let minute = 5; minute <= 29; minute++) each[minute] = 4;
    // One rank in four a minute: rank 50, and from 40 to 61.
    assert.deepEqual(medianMinute(each, 100), { estimate: 17, interval: [14, 20] });
  });
});

describe('a bar', () => {
  const atMost = { of: 'failed', atMost: 0.1 } as const;
  const failing = (failed: number): Tally => tallyOf(1000, [[failed, 'serin', 9, 5]]);

  it('of at most is met only by the whole interval', () => {
    assert.equal(standingOf(atMost, failing(80)), 'met');
    assert.equal(standingOf(atMost, failing(95)), 'within error');
    assert.equal(standingOf(atMost, failing(105)), 'within error');
    assert.equal(standingOf(atMost, failing(130)), 'missed');
  });

  it('of at least is met only by the whole interval, and of all by all runs', () => {
    const atLeast = { of: 'failed', atLeast: 0.9 } as const;
    assert.equal(standingOf(atLeast, failing(930)), 'met');
    assert.equal(standingOf(atLeast, failing(905)), 'within error');
    assert.equal(standingOf(atLeast, failing(870)), 'missed');
    const all = { of: 'failed', atLeast: 1 } as const;
    assert.equal(standingOf(all, failing(1000)), 'met');
    assert.equal(standingOf(all, failing(999)), 'missed');
  });

  it('on passes counts passes', () => {
    assert.equal(standingOf({ of: 'passed', atLeast: 0.85 }, failing(100)), 'met');
    assert.equal(standingOf({ of: 'passed', atMost: 0.85 }, failing(100)), 'missed');
  });

  it('on a minute is on the median', () => {
    const byNine = { of: 'minute', atMost: 9 } as const;
    assert.equal(standingOf(byNine, failing(600)), 'met');
    assert.equal(standingOf(byNine, failing(510)), 'within error');
    assert.equal(standingOf(byNine, failing(400)), 'missed');
    assert.equal(writeBar(byNine), 'by 9');
  });

  it('is alpha where both arms are alike and nothing stricter is asked', () => {
    assert.deepEqual(barsOf(row('latency/spoilt/alike')).map(writeBar), ['≤ 5 %']);
    assert.deepEqual(barsOf(row('errors/1-a-minute/alike')).map(writeBar), ['≤ 5 %', '≥ 75 %']);
    assert.deepEqual(barsOf(row('latency/phi0/alike')).map(writeBar), ['≤ 1.5 %']);
    assert.deepEqual(barsOf(row('latency/phi0/20-late')), []);
  });
});

describe('equal false alarms', () => {
  it('are those at which the worst row of the family fails 5 %', () => {
    const mild = known('latency/phi0/alike', tallyOf(100, [[20, 'serin', 9, 2]]));
    const worst = known(
      'latency/phi8/alike',
      tallyOf(100, [
        [5, 'serin', 9, 4],
        [1, 'serin', 12, 3.01],
      ]),
    );
    const other = known('cpu/alike', tallyOf(100, [[50, 'serin', 9, 9]]));
    const { serin, kayenta } = equalThresholds([mild, worst, other], 'latency');
    assert.ok(Math.abs((serin?.threshold ?? 0) - 3.05) < 1e-9);
    assert.equal(serin?.worst, worst.row.title);
    assert.equal(kayenta?.threshold, 0);
    assert.equal(equalThresholds([mild], 'pods').serin, null);
  });

  it('are none where no threshold is high enough', () => {
    const hopeless = known('cpu/alike', tallyOf(100, [[6, 'fixed', 9, Number.POSITIVE_INFINITY]]));
    assert.equal(equalThresholds([hopeless], 'CPU').fixed, null);
  });
});

describe('the report', () => {
  const results = new Map(
    [
      known('latency/phi8/alike', tallyOf(4000, [[500, 'serin', 9, 4]])),
      known(
        'latency/phi8/10',
        tallyOf(4000, [
          [2100, 'serin', 20, 4],
          [3000, 'kayenta', 8, 4],
        ]),
      ),
      known('latency/phi8/edge', tallyOf(1000, [])),
    ].map(({ result }) => [result.row, result]),
  );
  const text = writeReport(allRows, (id) => results.get(id) ?? null, 'abc');

  it('names the seed, the code, the rows that were not run and those with few runs', () => {
    assert.match(text, /code abc, .*seed 7\./);
    assert.match(text, /\*\*Not run\*\*: latency\/phi0\/alike, /);
    assert.match(text, /\*\*Not a calibration yet\*\*: 1 of 3 rows/);
  });

  it('says plainly which bars are missed', () => {
    assert.match(text, /- missed: latency, φ 0\.8: no change \(failed ≤ 6 %\)/);
    assert.match(text, /12\.5 % \(11\.5–13\.6\)/);
    assert.match(text, /- missed: latency, φ 0\.8: \+10\.1 %, just beyond acceptable \(passed ≤ 5 %\)/);
  });

  it('says where another rule finds more', () => {
    const lost = rowsLost([...results.values()].map((result) => ({ row: row(result.row), result })));
    assert.deepEqual(
      lost.asIs.map(({ row: { id } }) => id),
      ['latency/phi8/10'],
    );
    assert.match(text, /false alarms above: latency, φ 0\.8: \+10 %\./);
  });

  it('has no figure of a row that was not run', () => {
    assert.match(text, /\(not run\) of harmless runs fail at 1 error a minute/);
    assert.doesNotMatch(text, /NaN|undefined|Infinity/);
  });

  it('says what a service without errors needs to pass, the less the more requests it has', () => {
    const [many, few] = [acceptableNeeded(1000), acceptableNeeded(10)];
    // Three in so many requests is the 95 % limit of none seen; a judge that passed below one would pass anything.
    assert.ok(many > 1 / 30_000 && many < 10 / 30_000, String(many));
    assert.ok(few > 1 / 300 && few < 10 / 300, String(few));
    assert.match(text, /passes in 30 minutes: 0\.\d+ points at 1000 requests a minute, /);
  });

  it('writes tables that Markdown understands', () => {
    assert.equal(
      writeTable([
        ['a', 'b'],
        ['1', '2'],
      ]),
      '| a | b |\n| --- | ---: |\n| 1 | 2 |',
    );
  });
});
