import assert from 'node:assert/strict';
import fc from 'fast-check';
import { factOf } from '../../src/ledger/fact.ts';
import { addTo, startTally, sumOf, type Tally } from '../../src/ledger/tally.ts';
import { anyRow, type ReportRow } from './rows.ts';

function tallyOf(rows: readonly ReportRow[]): Tally {
  const tally = startTally();
  for (const row of rows) addTo(tally, factOf(row), false);
  return tally;
}

describe('sumOf(tallies)', () => {
  it('is what all their facts come to in one, and leaves them as they are', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyRow(), { maxLength: 10 }), { maxLength: 5 }), (parts) => {
        const tallies = parts.map(tallyOf);
        const before = structuredClone(tallies);
        assert.deepEqual(sumOf(tallies), tallyOf(parts.flat()));
        assert.deepEqual(tallies, before);
      }),
    );
  });
});
