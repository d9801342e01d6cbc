import assert from 'node:assert/strict';
import request from 'supertest';
import { SerinError } from '../../src/errors.ts';
import { makeApi, makeTimers } from '../support/api.ts';
import { start } from '../support/plans.ts';
import { newSignal } from '../support/signal.ts';

const path = '/v1/hooks/argo-rollouts/events';
const at = '2026-01-01T00:00:00Z';

/** The body that the notification templates send, full. */
function makeBody(changes: object = {}, rollout: object = {}): Record<string, unknown> {
  return {
    event: 'rollout-aborted',
    outcome: 'aborted',
    sentAt: at,
    rollout: {
      namespace: 'shop',
      name: 'checkout',
      uid: 'u1',
      generation: 12,
      revision: '7',
      labels: { 'app.kubernetes.io/version': 'v1.8', team: '' },
      strategy: 'canary',
      images: [
        { name: 'app', image: 'registry.example:5000/shop/checkout:v1.8.0' },
        { name: 'proxy', image: 'envoy:1' },
      ],
      ...rollout,
    },
    statusBeforeThisEvent: {
      currentPodHash: '6d4',
      stableRS: '',
      currentStepIndex: 1,
      phase: 'Progressing',
      message: '',
    },
    analysisRuns: [
      { name: 'checkout-7-2', uid: 'a', phase: 'Successful', message: '', type: 'Step' },
      {
        name: 'checkout-7-1',
        uid: 'b',
        phase: 'Failed',
        message: 'metric "canary-verdict" failed',
        type: 'Step',
      },
    ],
    ...changes,
  };
}

