import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Change } from '../../src/ledger/change.ts';
import type { ChangeEvent } from '../../src/ledger/change-event.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import {
  anyEvent,
  begun,
  day,
  ended,
  epoch,
  failed,
  gist,
  hour,
  identity,
  policyAt,
  ruled,
  verdict,
} from './events.ts';

function fold(hours: number, ...events: readonly ChangeEvent[]): Change {
  return foldChange(identity, events, policyAt(hours));
}

const at = (hours: number): number => epoch + hours * hour;

describe('foldChange(base, events, policy)', () => {
  describe('of a completed change', () => {
    it('is pending until the observation window ends, then succeeded as of its end', () => {
      const events = [begun('started', 0), ended('completed', 1)];

      assert.deepEqual(gist(fold(24.99, ...events)), ['pending', null, null, null, 25]);
      assert.deepEqual(gist(fold(25, ...events)), ['succeeded', null, 25, 'observation', null]);
      assert.equal(fold(25, ...events).finishedAt, at(1));
    });

    it('keeps the first of two completions told of one attempt, so that a repetition restarts no observation', () => {
      const change = fold(
        26,
        begun('started', 0),
        ended('completed', 1),
        ended('completed', 9, { source: 'github' }),
      );

      assert.deepEqual(gist(change), ['succeeded', null, 25, 'observation', null]);
      assert.deepEqual(change.attempts, [{ startedAt: at(0), endedAt: at(1), result: 'completed' }]);
    });

    it('observes anew when it was started again and completed again', () => {
      const change = fold(
        26,
        begun('started', 0),
        ended('completed', 1),
        begun('started', 5),
        ended('completed', 6),
      );

      assert.deepEqual(gist(change), ['pending', null, null, null, 30]);
      assert.equal(change.attempts.length, 2);
      assert.equal(change.finishedAt, at(6));
    });

    it('waits for a target that was begun and has not got it, until that is silent too long', () => {
      const events = [
        begun('started', 0, {}, { target: 'eu' }),
        begun('started', 0, {}, { target: 'us' }),
        ended('completed', 1, { target: 'eu' }),
      ];

      assert.deepEqual(gist(fold(30, ...events)), ['pending', null, null, null, 169]);
      assert.deepEqual(gist(fold(169, ...events)), ['succeeded', null, 169, 'observation', null]);
      assert.deepEqual(gist(fold(30, ...events, ended('completed', 2, { target: 'us' }))), [
        'succeeded',
        null,
        26,
        'observation',
        null,
      ]);
      assert.deepEqual(fold(30, ...events).targets, ['eu', 'us']);
    });

    it('observes whatever the policy says about silence', () => {
      const events = [begun('started', 0, {}, { target: 'us' }), ended('completed', 1, { target: 'eu' })];
      const policy = { now: at(2), observationWindow: 9 * hour, abandonAfter: hour };

      assert.equal(foldChange(identity, events, policy).settlesAt, at(10));
    });

    it('ends a start that named no target where a target is told to have got it', () => {
      const change = fold(2, begun('started', 0), ended('completed', 1, { target: 'eu' }));

      assert.deepEqual(change.attempts, [{ startedAt: at(0), endedAt: at(1), result: 'completed' }]);
    });

    it('is not held up by a further start that names no target', () => {
      const change = fold(2, ended('completed', 1, { target: 'eu' }), begun('started', 1.5));

      assert.equal(change.settlesAt, at(25));
    });

    it('failed when any target failed', () => {
      const change = fold(
        99,
        begun('started', 0, {}, { target: 'eu' }),
        begun('started', 0, {}, { target: 'us' }),
        ended('aborted', 2, { target: 'us' }),
        ended('completed', 1, { target: 'eu' }),
      );

      assert.deepEqual(gist(change), ['failed', 'caught_in_canary', 2, 'controller', null]);
    });

    it('takes an end without a target for the end of all that is under way', () => {
      const change = fold(
        99,
        begun('started', 0, {}, { target: 'eu' }),
        begun('started', 0.5),
        ended('completed', 1),
      );

      assert.deepEqual(
        change.attempts.map(({ result }) => result),
        ['completed', 'completed'],
      );
      assert.equal(change.outcome, 'succeeded');
    });
  });

  describe('of an aborted change', () => {
    it('failed, caught in the canary, with the controller’s reason', () => {
      const change = fold(1, begun('started', 0), ended('aborted', 1, { reason: 'errors' }));

      assert.deepEqual(gist(change), ['failed', 'caught_in_canary', 1, 'controller', null]);
      assert.deepEqual(change.attribution, { method: 'controller', confidence: 1, reason: 'errors' });
      assert.equal(change.recoveredAt, null);
    });

    it('stays failed when a retry completes, keeps both attempts and has recovered', () => {
      const change = fold(
        99,
        begun('started', 0),
        ended('aborted', 1),
        begun('started', 3),
        ended('completed', 4),
      );

      assert.deepEqual(gist(change), ['failed', 'caught_in_canary', 1, 'controller', null]);
      assert.deepEqual(change.attempts, [
        { startedAt: at(0), endedAt: at(1), result: 'aborted' },
        { startedAt: at(3), endedAt: at(4), result: 'completed' },
      ]);
      assert.deepEqual([change.recoveredAt, change.finishedAt], [at(4), at(4)]);
    });

    it('takes a completion after an abort for a retry, of whose start controllers tell nothing', () => {
      const change = fold(99, ended('aborted', 1), ended('completed', 4));

      assert.deepEqual(change.attempts.at(-1), { startedAt: null, endedAt: at(4), result: 'completed' });
      assert.deepEqual([change.outcome, change.recoveredAt], ['failed', at(4)]);
    });

    it('has recovered with the first completion after the abort', () => {
      const events = [ended('aborted', 1), ended('completed', 2), begun('started', 3), ended('completed', 4)];

      assert.equal(fold(99, ...events).recoveredAt, at(2));
    });

    it('has not recovered when it was aborted again', () => {
      const change = fold(
        99,
        ended('aborted', 1),
        ended('completed', 4),
        begun('started', 5),
        ended('aborted', 6),
      );

      assert.deepEqual([change.outcome, change.recoveredAt, change.attempts.length], ['failed', null, 3]);
    });

    it('takes an abort told twice for one', () => {
      assert.equal(fold(99, ended('aborted', 1), ended('aborted', 1.5)).attempts.length, 1);
    });
  });

  describe('of a verdict', () => {
    it('failed provisionally by an enforced fail', () => {
      const change = fold(1, begun('started', 0), verdict(1, 'fail'));

      assert.deepEqual(gist(change), ['failed', 'caught_in_canary', 1, 'verdict', null]);
      assert.deepEqual(change.attribution, { method: 'verdict', confidence: 0.9, reason: 'it said fail' });
      assert.deepEqual(change.analysisIds, ['a1']);
    });

    it('is overruled by a later completion and observed', () => {
      const change = fold(2, begun('started', 0), verdict(1, 'fail'), ended('completed', 2));

      assert.deepEqual(gist(change), ['pending', null, null, null, 26]);
      assert.equal(change.verdictOverruled, true);
    });

    it('is not overruled while another target is still under way', () => {
      const events = [
        begun('started', 0, {}, { target: 'eu' }),
        begun('started', 0, {}, { target: 'us' }),
        verdict(1, 'fail'),
        ended('completed', 2, { target: 'eu' }),
      ];

      assert.equal(fold(9, ...events).attribution?.method, 'verdict');
      assert.equal(fold(9, ...events, ended('completed', 3, { target: 'us' })).verdictOverruled, true);
    });

    it('overrules nothing when the controller had followed it before the retry', () => {
      const change = fold(9, verdict(1, 'fail'), ended('aborted', 2), ended('completed', 3));

      assert.deepEqual([change.outcome, change.verdictOverruled], ['failed', false]);
    });

    it('ranks below a completion that came before it', () => {
      const change = fold(9, begun('started', 0), ended('completed', 1), verdict(2, 'fail'));

      assert.deepEqual(gist(change), ['pending', null, null, null, 25]);
      assert.equal(change.verdictOverruled, false);
    });

    it('is not undone by a later pass: another target’s analysis must not hide it', () => {
      assert.equal(fold(9, begun('started', 0), verdict(1, 'fail'), verdict(2, 'pass')).outcome, 'failed');
    });

    it('changes nothing but the list of analyses when it is not enforced', () => {
      const without = fold(9, begun('started', 0), ended('completed', 5));
      const dry = fold(9, begun('started', 0), verdict(1, 'fail', false), ended('completed', 5));

      assert.deepEqual(dry, { ...without, analysisIds: ['a1'] });
      assert.equal(fold(7 * 24, begun('started', 0), verdict(50, 'fail', false)).outcome, 'abandoned');
    });
  });

  describe('of a superseded, cancelled or silent change', () => {
    for (const type of ['superseded', 'cancelled'] as const)
      it(`is abandoned when ${type} while under way`, () => {
        assert.deepEqual(gist(fold(1, begun('started', 0), ended(type, 1))), [
          'abandoned',
          null,
          1,
          'controller',
          null,
        ]);
      });

    it('stays failed by an abort or an enforced fail verdict: a new revision hides no failure', () => {
      assert.equal(
        fold(9, begun('started', 0), verdict(1, 'fail'), ended('superseded', 2)).outcome,
        'failed',
      );
      assert.equal(
        fold(9, begun('started', 0), ended('aborted', 1), ended('superseded', 2)).outcome,
        'failed',
      );
    });

    it('is abandoned for all that an analysis found after the supersession', () => {
      assert.equal(
        fold(9, begun('started', 0), ended('superseded', 1), verdict(2, 'fail')).outcome,
        'abandoned',
      );
    });

    it('completed when it had completed before the supersession', () => {
      assert.equal(
        fold(9, begun('started', 0), ended('completed', 1), ended('superseded', 2)).outcome,
        'pending',
      );
      assert.equal(
        fold(99, begun('started', 0), ended('superseded', 2), ended('completed', 1)).outcome,
        'succeeded',
      );
    });

    it('adds no attempt to what had ended before it was superseded', () => {
      assert.equal(fold(9, ended('aborted', 1), ended('superseded', 2)).attempts.length, 1);
      assert.equal(fold(9, ended('completed', 1), ended('superseded', 2)).attempts.length, 1);
    });

    it('ends the same attempt after all when the controller completes or aborts it later', () => {
      const change = fold(9, begun('started', 0), ended('superseded', 2), ended('aborted', 3));

      assert.deepEqual(change.attempts, [{ startedAt: at(0), endedAt: at(3), result: 'aborted' }]);
      assert.equal(change.outcome, 'failed');
    });

    it('is abandoned seven days after its last event', () => {
      const events = [begun('started', 0), begun('paused', 10)];

      assert.deepEqual(gist(fold(177.99, ...events)), ['pending', null, null, null, 178]);
      assert.deepEqual(gist(fold(178, ...events)), ['abandoned', null, 178, 'silence', null]);
    });

    it('counts the silence from its making when nothing was told', () => {
      assert.deepEqual(gist(fold(0)), ['pending', null, null, null, 168]);
    });
  });

  describe('of the source’s own word', () => {
    it('failed with the class given, else escaped once it had completed, else caught', () => {
      assert.deepEqual(gist(fold(9, failed(1, 'failed_to_deploy'))), [
        'failed',
        'failed_to_deploy',
        1,
        'controller',
        null,
      ]);
      assert.equal(fold(9, failed(1, null)).failureClass, 'caught_in_canary');
      assert.equal(fold(9, ended('completed', 1), failed(1, null)).failureClass, 'escaped');
    });

    it('leaves a completed attempt completed when users met the failure later', () => {
      const change = fold(9, begun('started', 0), ended('completed', 1), failed(5, 'escaped'));

      assert.deepEqual(change.attempts, [{ startedAt: at(0), endedAt: at(1), result: 'completed' }]);
      assert.deepEqual([change.finishedAt, change.outcomeAt, change.recoveredAt], [at(1), at(5), null]);
    });

    it('keeps escaped when a later retry was caught', () => {
      assert.equal(
        fold(9, failed(1, 'escaped'), begun('started', 2), ended('aborted', 3)).failureClass,
        'escaped',
      );
    });
  });

  describe('of a ruling', () => {
    it('wins over everything, whenever the rest happened', () => {
      const rest = [begun('started', 0), verdict(1, 'fail'), ended('aborted', 3), ended('completed', 9)];
      const change = fold(99, ruled(2, 'succeeded'), ...rest);

      assert.deepEqual(gist(change), ['succeeded', null, 2, 'manual', null]);
      assert.deepEqual(change.attribution, { method: 'manual', confidence: 1, by: 'ann', reason: 'seen' });
      assert.equal(change.recoveredAt, null);
    });

    it('counts the latest of several by their own time', () => {
      assert.equal(fold(9, ruled(3, 'succeeded'), ruled(2, 'failed')).outcome, 'succeeded');
    });

    it('takes the class given, else the one it had, else escaped once it had completed', () => {
      assert.equal(fold(9, ended('aborted', 1), ruled(2, 'failed', 'escaped')).failureClass, 'escaped');
      assert.equal(
        fold(9, failed(1, 'failed_to_deploy'), ruled(2, 'failed')).failureClass,
        'failed_to_deploy',
      );
      assert.equal(fold(9, ended('completed', 1), ruled(2, 'failed')).failureClass, 'escaped');
      assert.equal(fold(9, begun('started', 1), ruled(2, 'failed')).failureClass, 'caught_in_canary');
    });
  });

  describe('of a failure that is confirmed', () => {
    const hurt = { method: 'window', confidence: 0.7, incidentId: 'i1', by: null, reason: null } as const;
    const blame = { ...hurt, at: at(2), recoveredAt: at(4) };
    const confirm = (hours: number) =>
      foldChange(identity, [ended('completed', 1), ruled(hours, 'failed')], policyAt(99), [blame]);

    it('began when it was first known to hurt, so that how long that took stays known', () => {
      const { outcomeAt, recoveredAt, attribution } = confirm(9);
      assert.deepEqual([outcomeAt, recoveredAt, attribution?.method], [at(2), at(4), 'manual']);
      assert.equal(fold(9, ended('aborted', 1), ended('completed', 2), ruled(5, 'failed')).outcomeAt, at(1));
    });

    it('began when the person says, where that was earlier or nothing else is known', () => {
      assert.equal(confirm(1.5).outcomeAt, at(1.5));
      assert.equal(fold(9, ended('completed', 1), ruled(5, 'failed')).outcomeAt, at(5));
    });
  });

  describe('of facts', () => {
    it('fills gaps and keeps what was told first, by the events’ own time', () => {
      const change = fold(
        9,
        begun('reported', 2, { version: 'v9', commit: 'abc', actor: 'ann' }, { key: 'late' }),
        begun('reported', 1, { version: 'v1', commit: null, committedAt: at(-5) }, { key: 'early' }),
      );

      assert.deepEqual(
        [change.version, change.commit, change.actor, change.committedAt],
        ['v1', 'abc', 'ann', at(-5)],
      );
    });

    it('takes the earliest start and a kind other than normal', () => {
      const change = fold(
        9,
        begun('reported', 1, { kind: 'normal', startedAt: at(3) }),
        begun('started', 2),
        begun('reported', 4, { kind: 'rollback' }),
        begun('reported', 5, { kind: 'hotfix' }),
      );

      assert.deepEqual([change.startedAt, change.kind], [at(2), 'rollback']);
    });
  });

  describe('at the same time', () => {
    it('hears the verdict before the completion, and the ruling last', () => {
      const change = fold(1, ended('completed', 1), verdict(1, 'fail'), begun('started', 1));

      assert.deepEqual(
        [change.outcome, change.verdictOverruled, change.attempts.length],
        ['pending', true, 1],
      );
      assert.equal(fold(1, ruled(1, 'abandoned'), failed(1, null)).outcome, 'abandoned');
    });
  });

  const someEvents = fc.array(anyEvent(), { maxLength: 8 });
  const later = fc.integer({ min: 0, max: 240 });

  it('does not depend on the order of arrival', () => {
    const shuffled = someEvents.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
    );
    fc.assert(
      fc.property(shuffled, later, ([events, others], hours) => {
        const unique = [...new Map(events.map((event) => [event.source + event.dedupeKey, event])).values()];
        const same = others.filter((event) => unique.includes(event));
        assert.deepEqual(fold(hours, ...same), fold(hours, ...unique));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not depend on how often an event arrives', () => {
    fc.assert(
      fc.property(someEvents, later, (events, hours) => {
        assert.deepEqual(fold(hours, ...events, ...events), fold(hours, ...events));
      }),
      { numRuns: 500 },
    );
  });

  it('says of each outcome just what belongs to it, and settles at the very time it announced', () => {
    fc.assert(
      fc.property(someEvents, later, (events, hours) => {
        const change = fold(hours, ...events);
        assert.equal(change.failureClass !== null, change.outcome === 'failed');
        assert.equal(change.outcomeAt === null, change.outcome === 'pending');
        if (change.settlesAt === null) return;
        assert.equal(change.outcome, 'pending');
        assert.ok(change.settlesAt > policyAt(hours).now);
        const settled = foldChange(identity, events, { ...policyAt(hours), now: change.settlesAt });
        assert.notEqual(settled.outcome, 'pending');
        assert.equal(settled.outcomeAt, change.settlesAt);
      }),
      { numRuns: 1000 },
    );
  });

  it('ends its observation a day and its silence a week after, as the policy says', () => {
    const policy = { now: at(5), observationWindow: 2 * hour, abandonAfter: 3 * hour };

    assert.equal(foldChange(identity, [ended('completed', 1)], policy).outcomeAt, at(3));
    assert.equal(foldChange(identity, [begun('started', 1)], policy).outcomeAt, at(4));
    assert.equal(day, 86_400_000);
  });
});
