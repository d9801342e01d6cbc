import assert from 'node:assert/strict';
import { planWindows, type WindowsRequest } from '../../../src/analysis/backtest/plan-windows.ts';
import { makeRun, start } from '../../support/plans.ts';
import { day, hour, makeChange, makeNamedPlan, makeSubject, minute } from './past.ts';

function makeRequest(changes: Partial<WindowsRequest> = {}): WindowsRequest {
  return {
    kind: 'aa',
    from: start,
    to: start + 3 * hour,
    now: start + 30 * day,
    every: null,
    quiet: 2 * hour,
    offset: 0,
    subject: makeSubject(),
    plans: [makeNamedPlan()],
    objectTo: () => null,
    ...changes,
  };
}

const none = { changes: [], runs: new Map<string, never[]>() };

describe('planWindows', () => {
  it('lays windows end to end unless told otherwise, by the longest plan, an extension included', () => {
    const starts = (changes: Partial<WindowsRequest>) =>
      planWindows(makeRequest(changes), null).windows.map((window) => (window.start - start) / minute);

    assert.deepEqual(starts({}), [0, 30, 60, 90, 120, 150]);
    assert.deepEqual(starts({ every: hour }), [0, 60, 120]);
    assert.deepEqual(starts({ plans: [makeNamedPlan(), makeNamedPlan({ duration: '1h' })] }), [0, 60, 120]);
    assert.deepEqual(
      starts({ plans: [makeNamedPlan({ onInconclusive: 'extend', maxDuration: '90m' })] }),
      [0, 90],
    );
  });

  it('ends where data end', () => {
    const planned = planWindows(makeRequest({ now: start + hour }), null);

    assert.deepEqual(
      planned.windows.map((window) => window.start),
      [start],
    );
  });

  it('says how many windows were busy, and that this is not known without the ledger', () => {
    const past = { ...none, changes: [makeChange({ startedAt: start + 3 * hour, finishedAt: null })] };

    assert.equal(planWindows(makeRequest(), past).harmless?.busy, 1);
    assert.equal(planWindows(makeRequest(), past).windows.length, 5);
    assert.equal(planWindows(makeRequest(), null).harmless?.busy, null);
  });

  it('refuses an offset that is no multiple of a step', () => {
    assert.throws(() => planWindows(makeRequest({ offset: 90_000 }), null), /--offset: found 90s; .*web, 1m/);
    assert.equal(planWindows(makeRequest({ offset: day }), null).windows[0]?.offset, day);
  });

  it('judges the changes that began in the range, in order of time', () => {
    const changes = [
      makeChange({ id: 'late', startedAt: start + 2 * hour }),
      makeChange({ id: 'early', startedAt: start }),
      makeChange({ id: 'before', startedAt: start - 1 }),
      makeChange({ id: 'after', startedAt: start + 3 * hour }),
    ];

    const { windows, harmless, deploys } = planWindows(makeRequest({ kind: 'deploys' }), {
      ...none,
      changes,
    });

    assert.deepEqual(
      windows.map(({ changeId }) => changeId),
      ['early', 'late'],
    );
    assert.equal(harmless, null);
    assert.deepEqual(deploys?.skipped, []);
  });

  it('leaves out changes that cannot be judged, and says why', () => {
    const why = (changes: Partial<WindowsRequest>, runs = new Map()) => {
      const request = makeRequest({ kind: 'both', quiet: 0, ...changes });
      const planned = planWindows(request, { changes: [makeChange()], runs });
      return planned.deploys?.skipped.map((one) => one.why);
    };
    const same = new Map([['c1', [makeRun({ canary: { pod: 'a' }, baseline: { pod: 'a' } })]]]);

    assert.deepEqual(why({ objectTo: () => 'unknown variable' }), ['unknown variable']);
    assert.deepEqual(why({}, same), ['its canary and its baseline select the same']);
    const everything = makeSubject({ canary: {}, baseline: {} });
    assert.match(why({ subject: everything })?.[0] ?? '', /nothing else tells its arms apart/);
    const running = { from: start - 3 * hour, to: start + 10, now: start + 10 * minute };
    assert.deepEqual(why(running), ['its window is not over']);
  });

  it('refuses a request that leaves nothing to judge, with the reasons', () => {
    const busy = { ...none, changes: [makeChange()] };
    const says = (
      changes: Partial<WindowsRequest>,
      past: typeof busy | typeof none | null,
      message: RegExp,
    ) => assert.throws(() => planWindows(makeRequest(changes), past), message);

    says({ to: start + minute }, null, /no window of 30m fits between --from and --to/);
    says({ quiet: day }, busy, /each of 6 windows has a deploy in it or within 1d before \(--quiet\)/);
    says({ kind: 'deploys' }, none, /the ledger has no change in that range/);
    const pending = { ...none, changes: [makeChange({ outcome: 'pending' })] };
    says({ kind: 'deploys' }, pending, /no change can be judged again: what became of it is not known/);
  });
});
