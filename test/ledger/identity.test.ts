import assert from 'node:assert/strict';
import type { Change, ChangeFacts } from '../../src/ledger/change.ts';
import { compareIdentity, type Description, findSame } from '../../src/ledger/identity.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import { day, epoch, hour, identity, policyAt } from './events.ts';

const base = foldChange(identity, [], policyAt(0));

function known(facts: Partial<Change>, ...sources: readonly string[]) {
  const change = { ...base, ...facts };
  return { change, sources: sources.length === 0 ? [change.source] : sources };
}

function told(facts: Partial<ChangeFacts>, hours = 0, source = 'github'): Description {
  return { source, facts, from: epoch + hours * hour, to: epoch + hours * hour };
}

describe('compareIdentity(told, candidate, window)', () => {
  it('joins two sources when version, commit or artifact agrees and none contradicts', () => {
    for (const facts of [{ version: 'v1' }, { commit: 'abc' }, { artifact: 'shop/app:v1' }])
      assert.equal(compareIdentity(told(facts), known({ ...facts, actor: 'ann' }), day), 'same');
    assert.equal(
      compareIdentity(told({ version: 'v1', commit: 'abc' }), known({ version: 'v1', artifact: 'x' }), day),
      'same',
    );
  });

  it('never joins two reports of the same source, also when another source named the change first', () => {
    assert.equal(
      compareIdentity(told({ version: 'v1' }), known({ version: 'v1' }, 'github'), day),
      'different',
    );
    assert.equal(
      compareIdentity(told({ version: 'v1' }), known({ version: 'v1' }, 'argo-rollouts', 'github'), day),
      'different',
    );
  });

  it('suspects what agrees in one and contradicts in another', () => {
    assert.equal(
      compareIdentity(told({ version: 'v1', commit: 'abc' }), known({ version: 'v1', commit: 'abd' }), day),
      'suspected',
    );
  });

  it('keeps apart what agrees in nothing', () => {
    assert.equal(compareIdentity(told({ version: 'v1' }), known({ version: 'v2' }), day), 'different');
    assert.equal(compareIdentity(told({ version: 'v1' }), known({ commit: 'v1' }), day), 'different');
    assert.equal(compareIdentity(told({}), known({}), day), 'different');
  });

  it('joins within the window on either side, and not beyond it', () => {
    const candidate = known({ version: 'v1', startedAt: epoch, finishedAt: epoch + 2 * hour });

    for (const hours of [-24, 0, 1, 26])
      assert.equal(compareIdentity(told({ version: 'v1' }, hours), candidate, day), 'same');
    for (const hours of [-24.01, 26.01])
      assert.equal(compareIdentity(told({ version: 'v1' }, hours), candidate, day), 'different');
  });

  it('takes a commit cut short for the commit, from seven characters on', () => {
    const candidate = known({ commit: '9f1c2d3e4f5061728394a5b6c7d8e9f001122334' });

    assert.equal(compareIdentity(told({ commit: '9F1C2D3' }), candidate, day), 'same');
    assert.equal(compareIdentity(told({ commit: '9f1c2d' }), candidate, day), 'different');
  });

  it('compares artifacts by digest, wherever they were pulled from', () => {
    const candidate = known({ artifact: 'pkg:oci/app@sha256%3Aab12?repository_url=ghcr.io/shop' });
    const compare = (artifact: string, version?: string) =>
      compareIdentity(told({ artifact, ...(version ? { version } : {}) }), candidate, day);

    assert.equal(compare('registry:5000/shop/app:v1@sha256:AB12'), 'same');
    assert.equal(compare('registry:5000/shop/app:v1@sha256:ab13'), 'different');
    assert.equal(compare('shop/app:v1'), 'different');
    assert.equal(
      compareIdentity(
        told({ version: 'v1', artifact: 'shop/app:v1' }),
        known({ ...candidate.change, version: 'v1' }),
        day,
      ),
      'same',
    );
    assert.equal(
      compareIdentity(
        told({ version: 'v1', artifact: 'shop/app:v1' }),
        known({ version: 'v1', artifact: 'shop/app:v2' }),
        day,
      ),
      'suspected',
    );
  });
});

describe('findSame(told, candidates, window)', () => {
  it('means the nearest in time of several: v1, v2 and v1 again are three changes', () => {
    const candidates = [
      known({ id: 'first', version: 'v1', startedAt: epoch }),
      known({ id: 'second', version: 'v2', startedAt: epoch + 2 * hour }),
      known({ id: 'third', version: 'v1', startedAt: epoch + 4 * hour }),
    ];

    assert.equal(findSame(told({ version: 'v1' }, 1), candidates, day).same?.id, 'first');
    assert.equal(findSame(told({ version: 'v1' }, 3.5), candidates, day).same?.id, 'third');
    assert.equal(findSame(told({ version: 'v1' }, 2), candidates, day).same?.id, 'first');
  });

  it('means the earliest made of several equally near', () => {
    const candidates = [
      known({ id: 'a', version: 'v1', startedAt: epoch, createdAt: epoch + 2 }),
      known({ id: 'b', version: 'v1', startedAt: epoch, createdAt: epoch + 1 }),
    ];

    assert.equal(findSame(told({ version: 'v1' }), candidates, day).same?.id, 'b');
  });

  it('lists the suspected ones beside', () => {
    const near = known({ id: 'near', version: 'v1', commit: 'x' });
    const { same, suspected } = findSame(told({ version: 'v1', commit: 'y' }), [near], day);

    assert.deepEqual([same, suspected.map(({ id }) => id)], [null, ['near']]);
  });
});
