import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type AttributionInput, attribute, type Suspect } from '../../src/ledger/attribution.ts';
import type { Change } from '../../src/ledger/change.ts';
import type { ChangeLink } from '../../src/ledger/incident.ts';
import { day, epoch, hour } from './events.ts';
import { makeIncident, makeOut } from './incidents-at-hand.ts';

const noLink: ChangeLink = {
  changeId: null,
  source: null,
  externalId: null,
  version: null,
  commit: null,
  artifact: null,
};

function suspect(change: Change, changes: Partial<Suspect> = {}): Suspect {
  return { change, undoneAt: null, isRemedy: false, ...changes };
}

function attributeTo(suspects: readonly Suspect[], changes: Partial<AttributionInput> = {}) {
  const { changeId, method, confidence } = attribute({
    incident: makeIncident(10),
    suspects,
    linked: null,
    window: day,
    ...changes,
  });
  return { changeId, method, confidence };
}

const none = { changeId: null, method: 'none', confidence: 0 };

describe('attribute(input)', () => {
  it('puts an incident to the nearest change before it', () => {
    const found = attributeTo([suspect(makeOut('old', 1, 2)), suspect(makeOut('new', 8, 9))]);
    assert.equal(found.changeId, 'new');
    assert.equal(found.method, 'window');
  });

  it('is less sure of a change that is longer ago, from 0.7 while it is under way to 0.4 at the end of the window', () => {
    assert.equal(attributeTo([suspect(makeOut('a', 9, 11))]).confidence, 0.7);
    assert.equal(attributeTo([suspect(makeOut('a', -3, -2))]).confidence, 0.55);
    assert.equal(attributeTo([suspect(makeOut('a', -15, -14))]).confidence, 0.4);
  });

  it('puts it to none when the last change was out longer ago than the window', () => {
    assert.deepEqual(attributeTo([suspect(makeOut('a', -16, -14.01))]), none);
    assert.equal(attributeTo([suspect(makeOut('a', 7, 8))], { window: hour }).changeId, null);
    assert.equal(attributeTo([suspect(makeOut('a', 8, 9))], { window: hour }).changeId, 'a');
  });

  it('never puts it to a change that began after it', () => {
    assert.deepEqual(attributeTo([suspect(makeOut('a', 10.01, 11))]), none);
    assert.equal(attributeTo([suspect(makeOut('a', 10, 11))]).changeId, 'a');
  });

  it('never blames by nearness what reached nobody, is a remedy, or has no time', () => {
    const failed = makeOut('a', 8, 9, { outcome: 'failed', failureClass: 'failed_to_deploy' });
    assert.deepEqual(attributeTo([suspect(failed)]), none);
    assert.deepEqual(attributeTo([suspect(makeOut('a', 8, 9, { kind: 'rollback' }))]), none);
    assert.deepEqual(attributeTo([suspect(makeOut('a', 8, 9), { isRemedy: true })]), none);
    const timeless = makeOut('a', 8, 9, { startedAt: null, finishedAt: null, attempts: [] });
    assert.deepEqual(attributeTo([suspect(timeless)]), none);
  });

  it('prefers a change that was taken back afterwards to a nearer one', () => {
    const undone = suspect(makeOut('undone', 6, 7), { undoneAt: epoch + 12 * hour });
    const found = attributeTo([undone, suspect(makeOut('near', 8, 9))]);
    assert.deepEqual(found, { changeId: 'undone', method: 'rollback', confidence: 0.8 });
  });

  it('does not count a change that was taken back before the incident began', () => {
    const undone = suspect(makeOut('undone', 6, 7), { undoneAt: epoch + 9 * hour });
    assert.equal(attributeTo([undone, suspect(makeOut('near', 8, 9))]).changeId, 'near');
  });

  it('prefers a change whose fail verdict was overruled to one that was taken back', () => {
    const overruled = suspect(makeOut('overruled', 4, 5, { verdictOverruled: true }));
    const undone = suspect(makeOut('undone', 6, 7), { undoneAt: epoch + 12 * hour });
    const found = attributeTo([undone, overruled]);
    assert.deepEqual(found, { changeId: 'overruled', method: 'verdict', confidence: 0.85 });
  });

  it('prefers the version that the incident names, for as long as 30 days back', () => {
    const incident = makeIncident(10, { link: { ...noLink, version: 'v7' } });
    const named = suspect(makeOut('named', -700, -699, { version: 'v7' }));
    const overruled = suspect(makeOut('overruled', 4, 5, { verdictOverruled: true }));
    const found = attributeTo([named, overruled], { incident });
    assert.deepEqual(found, { changeId: 'named', method: 'version', confidence: 0.95 });
  });

  it('takes a commit that is cut short, and nothing that is contradicted', () => {
    const commit = '9f1c2d3e4f5061728394a5b6c7d8e9f001122334';
    const change = suspect(makeOut('a', 8, 9, { commit }));
    const incident = (link: Partial<ChangeLink>) => makeIncident(10, { link: { ...noLink, ...link } });
    assert.equal(attributeTo([change], { incident: incident({ commit: '9f1c2d3e' }) }).method, 'version');
    const contradicted = incident({ commit: '9f1c2d3e', version: 'other' });
    assert.equal(attributeTo([change], { incident: contradicted }).method, 'window');
  });

  it('prefers the change that the incident links to whatever else there is', () => {
    const incident = makeIncident(10, { link: { ...noLink, version: 'v7' } });
    const named = suspect(makeOut('named', 8, 9, { version: 'v7' }));
    const found = attributeTo([named], { incident, linked: makeOut('linked', 20, 21) });
    assert.deepEqual(found, { changeId: 'linked', method: 'link', confidence: 1 });
  });

  it('lets a person have the last word, also that it belongs to none', () => {
    const ruled = (changeId: string | null) =>
      makeIncident(10, { ruling: { changeId, by: 'ann', reason: 'seen', at: epoch } });
    const linked = makeOut('linked', 8, 9);
    assert.deepEqual(attributeTo([], { incident: ruled('c9'), linked }), {
      changeId: 'c9',
      method: 'manual',
      confidence: 1,
    });
    assert.deepEqual(attributeTo([suspect(linked)], { incident: ruled(null), linked }), {
      changeId: null,
      method: 'manual',
      confidence: 1,
    });
  });

  it('blames nobody for what was dismissed', () => {
    const incident = makeIncident(10, { status: 'dismissed' });
    assert.deepEqual(attributeTo([suspect(makeOut('a', 8, 9))], { incident }), none);
  });

  it('does not hang on the order of the suspects', () => {
    const arbitraryChange = fc
      .tuple(fc.integer({ min: -30, max: 12 }), fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.boolean())
      .map(
        ([from, length, verdictOverruled, isUndone]) =>
          (id: string) =>
            suspect(makeOut(id, from, from + length, { verdictOverruled, version: 'v' }), {
              undoneAt: isUndone ? epoch + 11 * hour : null,
            }),
      );
    fc.assert(
      fc.property(
        fc.array(arbitraryChange, { maxLength: 6 }).chain((makers) => {
          const suspects = makers.map((make, index) => make(`c${index}`));
          return fc.tuple(
            fc.constant(suspects),
            fc.shuffledSubarray(suspects, { minLength: suspects.length }),
          );
        }),
        ([suspects, shuffled]) => {
          assert.deepEqual(attributeTo(shuffled), attributeTo(suspects));
        },
      ),
    );
  });
});
