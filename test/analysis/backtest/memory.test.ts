import assert from 'node:assert/strict';
import { createGate, createMemory } from '../../../src/analysis/backtest/memory.ts';
import { newSignal } from '../../support/signal.ts';

describe('createGate', () => {
  it('lets no more tasks run at once than said, each in its turn, failing ones too', async () => {
    const through = createGate(2);
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const task = (number: number) => async () => {
      running += 1;
      most = Math.max(most, running);
      order.push(number);
      await new Promise(setImmediate);
      running -= 1;
      if (number === 1) throw new Error('one');
      return number;
    };

    const results = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => through(task(number))));

    assert.equal(most, 2);
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
    );
  });
});

describe('createMemory', () => {
  const asking = () => {
    const asked: string[] = [];
    const remember = createMemory<number[]>(5, (answer) => answer.length);
    const get = (key: string, answer: number[]) =>
      remember(key, async () => {
        asked.push(key);
        return answer;
      });
    return { asked, get };
  };

  it('asks once, also for what is still being answered', async () => {
    const remember = createMemory<number>(5, () => 1);
    const signal = newSignal();
    let asked = 0;
    const ask = async () => {
      asked += 1;
      await signal.given;
      return 7;
    };

    const both = [remember('a', ask), remember('a', ask)];
    signal.give();

    assert.deepEqual(await Promise.all(both), [7, 7]);
    assert.equal(await remember('a', ask), 7);
    assert.equal(asked, 1);
  });

  it('forgets the oldest when it holds too much, never the newest', async () => {
    const { asked, get } = asking();
    await get('a', [1, 2, 3]);
    await get('b', [1, 2]);
    await get('a', []);
    await get('c', [1]);
    assert.deepEqual(asked, ['a', 'b', 'c']);
    await get('b', []);
    assert.deepEqual(asked, ['a', 'b', 'c']);
    await get('a', [1, 2, 3, 4, 5, 6, 7]);
    await get('a', []);
    assert.deepEqual(asked, ['a', 'b', 'c', 'a']);
  });

  it('asks again for what failed', async () => {
    const remember = createMemory<number>(5, () => 1);
    await assert.rejects(
      remember('a', () => Promise.reject(new Error('away'))),
      /away/,
    );
    assert.equal(await remember('a', async () => 1), 1);
  });
});
