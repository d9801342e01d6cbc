import assert from 'node:assert/strict';
import request, { type Response } from 'supertest';
import type { SteppedCall } from '../../src/analysis/stepped-call.ts';
import type { Advice } from '../../src/analysis/stepped-rollout.ts';
import type { SteppedRollouts } from '../../src/analysis/stepped-rollouts.ts';
import { errorCodes, SerinError } from '../../src/errors.ts';
import { makeApi } from '../support/api.ts';

const kinds = ['rollout', 'advance', 'rollback', 'outcome'] as const;
type Kind = (typeof kinds)[number];

const payload = { name: 'podinfo', namespace: 'test', phase: 'Progressing', checksum: '85d557f47b' };

/** Answers everything the same and notes what was asked. */
function answering(advice: Advice): {
  readonly steppedRollouts: SteppedRollouts;
  readonly asked: {
    readonly call: SteppedCall;
    readonly isLast?: boolean;
    readonly how?: string;
    readonly reason?: string | null;
  }[];
} {
  const asked: ReturnType<typeof answering>['asked'] = [];
  return {
    asked,
    steppedRollouts: {
      stay: async (call) => {
        asked.push({ call });
        return advice;
      },
      step: async (call, isLast) => {
        asked.push({ call, isLast });
        return advice;
      },
      rollBack: async (call) => {
        asked.push({ call });
        return advice;
      },
      end: async (call, how, reason) => {
        asked.push({ call, how, reason });
        return 'recorded';
      },
    },
  };
}

function failing(error: Error): SteppedRollouts {
  const fail = (): Promise<never> => Promise.reject(error);
  return { stay: fail, step: fail, rollBack: fail, end: fail };
}

function post(steppedRollouts: SteppedRollouts, kind: Kind, body: object = payload): Promise<Response> {
  return request(makeApi({ steppedRollouts }).handler).post(`/v1/hooks/flagger/${kind}/t`).send(body);
}

/** What Flagger shows, and nothing that it takes for another thing than it is. */
function assertSentence(answer: Response): void {
  assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
  assert.ok(answer.text.length > 0 && answer.text.length <= 400);
  assert.ok(!answer.text.includes('\n'));
}

