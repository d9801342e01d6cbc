import assert from 'node:assert/strict';
import { isFinishEstimated } from '../../src/ledger/change.ts';
import type { ChangeEvent } from '../../src/ledger/change-event.ts';
import { type ChangeReport, checkReport, eventsOfReport } from '../../src/ledger/change-report.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import { changeFromRow, changeToRow } from '../../src/store/change-rows.ts';
import { epoch, hour, identity, policyAt } from './events.ts';

const now = epoch + 60 * hour;

function make(hours: number, more: Partial<ChangeReport> = {}): ChangeReport {
  const { source, externalId, service, environment } = identity;
  const named = { source, externalId, service, environment, targets: [], facts: {} };
  return { ...named, finishedAt: epoch + hours * hour, outcome: 'succeeded', ...more };
}

const guessed = (hours: number) => make(hours, { finishedAtEstimated: true });

function fold(...reports: readonly ChangeReport[]) {
  const events = reports
    .flatMap((report) => eventsOfReport(report, now))
    .map((event, index) => ({ ...event, id: String(index), changeId: 'c1', receivedAt: now }) as ChangeEvent);
  return foldChange(identity, events, policyAt(60));
}

describe('an end whose time is only about right', () => {
  it('is marked as such, on the change and on the attempt, and counts as an end', () => {
    const change = fold(guessed(1));

    assert.equal(isFinishEstimated(change), true);
    assert.equal(change.attempts[0]?.endedAtEstimated, true);
    assert.deepEqual([change.outcome, change.finishedAt], ['succeeded', epoch + hour]);
  });

  it('gives way to one that was told, whichever is earlier and whichever arrives first', () => {
    for (const reports of [
      [guessed(1), make(5)],
      [make(5), guessed(1)],
      [guessed(9), make(5)],
      [make(5), guessed(9)],
    ]) {
      const change = fold(...reports);

      assert.equal(isFinishEstimated(change), false);
      assert.equal(change.finishedAt, epoch + 5 * hour);
      assert.deepEqual(change.attempts.length, 1);
    }
  });

  it('gives way to a failure that was told, so that no guess makes a failed change succeed', () => {
    const failure = make(5, { outcome: 'failed', failureClass: 'failed_to_deploy' });

    assert.deepEqual(
      [fold(guessed(6), failure), fold(failure, guessed(6))].map(({ recoveredAt }) => recoveredAt),
      [null, null],
    );
  });

  it('is not marked where it was told', () => {
    const change = fold(make(1));

    assert.equal(isFinishEstimated(change), false);
    assert.ok(!('endedAtEstimated' in (change.attempts[0] ?? {})));
  });

  it('is still marked when the change comes back from the store', () => {
    assert.equal(isFinishEstimated(changeFromRow(changeToRow(fold(guessed(1))))), true);
  });

  it('needs a time that it is said of', () => {
    const issues = checkReport({ ...guessed(1), finishedAt: undefined }, '[3].', now);

    assert.deepEqual(
      issues.map(({ path }) => path),
      ['[3].finishedAtEstimated'],
    );
    assert.deepEqual(checkReport(guessed(1), '', now), []);
  });
});
