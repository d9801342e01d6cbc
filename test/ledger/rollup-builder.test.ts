import assert from 'node:assert/strict';
import { SerinError } from '../../src/errors.ts';
import { createRollupBuilder } from '../../src/ledger/rollup-builder.ts';
import type { RollupStore } from '../../src/ledger/rollup-store.ts';

type Progress = Awaited<ReturnType<RollupStore['progress']>>;

function make({ live = false, rebuild = async () => {} }: { live?: boolean; rebuild?: () => Promise<void> }) {
  const state = { live, progress: null as Progress, begun: 0 };
  const build = createRollupBuilder({
    isLive: async () => state.live,
    progress: async () => state.progress,
    rebuild: async () => {
      state.begun += 1;
      await rebuild();
      return { cells: 0, changes: 0 };
    },
    check: () => Promise.reject(new Error('not asked')),
  });
  return { state, build };
}

describe('the builder of roll-ups', () => {
  it('builds where there are none, and only there', async () => {
    const lacking = make({});
    const complete = make({ live: true });
    await lacking.build();
    await complete.build();

    assert.deepEqual([lacking.state.begun, complete.state.begun], [1, 0]);
  });

  it('leaves alone what another process gets on with, and takes over what stands still', async () => {
    const { state, build } = make({});
    for (const through of [null, 1, 2]) {
      state.progress = { generation: 1, through };
      await build();
    }
    assert.equal(state.begun, 0);

    await build();
    assert.equal(state.begun, 1);
  });

  it('begins once, however often it is called while it builds', async () => {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const { state, build } = make({ rebuild: () => over });
    const first = build();
    while (state.begun === 0) await Promise.resolve();
    await build();
    assert.equal(state.begun, 1);

    end();
    await first;
    await build();
    assert.equal(state.begun, 2);
  });

  it('bears being overtaken, and tells any other failure', async () => {
    const refuse = (code: 'conflict' | 'store_unavailable') =>
      make({ rebuild: () => Promise.reject(new SerinError(code, 'no')) }).build();

    await refuse('conflict');
    await assert.rejects(refuse('store_unavailable'), /no/);
  });
});