describe("Flagger's webhooks", () => {
  for (const kind of ['rollout', 'advance', 'rollback'] as const) {
    it(`answers ${kind} with 200 for yes and 412 for no, and the reason`, async () => {
      for (const [yes, status] of [
        [true, 200],
        [false, 412],
      ] as const) {
        const answer = await post(answering({ yes, reason: 'errors:\n too many' }).steppedRollouts, kind);

        assert.equal(answer.status, status);
        assertSentence(answer);
        assert.equal(answer.text, 'errors: too many');
      }
    });
  }

  it('cuts a reason that is longer than an event should be', async () => {
    const answer = await post(answering({ yes: false, reason: 'x'.repeat(5000) }).steppedRollouts, 'advance');

    assertSentence(answer);
    assert.equal(answer.text.length, 400);
  });

  it('compares the canary with its primary, unless the metadata says more', async () => {
    const { steppedRollouts, asked } = answering({ yes: true, reason: 'fine' });
    const metadata = {
      service: 'checkout',
      environment: 'staging',
      target: 'eu',
      template: 'http-service',
      duration: '20m',
      interval: '1m',
      dryRun: 'true',
      version: 'v2',
      commit: '9f1c2d3',
      kind: 'hotfix',
      deadline: '2h',
      gate: 'promotion',
      'canary.region': 'eu',
      'baseline.deployment': 'podinfo-baseline',
    };

    await post(steppedRollouts, 'advance', payload);
    await post(steppedRollouts, 'advance', { ...payload, metadata });

    const [bare, full] = asked;
    assert.deepEqual(bare?.call.scopes, {
      defaults: {
        canary: { namespace: 'test', deployment: 'podinfo' },
        baseline: { namespace: 'test', deployment: 'podinfo-primary' },
      },
      told: { canary: {}, baseline: {} },
    });
    assert.deepEqual([bare?.isLast, bare?.call.patience, bare?.call.service], [false, 3_600_000, null]);
    assert.equal(full?.isLast, true);
    const { service, environment, target, template, duration, interval, dryRun, change, patience, scopes } =
      full?.call ?? {};
    assert.deepEqual(
      { service, environment, target, template, duration, interval, dryRun, change, patience },
      {
        ...{ service: 'checkout', environment: 'staging', target: 'eu', template: 'http-service' },
        ...{ duration: 1_200_000, interval: 60_000, dryRun: true, patience: 7_200_000 },
        change: { version: 'v2', commit: '9f1c2d3', kind: 'hotfix' },
      },
    );
    assert.deepEqual(scopes?.told, {
      canary: { region: 'eu' },
      baseline: { deployment: 'podinfo-baseline' },
    });
  });

  it('judges nothing in a phase in which no canary has begun, as confirm-rollout sends it', async () => {
    const { steppedRollouts, asked } = answering({ yes: false, reason: 'no' });

    for (const phase of ['Initialized', 'Waiting', 'Succeeded', 'Failed'])
      for (const kind of ['rollout', 'advance'] as const)
        assert.equal((await post(steppedRollouts, kind, { ...payload, phase })).status, 200);
    assert.deepEqual(asked, []);
    assert.equal((await post(steppedRollouts, 'rollback', { ...payload, phase: 'Waiting' })).status, 412);
    assert.equal(
      (await post(steppedRollouts, 'advance', { ...payload, phase: 'WaitingPromotion' })).status,
      412,
    );
  });

  it('takes the end of a rollout, with what the event says, and every other phase', async () => {
    const { steppedRollouts, asked } = answering({ yes: true, reason: 'fine' });
    const event = { eventMessage: 'Canary failed!', eventType: 'Warning', timestamp: '1545905245458' };

    for (const [phase, metadata] of [
      ['Succeeded', {}],
      ['Failed', {}],
      ['Failed', event],
      ['Progressing', event],
    ] as const)
      assert.equal((await post(steppedRollouts, 'outcome', { ...payload, phase, metadata })).status, 200);

    assert.deepEqual(
      asked.map(({ how, reason }) => [how, reason]),
      [
        ['completed', null],
        ['aborted', 'Flagger took the canary back'],
        ['aborted', 'Canary failed!'],
      ],
    );
  });

  const bad: readonly (readonly [title: string, body: object, advice: RegExp])[] = [
    [
      'a key of the metadata',
      { ...payload, metadata: { servcie: 'x' } },
      /metadata\.servcie: unknown key; allowed are service, /,
    ],
    [
      'a deadline',
      { ...payload, metadata: { deadline: 'soon' } },
      /metadata\.deadline: found "soon"; allowed are durations/,
    ],
    [
      'a gate',
      { ...payload, metadata: { gate: 'open' } },
      /metadata\.gate: found "open"; allowed are traffic, promotion/,
    ],
    ['a phase', { ...payload, phase: 'Dancing' }, /phase: found "Dancing"; allowed are Initializing, /],
    ['a payload without its checksum', { ...payload, checksum: '' }, /checksum: is missing/],
  ];
  for (const [title, body, advice] of bad)
    it(`refuses ${title} that it does not understand as 400 with what is allowed, on every route`, async () => {
      for (const kind of kinds) {
        const answer = await post(answering({ yes: true, reason: 'fine' }).steppedRollouts, kind, body);

        assert.equal(answer.status, 400);
        assertSentence(answer);
        assert.match(answer.text, advice);
      }
    });

  it('answers no error whatever with a status that loses the reason or means the opposite', async () => {
    const stays: Readonly<Record<Kind, number>> = { rollout: 200, advance: 412, rollback: 412, outcome: 503 };
    for (const error of [...errorCodes.map((code) => new SerinError(code, 'why')), new TypeError('s3cr3t')])
      for (const kind of kinds) {
        const phase = kind === 'outcome' ? 'Succeeded' : 'Progressing';
        const answer = await post(failing(error), kind, { ...payload, phase });

        assertSentence(answer);
        assert.doesNotMatch(answer.text, /s3cr3t/);
        const isRefusal = answer.status >= 400 && answer.status < 412;
        assert.ok(
          answer.status === stays[kind] || isRefusal || answer.status === 413 || answer.status === 415,
          `${kind} ${error.message}: ${answer.status}`,
        );
        assert.ok(answer.status !== 429);
      }
  });

  it('holds where another analysis has the key, and counts nothing', async () => {
    const conflict = failing(new SerinError('key_conflict', 'the key belongs to another plan'));

    const statuses = await Promise.all(
      (['rollout', 'advance', 'rollback'] as const).map(async (kind) => (await post(conflict, kind)).status),
    );

    assert.deepEqual(statuses, [200, 412, 412]);
  });
});
