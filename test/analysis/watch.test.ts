import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Run } from '../../src/analysis/run.ts';
import { createRunEvents } from '../../src/analysis/run-events.ts';
import { conclude } from '../../src/analysis/transitions.ts';
import { waitFor, watch } from '../../src/analysis/watch.ts';
import { makeRun, start } from '../support/plans.ts';

function setUp(recheckMs = 60_000) {
  let stored: Run = makeRun();
  const events = createRunEvents();
  const deps = { events, find: async () => stored, recheckMs };
  const change = (run: Run, tell = true): void => {
    stored = run;
    if (tell) events.emit({ type: run.phase === 'concluded' ? 'concluded' : 'look', run });
  };
  return { deps, change };
}

const looked = makeRun({ looks: 1, phase: 'running' });
const over = conclude({ ...looked, looks: 2 }, 'pass', 'fine', start);

describe('watch', () => {
  it('yields looks and the conclusion of the run it watches, then ends', async () => {
    const { deps, change } = setUp();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of watch(deps, looked.id, new AbortController().signal)) {
        seen.push(`${event.type} ${event.run.looks}`);
        if (event.type === 'look') setImmediate(() => change(over));
      }
    })();
    setImmediate(() => change(looked));
    await watching;
    assert.deepEqual(seen, ['look 1', 'concluded 2']);
  });

  it('yields a run that is over once', async () => {
    const { deps, change } = setUp();
    change(over);
    const seen: string[] = [];
    for await (const event of watch(deps, over.id, new AbortController().signal)) seen.push(event.type);
    assert.deepEqual(seen, ['concluded']);
  });

  it('sees what another process wrote at the next recheck', async () => {
    const { deps, change } = setUp(5);
    setImmediate(() => change(over, false));
    const run = await waitFor(deps, looked.id, 5_000, new AbortController().signal);
    assert.equal(run.verdict, 'pass');
  });

  it('ends when nobody listens any more', async () => {
    const { deps } = setUp();
    const gone = new AbortController();
    setImmediate(() => gone.abort());
    const run = await waitFor(deps, looked.id, 60_000, gone.signal);
    assert.equal(run.verdict, 'running');
  });

  it('answers as it is when the time is over', async () => {
    const { deps, change } = setUp();
    setImmediate(() => change(looked));
    assert.equal((await waitFor(deps, looked.id, 20, new AbortController().signal)).looks, 1);
    assert.equal((await waitFor(deps, looked.id, 0, new AbortController().signal)).looks, 1);
  });

  it('ends in time although the garbage is collected meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { deps } = setUp();
    const timer = setInterval(collect, 5);
    const waits = Array.from({ length: 5 }, () => waitFor(deps, looked.id, 60, new AbortController().signal));
    const ended = await Promise.all(waits).finally(() => clearInterval(timer));
    assert.equal(ended.length, 5);
  });
});
