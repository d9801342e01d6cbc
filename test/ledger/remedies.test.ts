import assert from 'node:assert/strict';
import type { Change } from '../../src/ledger/change.ts';
import { findRemedies } from '../../src/ledger/remedies.ts';
import { day, epoch, hour } from './events.ts';
import { makeOut } from './incidents-at-hand.ts';

/** Changes out one after the other, each taking half an hour; `v1@3` is v1, begun at hour 3. */
function sequence(...words: readonly string[]): Change[] {
  return words.map((word) => {
    const [version = '', hours = ''] = word.split('@');
    return makeOut(word, Number(hours), Number(hours) + 0.5, { version });
  });
}

function firstOutOf(changes: readonly Change[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { version, finishedAt } of changes) {
    const known = first.get(version ?? '');
    if (version !== null && finishedAt !== null && (known === undefined || finishedAt < known))
      first.set(version, finishedAt);
  }
  return first;
}

function remediesAmong(changes: readonly Change[], window = day): string[] {
  return findRemedies({ changes, firstOut: firstOutOf(changes), window }).map(
    ({ remedyId, undoneId, ground }) => `${remedyId} undoes ${undoneId} (${ground})`,
  );
}

describe('findRemedies(input)', () => {
  it('finds none where each version is new', () => {
    assert.deepEqual(remediesAmong(sequence('v1@0', 'v2@2', 'v3@4')), []);
  });

  it('sees in an old version that comes back that the one between was taken back', () => {
    assert.deepEqual(remediesAmong(sequence('v1@0', 'v2@2', 'v1@4')), ['v1@4 undoes v2@2 (version)']);
  });

  it('tells when it began and when it was done', () => {
    const changes = sequence('v1@0', 'v2@2', 'v1@4');
    const [remedy] = findRemedies({ changes, firstOut: firstOutOf(changes), window: day });
    assert.equal(remedy?.startedAt, epoch + 4 * hour);
    assert.equal(remedy?.at, epoch + 4.5 * hour);
  });

  it('blames the last of several, or those whose fail verdict was overruled', () => {
    const changes = sequence('v1@0', 'v2@2', 'v3@4', 'v1@6');
    assert.deepEqual(remediesAmong(changes), ['v1@6 undoes v3@4 (version)']);
    const overruled = changes.map((one) => (one.id === 'v2@2' ? { ...one, verdictOverruled: true } : one));
    assert.deepEqual(remediesAmong(overruled), ['v1@6 undoes v2@2 (version)']);
  });

  it('does not reach behind the version that comes back', () => {
    const [first, second, ...others] = sequence('v1@0', 'v2@2', 'v3@4', 'v2@6');
    assert.ok(first !== undefined && second !== undefined);
    const changes = [{ ...first, verdictOverruled: true }, second, ...others];
    assert.deepEqual(remediesAmong(changes), ['v2@6 undoes v3@4 (version)']);
  });

  it('believes a source that calls it a rollback, whatever the version', () => {
    const [first, ...others] = sequence('v1@0', 'v9@4');
    const changes = [first, ...others].flatMap((one) => one ?? []);
    const told = changes.map((one) => (one.id === 'v9@4' ? { ...one, kind: 'rollback' as const } : one));
    assert.deepEqual(remediesAmong(told), ['v9@4 undoes v1@0 (told)']);
  });

  it('takes the same version again for no rollback', () => {
    assert.deepEqual(remediesAmong(sequence('v1@0', 'v2@2', 'v2@4')), []);
  });

  it('knows a version from before what it is shown', () => {
    const changes = sequence('v2@2', 'v1@4');
    const firstOut = new Map([['v1', epoch - 900 * hour]]);
    assert.equal(findRemedies({ changes, firstOut, window: day }).length, 1);
  });

  it('looks no further back than the window', () => {
    assert.deepEqual(remediesAmong(sequence('v1@0', 'v2@2', 'v1@27')), []);
    assert.equal(remediesAmong(sequence('v1@0', 'v2@2', 'v1@26.5')).length, 1);
  });

  it('does not take the release after a rollback for one', () => {
    const changes = sequence('v1@0', 'v2@2', 'v1@4', 'v2@6');
    assert.deepEqual(remediesAmong(changes), ['v1@4 undoes v2@2 (version)']);
  });

  it('leaves out what was never out, and what was still on its way', () => {
    const changes = sequence('v1@0', 'v2@2', 'v1@4');
    const aborted = changes.map((one) => (one.id === 'v2@2' ? { ...one, attempts: [] } : one));
    assert.deepEqual(remediesAmong(aborted), []);
    const slow = makeOut('v2@2', 2, 5, { version: 'v2' });
    assert.deepEqual(remediesAmong(changes.map((one) => (one.id === 'v2@2' ? slow : one))), []);
  });

  it('goes by the commit where no version is told', () => {
    const commits = sequence('v1@0', 'v2@2', 'v1@4').map((one) => ({
      ...one,
      version: null,
      commit: one.version,
    }));
    const firstOut = new Map([['v1', epoch + hour / 2]]);
    assert.deepEqual(
      findRemedies({ changes: commits, firstOut, window: day }).map(({ undoneId }) => undoneId),
      ['v2@2'],
    );
    const [first, second, third] = commits;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const rebuilt = [first, { ...second, version: 'v2' }, { ...third, version: 'v3' }];
    assert.deepEqual(findRemedies({ changes: rebuilt, firstOut, window: day }), []);
  });

  it('finds nothing among changes without versions', () => {
    const changes = sequence('v1@0', 'v2@2', 'v1@4').map((one) => ({ ...one, version: null }));
    assert.deepEqual(remediesAmong(changes), []);
  });
});
