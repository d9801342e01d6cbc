import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { IncidentReport } from '../../src/ledger/incident.ts';
import { foldIncident } from '../../src/ledger/incident-fold.ts';
import { epoch, hour } from './events.ts';
import { makeIncidentReport as told } from './incidents-at-hand.ts';

const base = { id: 'i1', source: 'oncall', externalId: 'INC-1', createdAt: epoch };
const at = (hours: number): number => epoch + hours * hour;

function fold(...reports: readonly IncidentReport[]) {
  return foldIncident(base, reports, []);
}

describe('foldIncident(base, reports, rulings)', () => {
  it('takes the first report for the beginning where the source tells none', () => {
    const { openedAt, status, resolvedAt } = fold(told(3), told(2));
    assert.deepEqual({ openedAt, status, resolvedAt }, { openedAt: at(2), status: 'open', resolvedAt: null });
  });

  it('takes the beginning that the source tells', () => {
    assert.equal(fold(told(3, { openedAt: at(1) }), told(2)).openedAt, at(1));
  });

  it('resolves, with the time told or that of the report', () => {
    const { status, resolvedAt } = fold(told(1), told(4, { status: 'resolved', resolvedAt: at(3) }));
    assert.deepEqual({ status, resolvedAt }, { status: 'resolved', resolvedAt: at(3) });
    assert.equal(fold(told(1), told(4, { status: 'resolved' })).resolvedAt, at(4));
  });

  it('knows an incident of which only the end arrived', () => {
    const { openedAt, status } = fold(told(4, { status: 'resolved', openedAt: at(2) }));
    assert.deepEqual({ openedAt, status }, { openedAt: at(2), status: 'resolved' });
    assert.equal(fold(told(4, { status: 'resolved' })).openedAt, at(4));
  });

  it('opens again when it is told open after its end, and keeps the first beginning', () => {
    const { openedAt, status, resolvedAt } = fold(told(1), told(2, { status: 'resolved' }), told(3));
    assert.deepEqual({ openedAt, status, resolvedAt }, { openedAt: at(1), status: 'open', resolvedAt: null });
  });

  it('takes a late acknowledgement for no new beginning', () => {
    const late = told(3, { status: 'acknowledged', acknowledgedAt: at(3) });
    const { status, acknowledgedAt } = fold(told(1), told(2, { status: 'resolved' }), late);
    assert.deepEqual({ status, acknowledgedAt }, { status: 'resolved', acknowledgedAt: at(3) });
  });

  it('dismisses the end of what nobody told to have begun, where its teller cannot know', () => {
    const end = told(4, { status: 'resolved', withoutBeginning: true });
    assert.equal(fold(end).status, 'dismissed');
    const mapped = told(4, { withoutBeginning: true, facts: { service: 'checkout' } });
    assert.equal(fold(end, mapped).status, 'dismissed');
    const { status, openedAt, resolvedAt } = fold(end, mapped, told(1));
    assert.deepEqual(
      { status, openedAt, resolvedAt },
      { status: 'resolved', openedAt: at(1), resolvedAt: at(4) },
    );
  });

  it('opens again when somebody is told to be at work on it after its end', () => {
    const { status, resolvedAt } = fold(
      told(1),
      told(2, { status: 'resolved' }),
      told(3, { status: 'acknowledged' }),
    );
    assert.deepEqual({ status, resolvedAt }, { status: 'acknowledged', resolvedAt: null });
  });

  it('ended when it was first told to be over, whatever is told of it later', () => {
    const over = [told(1), told(2, { status: 'resolved' }), told(9, { status: 'resolved' })];
    assert.equal(fold(...over).resolvedAt, at(2));
    const corrected = told(10, { status: 'resolved', resolvedAt: at(1.5) });
    assert.equal(fold(...over, corrected).resolvedAt, at(1.5));
    assert.equal(fold(...over, told(11), told(12, { status: 'resolved' })).resolvedAt, at(12));
  });

  it('lets later reports correct earlier ones and keep what they do not tell', () => {
    const { title, severity, service } = fold(
      told(1, { facts: { title: 'slow', severity: 'SEV3' } }),
      told(2, { facts: { severity: 'SEV1', service: 'search' } }),
    );
    assert.deepEqual({ title, severity, service }, { title: 'slow', severity: 'SEV1', service: 'search' });
  });

  it('puts the latest ruling in force, of two at once the one made later', () => {
    const rule = (changeId: string, hours: number) => ({ changeId, by: 'ann', reason: 'r', at: at(hours) });
    const inForce = (...rulings: readonly ReturnType<typeof rule>[]) =>
      foldIncident(base, [told(1)], rulings).ruling?.changeId;
    assert.equal(inForce(rule('b', 2), rule('a', 1)), 'b');
    assert.equal(inForce(rule('a', 2), rule('b', 2)), 'b');
  });

  it('comes to the same whatever the order of arrival and however often a report arrives', () => {
    const report = fc
      .record({
        hours: fc.integer({ min: 0, max: 5 }),
        status: fc.constantFrom('open', 'acknowledged', 'resolved', 'dismissed'),
        title: fc.option(fc.constantFrom('a', 'b')),
        openedAt: fc.option(fc.integer({ min: 0, max: 2 }).map(at)),
      })
      .map(({ hours, status, title, openedAt }) =>
        told(hours, { status: status as IncidentReport['status'], openedAt, facts: { title } }),
      );
    fc.assert(
      fc.property(
        fc
          .array(report, { minLength: 1, maxLength: 6 })
          .chain((reports) =>
            fc.tuple(
              fc.constant(reports),
              fc.shuffledSubarray([...reports, ...reports], { minLength: 2 * reports.length }),
            ),
          ),
        ([reports, shuffled]) => {
          assert.deepEqual(fold(...shuffled), fold(...reports));
        },
      ),
    );
  });
});
