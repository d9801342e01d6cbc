import assert from 'node:assert/strict';
import { type ChangeReport, checkReport, eventsOfReport } from '../../src/ledger/change-report.ts';
import { epoch, hour } from './events.ts';

const now = epoch + 10 * hour;

function make(changes: Partial<ChangeReport> = {}): ChangeReport {
  return {
    source: 'github',
    externalId: '7',
    service: 'checkout',
    environment: 'production',
    targets: [],
    facts: {},
    ...changes,
  };
}

function told(changes: Partial<ChangeReport>) {
  return eventsOfReport(make(changes), now).map(({ type, at }) => [type, (at - epoch) / hour]);
}

describe('eventsOfReport(report, now)', () => {
  it('tells the start and the end at their own times', () => {
    assert.deepEqual(told({ facts: { startedAt: epoch + hour }, finishedAt: epoch + 2 * hour }), [
      ['reported', 2],
      ['started', 1],
      ['completed', 2],
    ]);
  });

  it('tells of now what has no time', () => {
    assert.deepEqual(told({}), [['reported', 10]]);
    assert.deepEqual(told({ outcome: 'succeeded' }), [
      ['reported', 10],
      ['completed', 10],
    ]);
  });

  it('makes an end of each outcome, and none of pending', () => {
    const finishedAt = epoch + hour;
    const end = (outcome: ChangeReport['outcome']) => told({ outcome, finishedAt }).at(-1)?.[0];

    assert.equal(end('succeeded'), 'completed');
    assert.equal(end('failed'), 'failed');
    assert.equal(end('abandoned'), 'cancelled');
    assert.equal(end('pending'), 'completed');
    assert.deepEqual(told({ outcome: 'pending' }), [['reported', 10]]);
  });

  it('tells it of each target once', () => {
    const events = eventsOfReport(make({ targets: ['eu', 'us', 'eu'], finishedAt: epoch }), now);

    assert.deepEqual(
      events.map((event) => [event.type, 'target' in event ? event.target : null]),
      [
        ['reported', 'eu'],
        ['completed', 'eu'],
        ['reported', 'us'],
        ['completed', 'us'],
      ],
    );
  });

  it('gives the same keys to the same report whenever it arrives, and others to another one', () => {
    const keys = (changes: Partial<ChangeReport>, at = now) =>
      eventsOfReport(make(changes), at).map(({ dedupeKey }) => dedupeKey);
    const report = { outcome: 'failed', facts: { version: 'v1', commit: 'abc' } } as const;

    assert.deepEqual(keys(report, now + hour), keys(report));
    assert.deepEqual(keys({ ...report, facts: { commit: 'abc', version: 'v1' } }), keys(report));
    for (const other of [
      { ...report, facts: { version: 'v2', commit: 'abc' } },
      { ...report, externalId: '8' },
      { ...report, failureClass: 'escaped' as const },
      { ...report, finishedAt: epoch },
      { ...report, targets: ['eu'] },
    ])
      assert.notDeepEqual(keys(other), keys(report));
  });
});

describe('checkReport(report, at, now)', () => {
  it('has nothing to say of a good one, nor of a clock five minutes ahead', () => {
    assert.deepEqual(checkReport(make({ facts: { startedAt: now + 300_000 } }), '', now), []);
  });

  const wrong: readonly (readonly [string, Partial<ChangeReport>, string, RegExp])[] = [
    ['an empty name', { externalId: '' }, 'externalId', /empty/],
    [
      'a start in the future',
      { facts: { startedAt: now + 300_001 } },
      'startedAt',
      /2026-11-02T10:05:00.001Z.*up to now/,
    ],
    ['a commit in the future', { facts: { committedAt: now + hour } }, 'committedAt', /up to now/],
    ['an end in the future', { finishedAt: now + hour }, 'finishedAt', /up to now/],
    ['a time that is none', { finishedAt: Number.NaN }, 'finishedAt', /whole milliseconds/],
    [
      'an end before the start',
      { finishedAt: epoch, facts: { startedAt: epoch + 1 } },
      'finishedAt',
      /before startedAt/,
    ],
    [
      'an unknown outcome',
      { outcome: 'fine' as 'failed' },
      'outcome',
      /"fine"; allowed are pending, succeeded/,
    ],
    [
      'an unknown kind',
      { facts: { kind: 'odd' as 'normal' } },
      'kind',
      /"odd"; allowed are normal, rollback, hotfix/,
    ],
    ['an unknown class', { outcome: 'failed', failureClass: 'sad' as 'escaped' }, 'failureClass', /"sad"/],
    [
      'a class without a failure',
      { outcome: 'succeeded', failureClass: 'escaped' },
      'failureClass',
      /only a failed/,
    ],
    ['a script for an address', { facts: { url: 'javascript:alert(1)' } }, 'url', /http and https/],
  ];
  for (const [what, changes, path, message] of wrong)
    it(`refuses ${what} at ${path}`, () => {
      const [issue, ...others] = checkReport(make(changes), '[2].', now);

      assert.deepEqual([issue?.path, others], [`[2].${path}`, []]);
      assert.match(issue?.message ?? '', message);
    });
});
