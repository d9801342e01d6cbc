import assert from 'node:assert/strict';
import type { Channel, Delivery } from '../../src/notify/channel.ts';
import { createDispatcher, type Dispatcher, type DispatcherDeps } from '../../src/notify/dispatcher.ts';
import type { OutboxMessage, OutboxStore } from '../../src/notify/outbox-store.ts';
import { createOutboxStore } from '../../src/store/outbox-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeMessage } from '../support/outbox.ts';
import { newSignal } from '../support/signal.ts';

const delivered: Delivery = { outcome: 'delivered' };

for (const { name, open } of databases) {
  describe(`the dispatcher on ${name}`, () => {
    let test: TestDatabase;
    let outbox: OutboxStore;
    let now: number;
    let sent: OutboxMessage[];
    let told: string[];
    before(async () => {
      test = await open();
      outbox = createOutboxStore(test.database);
    });
    beforeEach(async () => {
      await test.database.run((sql) => sql('outbox_messages').del());
      [now, sent, told] = [1_000, [], []];
    });
    after(() => test.close());

    /** A dispatcher whose channel gives these answers, one after the other; the last one for ever. */
    function dispatch(
      answers: readonly (Delivery | Error)[],
      changes: Partial<DispatcherDeps> = {},
    ): Dispatcher {
      let count = 0;
      const channel: Channel = {
        send: async (message) => {
          sent.push(message);
          const answer = answers[Math.min(count, answers.length - 1)] ?? delivered;
          count += 1;
          if (answer instanceof Error) throw answer;
          return answer;
        },
      };
      return createDispatcher({
        outbox,
        findChannel: (one) => (one === 'test' ? channel : null),
        observer: {
          attempted: (one, outcome) => told.push(`${one} ${outcome}`),
          died: (_message, reason) => told.push(`died: ${reason}`),
        },
        onError: (error, doing) => told.push(`${doing.split(' ')[0]}: ${(error as Error).message}`),
        now: () => now,
        random: () => 0,
        concurrency: 4,
        leaseMs: 60_000,
        sendMs: 5_000,
        ...changes,
      });
    }

    async function run(dispatcher: Dispatcher, at = now): Promise<void> {
      now = at;
      await dispatcher.tick();
      await dispatcher.idle();
    }

    it('delivers what is due, once', async () => {
      await outbox.add(makeMessage({ payload: { n: 1 } }), 0);
      const dispatcher = dispatch([delivered]);

      await run(dispatcher);
      await run(dispatcher, 1e9);

      assert.deepEqual(
        sent.map(({ payload }) => payload),
        [{ n: 1 }],
      );
      assert.deepEqual(told, ['test delivered']);
      assert.deepEqual(await outbox.census(), { waiting: 0, delivered: 1, dead: 0 });
    });

    it('tries again after growing pauses until it is delivered', async () => {
      await outbox.add(makeMessage(), 0);
      const dispatcher = dispatch([
        { outcome: 'retry', reason: 'answered 503' },
        { outcome: 'retry', reason: 'answered 503' },
        delivered,
      ]);

      for (const at of [1_000, 1_999, 2_000, 3_999, 4_000]) await run(dispatcher, at);

      assert.deepEqual(
        sent.map(({ attempts }) => attempts),
        [1, 2, 3],
      );
      assert.deepEqual(told, ['test retried', 'test retried', 'test delivered']);
    });

    it('comes back no sooner than the receiver asked for', async () => {
      await outbox.add(makeMessage(), 0);
      const dispatcher = dispatch([{ outcome: 'retry', reason: 'slow down', retryAfter: 30_000 }, delivered]);

      for (const at of [1_000, 30_999]) await run(dispatcher, at);
      assert.equal(sent.length, 1);
      await run(dispatcher, 31_000);
      assert.equal(sent.length, 2);
    });

    it('gives up what is refused, keeps it, and says so', async () => {
      await outbox.add(makeMessage(), 0);
      const dispatcher = dispatch([{ outcome: 'refused', reason: 'the repository is gone' }]);

      await run(dispatcher);
      await run(dispatcher, 1e9);

      assert.deepEqual(told, ['test refused', 'died: the repository is gone']);
      assert.deepEqual(await outbox.census(), { waiting: 0, delivered: 0, dead: 1 });
    });

    it('gives up where the next attempt would come after the time of the message', async () => {
      await outbox.add(makeMessage({ expiresAt: 3_500 }), 0);
      const dispatcher = dispatch([{ outcome: 'retry', reason: 'answered 503' }]);

      await run(dispatcher);
      await run(dispatcher, 2_000);

      assert.deepEqual(told, [
        'test retried',
        'test expired',
        'died: given up after 2 attempts: answered 503',
      ]);
    });

    it('does not send what nobody came to send in time', async () => {
      await outbox.add(makeMessage({ expiresAt: 1_000 }), 0);

      await run(dispatch([delivered]));

      assert.deepEqual(sent, []);
      assert.equal(told[0], 'test expired');
    });

    it('takes what a channel throws for a failure that may pass, and says it', async () => {
      await outbox.add(makeMessage(), 0);
      const dispatcher = dispatch([new Error('socket hang up'), delivered]);

      await run(dispatcher);
      await run(dispatcher, 2_000);

      assert.deepEqual(told, ['send: socket hang up', 'test retried', 'test delivered']);
      assert.equal(sent[1]?.lastError, 'socket hang up');
    });

    it('keeps messages of a channel that is not configured, until it is', async () => {
      await outbox.add(makeMessage({ channel: 'slack' }), 0);

      await run(dispatch([delivered]));

      assert.deepEqual(told, ['slack retried']);
      assert.deepEqual(await outbox.census(), { waiting: 1, delivered: 0, dead: 0 });
    });

    it('sends no more at once than it may', async () => {
      for (let count = 0; count < 7; count += 1) await outbox.add(makeMessage(), 0);
      const gate = newSignal();
      let most = 0;
      let active = 0;
      const channel: Channel = {
        send: async () => {
          active += 1;
          most = Math.max(most, active);
          await gate.given;
          active -= 1;
          return delivered;
        },
      };
      const dispatcher = dispatch([], { findChannel: () => channel });

      await dispatcher.tick();
      await dispatcher.tick();
      gate.give();
      await dispatcher.idle();
      await run(dispatcher);

      assert.equal(most, 4);
      assert.equal((await outbox.census()).delivered, 7);
    });

    it('aborts what takes too long and tries again', async () => {
      await outbox.add(makeMessage(), 0);
      const channel: Channel = {
        send: (_message, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('aborted')));
          }),
      };

      await run(dispatch([], { findChannel: () => channel, sendMs: 5 }));

      assert.deepEqual(told, ['test retried']);
      const [again] = await outbox.claimDue(2_000, 1, 1);
      assert.equal(again?.message.lastError, 'no answer in time');
    });

    it('aborts what is under way after the grace when it is stopped, so that another may send it at once', async () => {
      await outbox.add(makeMessage(), 0);
      const begun = newSignal();
      const channel: Channel = {
        send: (_message, signal) =>
          new Promise((_resolve, reject) => {
            begun.give();
            signal.addEventListener('abort', () => reject(new Error('aborted')));
          }),
      };
      const dispatcher = dispatch([], { findChannel: () => channel });
      await dispatcher.tick();
      await begun.given;

      await dispatcher.stop(1);
      await dispatcher.tick();

      const [again] = await outbox.claimDue(now, 1, 60_000);
      assert.equal(again?.message.lastError, 'Serin was stopped');
    });

    it('says that it lost a message which another took over meanwhile, and writes nothing', async () => {
      await outbox.add(makeMessage(), 0);
      const channel: Channel = {
        send: async () => {
          await test.database.run((sql) => sql('outbox_messages').update({ lease_token: 'another' }));
          return delivered;
        },
      };

      await run(dispatch([], { findChannel: () => channel }));

      assert.deepEqual(told, ['test lost']);
      assert.deepEqual(await outbox.census(), { waiting: 1, delivered: 0, dead: 0 });
    });

    it('survives an outbox that is away', async () => {
      const away: OutboxStore = { ...outbox, claimDue: () => Promise.reject(new Error('away')) };
      const dispatcher = dispatch([delivered], { outbox: away });

      await run(dispatcher);
      await run(dispatcher);

      assert.deepEqual(told, ['claim: away', 'claim: away']);
    });
  });
}
