import assert from 'node:assert/strict';
import { isSameChange, nameChange } from '../../src/gate/same-change.ts';

const commit = '9f1c6a20d2b84f0f8a4ff2b0a5c8e6f1d3b7a901';

describe('isSameChange(left, right)', () => {
  it('takes any version, commit or artifact that agrees, and a commit told as the version', () => {
    assert.ok(isSameChange({ version: 'v2' }, { version: 'v2', commit }));
    assert.ok(isSameChange({ commit }, { version: commit }));
    assert.ok(isSameChange({ artifact: 'oci://a@sha256:1' }, { artifact: 'oci://a@sha256:1' }));
  });

  it('takes an abbreviated commit, from seven figures on', () => {
    assert.ok(isSameChange({ commit: commit.slice(0, 7) }, { commit }));
    assert.ok(isSameChange({ commit }, { version: commit.slice(0, 12) }));
    assert.equal(isSameChange({ commit: commit.slice(0, 6) }, { commit }), false);
  });

  it('does not take a version for the beginning of another', () => {
    assert.equal(isSameChange({ version: 'v1.8.0' }, { version: 'v1.8.0-rc1' }), false);
    assert.equal(isSameChange({ version: '1234567' }, { version: '12345678' }), true);
  });

  it('does not take the same version built from another commit, or another image of it', () => {
    const other = `a${commit.slice(1)}`;
    assert.equal(isSameChange({ version: 'v2', commit }, { version: 'v2', commit: other }), false);
    const image = (digit: string) => `oci://a@sha256:${digit.repeat(64)}`;
    assert.equal(isSameChange({ commit, artifact: image('a') }, { commit, artifact: image('b') }), false);
  });

  it('takes a commit told as the version beside itself', () => {
    assert.ok(isSameChange({ version: commit.slice(0, 7), commit }, { version: commit, commit }));
    assert.ok(isSameChange({ version: commit.slice(0, 7), commit }, { version: null, commit }));
  });

  it('never takes those that tell nothing for the same', () => {
    assert.equal(isSameChange({}, {}), false);
    assert.equal(isSameChange({ version: null }, { version: null }), false);
    assert.equal(isSameChange({ version: '' }, { version: '' }), false);
  });
});

describe('nameChange(names)', () => {
  it('says the version, else the commit in short, else the artifact', () => {
    assert.equal(nameChange({ version: 'v2', commit }), 'v2');
    assert.equal(nameChange({ commit }), '9f1c6a20d2b8');
    assert.equal(nameChange({ artifact: 'oci://a' }), 'oci://a');
    assert.equal(nameChange({}), 'a change without a name');
  });
});
