import assert from 'node:assert/strict';
import { hasCode } from '../src/errors.ts';
import { createJudgePool, type JudgePool } from '../src/judge-pool.ts';
import { judgeText } from '../src/judge-text.ts';
import { noisy } from './judge/inputs.ts';

function textOf(seed: number, steps = 30, looks = 'last'): string {
  return JSON.stringify({
    plan: { metrics: [{ name: 'latency', kind: 'gauge' }] },
    stepSeconds: 60,
    looks,
    samples: {
      latency: { canary: noisy(seed, 100, 0.1, steps), baseline: noisy(seed + 1, 100, 0.1, steps) },
    },
  });
}

/** A task that keeps a thread at work for as long as the others take to be sent. */
const long = { text: textOf(1, 600, 'each'), looks: null };
const short = { text: textOf(3), looks: null };

describe('a pool of threads that judge', function () {
  this.timeout(30_000);
  const pools: JudgePool[] = [];
  const makePool = (options: Partial<Parameters<typeof createJudgePool>[0]> = {}): JudgePool => {
    const pool = createJudgePool({ threads: 1, ahead: 1, waiting: 10, ...options });
    pools.push(pool);
    return pool;
  };
  afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

  it('answers as this thread would, whatever the number of threads', async () => {
    const tasks = Array.from({ length: 12 }, (_, seed) => ({ text: textOf(seed), looks: null }));
    const pool = makePool({ threads: 3, ahead: 2, waiting: 100 });

    const replies = await Promise.all([...tasks, { text: '{', looks: null }].map((task) => pool.judge(task)));

    assert.deepEqual(replies, [...tasks, { text: '{', looks: null }].map(judgeText));
    assert.equal(replies.at(-1)?.kind, 'refused');
  });

  it('leaves this thread free meanwhile', async () => {
    const events: string[] = [];

    const judged = makePool()
      .judge(long)
      .then(() => events.push('judged'));
    const ticks = new Promise<void>((resolve) => {
      const tick = setInterval(() => {
        events.push('tick');
        if (events.length < 5) return;
        clearInterval(tick);
        resolve();
      }, 1);
    });
    await Promise.all([judged, ticks]);

    assert.equal(events[0], 'tick');
  });

  it('refuses more than may wait, and takes on again when there is room', async () => {
    const pool = makePool({ waiting: 1 });

    const under = [pool.judge(long), pool.judge(short)];
    await assert.rejects(pool.judge(short), (error) => hasCode(error, 'overloaded'));
    await Promise.all(under);

    assert.equal((await pool.judge(short)).kind, 'judged');
  });

  it('lets go of one that waits when its caller leaves, not of one that is judged', async () => {
    const pool = makePool();
    const [gone, here] = [new AbortController(), new AbortController()];

    const judged = pool.judge(long, here.signal);
    const waiting = pool.judge(short, gone.signal);
    const after = pool.judge(short);
    gone.abort();
    here.abort();

    await assert.rejects(waiting, (error) => hasCode(error, 'shutting_down'));
    assert.deepEqual([(await judged).kind, (await after).kind], ['judged', 'judged']);
    await assert.rejects(pool.judge(short, gone.signal), (error) => hasCode(error, 'shutting_down'));
  });

  it('refuses what is under way and what comes later when it is closed', async () => {
    const pool = makePool();
    const under = [pool.judge(long), pool.judge(short)].map((reply) =>
      assert.rejects(reply, (error) => hasCode(error, 'shutting_down')),
    );

    await pool.close();

    await Promise.all(under);
    await assert.rejects(pool.judge(short), (error) => hasCode(error, 'shutting_down'));
  });

  it('tells the task that a thread died of, and judges the others in another thread', async () => {
    const pool = makePool({ ahead: 3 });
    // Nothing that can be a task: the thread ends by the error it raises.
    const deadly = { text: { toString: 1 }, looks: null } as unknown as typeof short;
    const undone = null as unknown as typeof short;

    const [broken, odd, judged] = await Promise.all([
      pool.judge(undone),
      pool.judge(deadly),
      pool.judge(short),
    ]);

    assert.equal(broken.kind, 'broken');
    assert.match(broken.kind === 'broken' ? broken.message : '', /Cannot destructure/);
    assert.equal(odd.kind, 'broken');
    assert.equal(judged.kind, 'judged');
  });

  it('says that something broke where a body does what nobody foresaw', () => {
    const reply = judgeText({ text: 7 as unknown as string, looks: null });

    assert.equal(reply.kind, 'broken');
    assert.match(reply.kind === 'broken' ? reply.stack : '', /judge-text|json-text/);
  });

  it('keeps the samples of one body apart from those of another', async () => {
    const pool = makePool({ threads: 2, ahead: 8 });
    const tasks = Array.from({ length: 20 }, (_, index) => ({
      text: textOf(index % 2 === 0 ? 5 : 50),
      looks: null,
    }));

    const replies = await Promise.all(tasks.map((task) => pool.judge(task)));

    assert.deepEqual(new Set(replies.map((reply) => (reply.kind === 'judged' ? reply.text : ''))).size, 2);
  });
});
