import assert from 'node:assert/strict';
import { planDeploys } from '../../../src/analysis/backtest/deploys.ts';
import { readChanges, readRuns } from '../../../src/analysis/backtest/past-changes.ts';
import type { Change } from '../../../src/ledger/change.ts';
import { makeRun, start } from '../../support/plans.ts';
import { hour, makeChange, minute } from './past.ts';

const scopes = { canary: { track: 'canary' }, baseline: { track: 'stable' } };
const none = new Map<string, never[]>();

describe('planDeploys', () => {
  it('judges a change in the windows and with the arms of its own analyses, each once', () => {
    const runs = [
      makeRun({ id: 'r2', start: start + 40 * minute, canary: { pod: 'b' }, baseline: { pod: 'a' } }),
      makeRun({ id: 'r1', start: start + 5 * minute, canary: { pod: 'b' }, baseline: { pod: 'a' } }),
      makeRun({ id: 'r3', start: start + 5 * minute, canary: { pod: 'b' }, baseline: { pod: 'a' } }),
    ];

    const { deploys, skipped } = planDeploys([makeChange()], new Map([['c1', runs]]), scopes);

    assert.deepEqual(skipped, []);
    assert.deepEqual(
      deploys[0]?.windows.map((window) => [window.start - start, window.subject.canary, window.changeId]),
      [
        [5 * minute, { pod: 'b' }, 'c1'],
        [40 * minute, { pod: 'b' }, 'c1'],
      ],
    );
  });

  it('judges one without a kept analysis from its start, with the arms given', () => {
    const change = makeChange({ targets: ['eu', 'us'], outcome: 'failed', failureClass: 'escaped' });

    const { deploys } = planDeploys([change], none, scopes);

    assert.equal(deploys[0]?.harmful, true);
    assert.deepEqual(deploys[0]?.windows, [
      {
        start,
        subject: { service: 'checkout', environment: 'production', target: 'eu', version: 'v2', ...scopes },
        offset: 0,
        rolloutEnd: null,
        changeId: 'c1',
      },
    ]);
  });

  it('says why the others are not judged', () => {
    const changes: readonly (readonly [Partial<Change>, RegExp])[] = [
      [{ outcome: 'pending' }, /not known \(pending\)/],
      [{ outcome: 'abandoned' }, /not known \(abandoned\)/],
      [{ outcome: 'failed', failureClass: 'failed_to_deploy' }, /no user met it/],
      [{ startedAt: null }, /nobody told when it began/],
    ];
    for (const [given, why] of changes) {
      const { deploys, skipped } = planDeploys([makeChange(given)], none, scopes);
      assert.deepEqual(deploys, []);
      assert.match(skipped[0]?.why ?? '', why);
    }
    const { skipped } = planDeploys([makeChange()], none, null);
    assert.match(skipped[0]?.why ?? '', /nothing else tells its arms apart/);
  });

  it('ends a window with the attempt that was under way', () => {
    const attempts: Change['attempts'] = [
      { startedAt: start, endedAt: start + 10 * minute, result: 'aborted' },
      { startedAt: start + hour, endedAt: start + 2 * hour, result: 'completed' },
    ];
    const windowAt = (at: number) => {
      const runs = new Map([['c1', [makeRun({ start: at })]]]);
      return planDeploys([makeChange({ attempts })], runs, null).deploys[0]?.windows[0]?.rolloutEnd;
    };

    assert.deepEqual(windowAt(start + minute), { how: 'aborted', at: start + 10 * minute });
    assert.deepEqual(windowAt(start + hour), { how: 'completed', at: start + 2 * hour });
    assert.equal(windowAt(start + 3 * hour), null);
    assert.equal(windowAt(start - minute), null);
    const open = [{ startedAt: start, endedAt: null, result: 'open' as const }];
    const { deploys } = planDeploys([makeChange({ attempts: open })], none, scopes);
    assert.equal(deploys[0]?.windows[0]?.rolloutEnd, null);
  });

  it('knows the changes that the judge itself had stopped, unless a person bore witness', () => {
    const caught = { outcome: 'failed', failureClass: 'caught_in_canary' } as const;
    const controller = { method: 'controller', confidence: 1 } as const;
    const failing = [makeRun({ judgedVerdict: 'fail' })];
    const told = (change: Partial<Change>, runs: ReturnType<typeof makeRun>[]) =>
      planDeploys([makeChange(change)], new Map([['c1', runs]]), scopes).deploys[0]?.toldByJudge;

    assert.equal(told({ ...caught, attribution: { method: 'verdict', confidence: 0.9 } }, []), true);
    assert.equal(told({ ...caught, attribution: controller }, failing), true);
    assert.equal(told({ ...caught, attribution: controller }, [makeRun({ judgedVerdict: 'pass' })]), false);
    assert.equal(
      told({ ...caught, attribution: controller }, [makeRun({ judgedVerdict: 'fail', dryRun: true })]),
      false,
    );
    assert.equal(told({ ...caught, attribution: { method: 'manual', confidence: 1 } }, failing), false);
    assert.equal(told({ outcome: 'failed', failureClass: 'escaped' }, failing), false);
  });
});

describe('the past of a service', () => {
  it('is read page by page, oldest first', async () => {
    const all = Array.from({ length: 5 }, (_, index) => makeChange({ id: `c${index}` }));
    const asked: unknown[] = [];
    const ledger = {
      list: async (filter: object, _limit: number, cursor: string | null) => {
        asked.push(filter);
        const from = Number(cursor ?? 0);
        return { items: all.slice(from, from + 2), nextCursor: from + 2 < 5 ? String(from + 2) : null };
      },
    };

    const changes = await readChanges(ledger, 'checkout', 'production');

    assert.deepEqual(
      changes.map(({ id }) => id),
      ['c4', 'c3', 'c2', 'c1', 'c0'],
    );
    assert.deepEqual(asked, new Array(3).fill({ service: 'checkout', environment: 'production' }));
  });

  it('has the analyses that are still kept', async () => {
    const runs = { find: async (id: string) => (id === 'gone' ? null : makeRun({ id })) };

    const found = await readRuns(runs, [
      makeChange({ analysisIds: ['a', 'gone', 'b'] }),
      makeChange({ id: 'c2', analysisIds: ['gone'] }),
    ]);

    assert.deepEqual(
      [...found].map(([id, kept]) => [id, kept.map((run) => run.id)]),
      [['c1', ['a', 'b']]],
    );
  });
});
