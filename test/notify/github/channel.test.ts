import assert from 'node:assert/strict';
import type { Channel } from '../../../src/notify/channel.ts';
import { githubSchema } from '../../../src/notify/config.ts';
import { createGithubChannel } from '../../../src/notify/github/index.ts';
import type { OutboxMessage } from '../../../src/notify/outbox-store.ts';
import { appId, appKey, type GithubDouble, startGithub } from '../../support/github-double.ts';
import { takeGateMessage } from '../../support/github-messages.ts';

const hour = 3_600_000;
const nothingThere = { status: 404, body: { message: 'Not Found' } };

describe('the channel to GitHub', () => {
  let github: GithubDouble;
  let now: number;
  let channel: Channel;
  beforeEach(async () => {
    github = await startGithub();
    now = Date.now();
    channel = makeChannel();
  });
  afterEach(() => github.close());

  function makeChannel(claimed: string[] = []): Channel {
    const config = githubSchema.parse({ appId, privateKey: appKey, apiUrl: github.url });
    return createGithubChannel(config, {
      now: () => now,
      publicUrl: 'https://serin.example',
      claimAttempt: async (id) => {
        if (claimed.includes(id)) return false;
        claimed.push(id);
        return true;
      },
    });
  }

  const send = (message: OutboxMessage) => channel.send(message, new AbortController().signal);
  /** A message that was added just now. */
  const fresh = (changes: Parameters<typeof takeGateMessage>[0] = {}, message: Partial<OutboxMessage> = {}) =>
    takeGateMessage(changes, { createdAt: now, ...message });
  const rejected = {
    allowed: false,
    decision: 'restrict',
    verdict: 'fail',
    reasons: ['worse'],
    analysisId: 'a1',
  } as const;

  describe('answering', () => {
    it('approves and rejects, with the comment', async () => {
      assert.deepEqual(await send(fresh()), { outcome: 'delivered' });
      assert.deepEqual(
        github.answers.map(({ key, state }) => [key, state]),
        [['7301/production', 'approved']],
      );
      const data = { ...(fresh().payload as { data: object }).data, runId: 7302 };
      await send(fresh({ answer: rejected, data }));
      assert.equal(github.answers[1]?.state, 'rejected');
    });

    it('reports progress without a state', async () => {
      assert.deepEqual(await send(fresh({ kind: 'progress' })), { outcome: 'delivered' });
      assert.equal(github.taken('progress').length, 1);
      assert.deepEqual(github.answers, []);
    });

    it('takes its own answer that it finds for delivered, when it was sent before and nobody noted it', async () => {
      await send(fresh());
      assert.deepEqual(await send(fresh({}, { attempts: 2 })), { outcome: 'delivered' });
      assert.equal(github.answers.length, 1);
    });

    it('tries again while nothing waits there yet', async () => {
      github.force(7301, nothingThere);
      const delivery = await send(fresh());
      assert.equal(delivery.outcome, 'retry');
      assert.match(delivery.outcome === 'retry' ? delivery.reason : '', /GitHub answered 404: Not Found/);
    });

    it('gives up two minutes later, also on an answer that somebody else gave', async () => {
      github.answers.push({ key: '7301/production', state: 'rejected', comment: 'no' });
      assert.equal((await send(fresh())).outcome, 'retry');
      const delivery = await send(fresh({}, { createdAt: now - 120_000 }));
      assert.equal(delivery.outcome, 'refused');
      assert.match(
        delivery.outcome === 'refused' ? delivery.reason : '',
        /422.*waits for this environment no more/,
      );
    });

    it('tries again on failures that pass, when GitHub says', async () => {
      github.force(
        7301,
        { status: 502, body: { message: 'Bad Gateway' } },
        { status: 429, body: { message: 'slow down' }, headers: { 'retry-after': '30' } },
        {
          status: 403,
          body: { message: 'rate limit' },
          headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(now / 1000) + 60) },
        },
        { status: 403, body: { message: 'Resource not accessible by integration' } },
      );
      const waits = [];
      for (let times = 0; times < 4; times += 1) {
        const delivery = await send(fresh());
        assert.equal(delivery.outcome, 'retry');
        waits.push(delivery.outcome === 'retry' ? delivery.retryAfter : null);
      }
      assert.deepEqual([waits[0], waits[1], waits[3]], [undefined, 30_000, undefined]);
      assert.ok((waits[2] ?? 0) >= 60_000 && (waits[2] ?? 0) <= 61_000, `${waits[2]}`);
    });

    it('tries again when GitHub cannot be reached, and says nothing secret', async () => {
      await github.close();
      const delivery = await send(fresh());
      assert.equal(delivery.outcome, 'retry');
      assert.doesNotMatch(JSON.stringify(delivery), /ghs_|BEGIN|eyJ/);
      github = await startGithub();
    });

    it('finds the installation where the event did not say it', async () => {
      const data = { ...(fresh().payload as { data: object }).data, installationId: null };
      assert.deepEqual(await send(fresh({ data })), { outcome: 'delivered' });
    });
  });

  describe('tokens', () => {
    it('are of one repository, may do what is needed, and are used until five minutes before their end', async () => {
      await send(fresh({ kind: 'progress' }));
      await send(fresh({ kind: 'progress' }));
      now += hour - 301_000;
      await send(fresh({ kind: 'progress' }));
      assert.deepEqual(github.tokens(), [
        { repositories: [88], permissions: { actions: 'read', deployments: 'write' } },
      ]);
      now += 2_000;
      await send(fresh({ kind: 'progress' }));
      assert.equal(github.tokens().length, 2);
    });

    it('that were taken back are replaced', async () => {
      await send(fresh({ kind: 'progress' }));
      github.revoke();
      assert.equal((await send(fresh())).outcome, 'retry');
      assert.deepEqual(await send(fresh()), { outcome: 'delivered' });
    });
  });

  describe('the verdict beside the commit', () => {
    const answers = [
      ['pass', true, 'success', 'success'],
      ['fail', false, 'failure', 'failure'],
      ['inconclusive', false, 'error', 'action_required'],
      ['inconclusive', true, 'error', 'action_required'],
      [null, false, 'error', 'action_required'],
    ] as const;
    for (const [verdict, allowed, state, conclusion] of answers)
      it(`of ${verdict}, ${allowed ? 'let through' : 'refused'}, is ${state} and ${conclusion}`, async () => {
        const answer = { ...rejected, verdict, allowed };
        assert.deepEqual(await send(fresh({ kind: 'report', report: 'status', answer })), {
          outcome: 'delivered',
        });
        assert.deepEqual(await send(fresh({ kind: 'report', report: 'check', answer })), {
          outcome: 'delivered',
        });
        assert.equal(github.statuses[0]?.['state'], state);
        assert.equal(github.checks[0]?.['conclusion'], conclusion);
      });

    it('is named after service and environment, and leads to the analysis', async () => {
      await send(fresh({ kind: 'report', report: 'status' }));
      const { context, target_url: link } = github.statuses[0] ?? {};
      assert.deepEqual([context, link], ['serin/checkout/production', 'https://serin.example/analyses/a1']);
      assert.deepEqual(github.tokens()[0]?.permissions, { statuses: 'write' });
    });

    it('keeps to the length that GitHub takes', async () => {
      const answer = { ...rejected, reasons: ['x'.repeat(500)] };
      await send(fresh({ kind: 'report', report: 'status', answer }));
      assert.equal(String(github.statuses[0]?.['description']).length, 140);
    });

    it('is left once as a check, however often it is sent', async () => {
      await send(fresh({ kind: 'report', report: 'check' }));
      await send(fresh({ kind: 'report', report: 'check' }, { attempts: 2 }));
      await send(fresh({ kind: 'report', report: 'check', gateId: 'g2' }, { attempts: 2 }));
      assert.deepEqual(
        github.checks.map((check) => check['external_id']),
        ['g1', 'g2'],
      );
    });
  });

  describe('deliveries that were missed', () => {
    const at = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
    const delivery = (id: number, guid: string, status: number, minutes = 10) => ({
      id,
      guid,
      status_code: status,
      delivered_at: at(minutes),
      event: 'deployment_protection_rule',
    });

    it('are asked for again: those nobody took, the last try of each, oldest first', async () => {
      github.listDeliveries([
        delivery(1, 'taken', 202),
        delivery(2, 'later-taken', 502, 20),
        delivery(3, 'later-taken', 202, 10),
        delivery(4, 'down', 502, 9),
        delivery(5, 'down', 0, 4),
        delivery(6, 'no-database', 503, 30),
        delivery(7, 'bad', 400),
        delivery(8, 'elsewhere', 403),
        delivery(9, 'wrong-secret', 401, 3),
        delivery(10, 'long-ago', 502, 25 * 60),
      ]);
      await channel.sweep?.();
      assert.deepEqual(github.redelivered, [6, 5, 9]);
    });

    it('are given up after four tries', async () => {
      github.listDeliveries([1, 2, 3, 4].map((id) => delivery(id, 'hopeless', 502, 20 - id)));
      await channel.sweep?.();
      assert.deepEqual(github.redelivered, []);
    });

    it('are asked for by one process alone, at most twenty at a time and every five minutes', async () => {
      const claimed: string[] = [];
      const [first, second] = [makeChannel(claimed), makeChannel(claimed)];
      github.listDeliveries(Array.from({ length: 30 }, (_, id) => delivery(id, `d${id}`, 502, 40 - id)));
      await first.sweep?.();
      await second.sweep?.();
      assert.equal(github.redelivered.length, 20);
      now += 299_000;
      await first.sweep?.();
      assert.equal(github.calls.filter(({ path }) => path.startsWith('/app/hook/deliveries?')).length, 2);
      now += 1_000;
      await first.sweep?.();
      assert.equal(github.calls.filter(({ path }) => path.startsWith('/app/hook/deliveries?')).length, 3);
    });

    it('that cannot be looked through are an error without a secret', async () => {
      await github.close();
      await assert.rejects(async () => channel.sweep?.(), /could not be looked through: no answer/);
      github = await startGithub();
    });
  });
});