describe('POST /v1/hooks/argo-rollouts/events', () => {
  it('takes the body of the notification templates', async () => {
    const api = makeApi();

    const answer = await request(api.handler).post(path).set('X-Request-Id', 'q1').send(makeBody());

    assert.equal(answer.status, 202, answer.text);
    assert.deepEqual(answer.body, { accepted: true });
    assert.deepEqual(api.taken, [
      {
        source: 'argo-rollouts',
        type: 'aborted',
        rollout: { uid: 'u1', revision: '7', namespace: 'shop', name: 'checkout' },
        at: start,
        service: null,
        environment: null,
        target: null,
        facts: { version: 'v1.8.0' },
        reason: 'checkout-7-1: metric "canary-verdict" failed',
        by: { name: 'anonymous', isAdmin: true, services: null, requestId: 'q1' },
      },
    ]);
  });

  it('takes what the body says of service, environment, target, change and reason', async () => {
    const api = makeApi();

    await request(api.handler)
      .post(path)
      .send(
        makeBody({
          service: 'shop-checkout',
          environment: 'production',
          target: 'eu',
          reason: 'because',
          change: { version: 'v9', commit: 'abc' },
        }),
      );

    const [event] = api.taken;
    assert.equal(event?.service, 'shop-checkout');
    assert.equal(event?.environment, 'production');
    assert.equal(event?.target, 'eu');
    assert.equal(event?.reason, 'because');
    assert.deepEqual(event?.facts, { version: 'v9', commit: 'abc' });
  });

  for (const [outcome, event, type] of [
    ['started', 'rollout-updated', 'started'],
    ['completed', 'rollout-completed', 'completed'],
    ['paused', 'rollout-paused', 'paused'],
    ['resumed', 'rollout-resumed', 'resumed'],
    ['', 'rollout-updated', 'started'],
    ['', 'rollout-completed', 'completed'],
  ]) {
    it(`reads outcome "${outcome}" of event ${event} as ${type}`, async () => {
      const api = makeApi();

      const answer = await request(api.handler).post(path).send(makeBody({ outcome, event }));

      assert.equal(answer.status, 202, answer.text);
      assert.equal(api.taken[0]?.type, type);
    });
  }

  const images: readonly (readonly [image: string, facts: object])[] = [
    ['checkout', { version: 'v1.8' }],
    ['localhost:5000/checkout', { version: 'v1.8' }],
    ['localhost:5000/checkout:v2', { version: 'v2' }],
    ['r.example/checkout@sha256:abc', { version: 'v1.8', artifact: 'r.example/checkout@sha256:abc' }],
    ['r.example/checkout:v3@sha256:abc', { version: 'v3', artifact: 'r.example/checkout:v3@sha256:abc' }],
  ];
  for (const [image, facts] of images) {
    it(`reads ${JSON.stringify(facts)} from the image ${image}`, async () => {
      const api = makeApi();

      await request(api.handler)
        .post(path)
        .send(makeBody({}, { images: [{ name: 'app', image }] }));

      assert.deepEqual(api.taken[0]?.facts, facts);
    });
  }

  it('takes the least the templates can send', async () => {
    const api = makeApi();

    const answer = await request(api.handler)
      .post(path)
      .set('Content-Type', '')
      .send(
        JSON.stringify({
          event: 'rollout-updated',
          outcome: 'started',
          sentAt: at,
          rollout: { uid: 'u1', revision: 3, labels: {}, images: [] },
          analysisRuns: [],
        }),
      );

    assert.equal(answer.status, 202, answer.text);
    assert.deepEqual(api.taken[0]?.rollout, { uid: 'u1', revision: '3', namespace: null, name: null });
    assert.deepEqual(api.taken[0]?.facts, {});
    assert.equal(api.taken[0]?.reason, null);
  });

  for (const result of ['duplicate', 'ignored'] as const) {
    it(`accepts what is ${result}`, async () => {
      const api = makeApi({ rolloutEvents: { take: async () => result } });

      const answer = await request(api.handler).post(path).send(makeBody());

      assert.equal(answer.status, 202);
      assert.deepEqual(answer.body, { accepted: true });
    });
  }

  const bad: readonly (readonly [title: string, body: object, path: string, message: RegExp])[] = [
    [
      'an unknown outcome',
      makeBody({ outcome: 'exploded' }),
      'outcome',
      /found "exploded"; allowed are started, paused, resumed, completed, aborted/,
    ],
    [
      'an unknown event',
      makeBody({ outcome: '', event: 'rollout-deleted' }),
      'event',
      /allowed are rollout-updated/,
    ],
    ['a name that every object has', makeBody({ outcome: 'constructor' }), 'outcome', /allowed are started/],
    ['neither', makeBody({ outcome: '', event: '' }), 'event', /is missing; allowed are/],
    ['a bad time', makeBody({ sentAt: 'now' }), 'sentAt', /RFC 3339/],
    ['no revision', makeBody({}, { revision: '' }), 'rollout.revision', /is missing/],
    ['no rollout', { event: 'rollout-updated', sentAt: at }, 'rollout', /is missing/],
  ];
  for (const [title, body, where, message] of bad) {
    it(`refuses ${title}`, async () => {
      const api = makeApi();

      const answer = await request(api.handler).post(path).send(body);

      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.body.errors[0].path, where);
      assert.match(answer.body.errors[0].message, message);
      assert.deepEqual(api.taken, []);
    });
  }

  it('is 503 when the event cannot be stored, so that the notifier tries again', async () => {
    const away = new SerinError('store_unavailable', 'the database is away');
    const api = makeApi({ rolloutEvents: { take: () => Promise.reject(away) } });

    const answer = await request(api.handler).post(path).send(makeBody());

    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '5');
  });

  it('does not keep the controller waiting for a store that hangs', async () => {
    const timers = makeTimers();
    const called = newSignal();
    const take = (): Promise<never> => {
      called.give();
      return new Promise(() => {});
    };
    const api = makeApi({ after: timers.after, rolloutEvents: { take } });

    const answering = request(api.handler)
      .post(path)
      .send(makeBody())
      .then((answer) => answer);
    await called.given;
    timers.fire(5_000);

    assert.equal((await answering).status, 503);
  });
});
