import assert from 'node:assert/strict';
import request from 'supertest';
import type { BackfillLine, BackfillOutcome } from '../../src/ledger/backfill.ts';
import { makeApi } from '../support/api.ts';
import { start } from '../support/plans.ts';

const change = { source: 'jenkins', externalId: '1', service: 'checkout', environment: 'production' };
const incident = { source: 'oncall', externalId: 'INC-1', service: 'checkout' };

/** An API whose backfill answers every readable line as made, and what it was given. */
function makeBackfill() {
  const given: { lines: readonly BackfillLine[]; dryRun: boolean }[] = [];
  const take = async (lines: readonly BackfillLine[], dryRun: boolean): Promise<BackfillOutcome[]> => {
    given.push({ lines, dryRun });
    return lines.map((line, index) =>
      'errors' in line
        ? { result: 'refused', errors: line.errors }
        : { result: 'made', id: dryRun ? null : `id-${index}` },
    );
  };
  const incidents = {
    ...makeApi().deps.incidents,
    findPlace: (name: string) =>
      name === 'shop' ? { service: 'checkout', environment: 'production' } : null,
  };
  const { handler } = makeApi({ backfill: { take }, incidents });
  return { given, post: (body: object) => request(handler).post('/v1/backfill').send(body) };
}

describe('POST /v1/backfill', () => {
  it('answers what became of each, changes first', async () => {
    const { post, given } = makeBackfill();

    const { body, status, text } = await post({
      incidents: [incident],
      changes: [change, { ...change, outcome: 'great' }],
    });

    assert.equal(status, 200, text);
    const { items, ...counts } = body;
    assert.deepEqual(counts, { made: 2, changed: 0, joined: 0, unchanged: 0, refused: 1 });
    assert.deepEqual(items[0], { kind: 'change', index: 0, result: 'made', id: 'id-0' });
    assert.deepEqual(items[2], { kind: 'incident', index: 0, result: 'made', id: 'id-2' });
    assert.equal(given[0]?.dryRun, false);
  });

  it('reads each report as POST /v1/changes and POST /v1/incidents do', async () => {
    const { post, given } = makeBackfill();

    await post({
      changes: [{ ...change, service: 'shop', version: 'v1', actor: '', finishedAt: '2026-01-01T00:00:00Z' }],
      incidents: [{ ...incident, openedAt: '2026-01-01T00:00:00Z' }],
      dryRun: true,
    });

    const [one, other] = given[0]?.lines ?? [];
    assert.ok(one?.kind === 'change' && 'report' in one && other?.kind === 'incident' && 'report' in other);
    assert.deepEqual(one.report, { ...change, targets: [], facts: { version: 'v1' }, finishedAt: start });
    assert.deepEqual([other.report.openedAt, other.report.facts.environment], [start, 'production']);
    assert.equal(given[0]?.dryRun, true);
  });

  for (const [title, item, path, message] of [
    ['a missing name', { ...change, service: '' }, 'service', /^is missing$/],
    [
      'an unknown word',
      { ...change, outcome: 'great' },
      'outcome',
      /^found "great"; allowed are pending, succ/,
    ],
    [
      'an unknown key',
      { ...change, colour: 'red' },
      'colour',
      /^unknown key; allowed are source, externalId/,
    ],
    [
      'a time that is none',
      { ...change, startedAt: 'noon' },
      'startedAt',
      /^found "noon"; allowed are RFC 3339/,
    ],
    [
      'a day that no month has',
      { ...change, startedAt: '2026-02-30T00:00:00Z' },
      'startedAt',
      /^found "2026-02-30/,
    ],
    [
      'a text that is too long',
      { ...change, commit: 'c'.repeat(101) },
      'commit',
      /must NOT have more than 100/,
    ],
    ['an address that is none', { ...change, url: 'ftp://x' }, 'url', /http and https/],
    ['a target without a name', { ...change, targets: ['eu', ''] }, 'targets[1]', /fewer than 1/],
    ['a number', 7, '', /^found 7; must be object$/],
  ] as const) {
    it(`refuses ${title}, and says where`, async () => {
      const { post } = makeBackfill();

      const { body } = await post({ changes: [change, item] });

      assert.deepEqual([body.made, body.refused], [1, 1]);
      const { errors } = body.items[1];
      assert.equal(errors[0].path, path);
      assert.match(errors[0].message, message);
    });
  }

  it('refuses a body with nothing in it, one with too much and one with unknown keys', async () => {
    const { post } = makeBackfill();

    assert.equal((await post({})).status, 400);
    assert.equal((await post({ changes: [], incidents: [] })).status, 400);
    assert.equal((await post({ changes: Array(501).fill(change) })).status, 400);
    assert.equal((await post({ change: [change] })).status, 400);
  });

  it('reads bodies of up to 4 MiB', async () => {
    const { post } = makeBackfill();
    const long = { ...change, url: `https://x.example/${'u'.repeat(1900)}` };

    const good = await post({ changes: Array(500).fill(long) });
    const bad = await post({ changes: [{ ...change, url: 'u'.repeat(4 * 1024 * 1024) }] });

    assert.deepEqual([good.status, good.body.made, bad.status], [200, 500, 413]);
  });
});
