import assert from 'node:assert/strict';
import { orderEvents } from '../../src/ledger/event-order.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import { begun, ended, epoch, hour, identity, policyAt, ruled } from './events.ts';

describe('what is heeded of what was told', () => {
  const resultsOf = (events: Parameters<typeof foldChange>[1]): (string | number | null)[][] =>
    foldChange(identity, events, policyAt(10)).attempts.map(({ endedAt, result }) => [
      result,
      endedAt === null ? null : (endedAt - epoch) / hour,
    ]);
  const elsewhere = begun('started', 1, {}, { source: 'gitlab', target: 'eu' });

  it('is no supersession of what its source had brought out before', () => {
    const events = [
      begun('started', 1),
      elsewhere,
      ended('completed', 2, { target: 'us' }),
      ended('superseded', 5),
    ];
    assert.deepEqual(resultsOf(events), [
      ['completed', 2],
      ['open', null],
    ]);
  });

  it('is a supersession of what its source had not ended, whatever others said', () => {
    const out = ended('completed', 2, { source: 'gitlab', target: 'eu' });
    assert.deepEqual(resultsOf([begun('started', 1), elsewhere, out, ended('superseded', 5)]), [
      ['superseded', 5],
      ['completed', 2],
    ]);
    assert.deepEqual(resultsOf([ended('completed', 6), ended('superseded', 5)]), [['completed', 6]]);
  });

  it('is the first of the supersessions that a source tells', () => {
    const again = begun('started', 5.5, {}, { source: 'gitlab' });
    assert.deepEqual(
      resultsOf([begun('started', 1), ended('superseded', 5), again, ended('superseded', 6)]),
      [
        ['superseded', 5],
        ['open', null],
      ],
    );
  });

  it('is of two rulings for one time the one that was made later, of whichever change', () => {
    const first = { ...ruled(5, 'failed'), dedupeKey: '["z","ruled","000000"]', receivedAt: 1 };
    const second = { ...ruled(5, 'succeeded'), dedupeKey: '["a","ruled","000001"]', receivedAt: 2 };
    assert.deepEqual(orderEvents([second, first]), [first, second]);
  });
});
