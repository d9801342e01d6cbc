import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import request, { type Response } from 'supertest';
import { answerReason, answerRun } from '../../src/api/argo-rollouts/answer.ts';
import type { ServerDeps } from '../../src/api/server.ts';
import { errorCodes, invalidInput, SerinError } from '../../src/errors.ts';
import { makeApi, makeRuns, makeTimers, recordStarts } from '../support/api.ts';
import { makeRun, start } from '../support/plans.ts';
import { newSignal } from '../support/signal.ts';

const path = '/v1/hooks/argo-rollouts/analysis';
const minimal = { service: 'checkout', environment: 'production' };

/** What every answer of the hook must be, whatever happened. */
function assertVerdict(answer: Response): void {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.ok(Buffer.byteLength(answer.text) < 2048, `${Buffer.byteLength(answer.text)} bytes`);
  const body = JSON.parse(answer.text) as Record<string, unknown>;
  assert.deepEqual(Object.keys(body), ['verdict', 'score', 'reason', 'analysisId', 'reportUrl']);
  assert.ok(['running', 'pass', 'fail', 'inconclusive'].includes(String(body['verdict'])));
  assert.ok(Number.isFinite(body['score']));
  assert.equal(typeof body['reason'], 'string');
}

function failing(error: unknown): ServerDeps['runs'] {
  return makeRuns({ start: () => Promise.reject(error) });
}

describe('the poll of an Argo Rollouts web metric', () => {
  it('answers the verdict of the run it starts or joins', async () => {
    const { runs, started } = recordStarts(
      makeRun({ phase: 'concluded', verdict: 'fail', score: 12.5, reason: 'errors: too many' }),
    );

    const answer = await request(makeApi({ runs }).handler)
      .post(path)
      .send({ ...minimal, rollout: { uid: 'u', revision: '7' } });

    assertVerdict(answer);
    assert.deepEqual(answer.body, {
      verdict: 'fail',
      score: 12.5,
      reason: 'errors: too many',
      analysisId: makeRun().id,
      reportUrl: `https://serin.example/analyses/${makeRun().id}`,
    });
    assert.equal(started[0]?.polled, true);
  });

  it('reads a body without Content-Type', async () => {
    const { runs, started } = recordStarts();

    const answer = await request(makeApi({ runs }).handler)
      .post(path)
      .set('Content-Type', '')
      .send(JSON.stringify(minimal));

    assertVerdict(answer);
    assert.equal(started.length, 1);
  });

  it('lets a dry run pass at once', async () => {
    const runs = recordStarts(makeRun({ dryRun: true, verdict: 'running' })).runs;

    const answer = await request(makeApi({ runs }).handler)
      .post(path)
      .send({ ...minimal, dryRun: 'true', wait: '5s' });

    assert.equal(answer.body.verdict, 'pass');
  });

  it('waits no longer than leaves time to answer within 8 seconds', async () => {
    const waits: number[] = [];
    const runs = makeRuns({
      waitFor: async (_id, waitMs) => {
        waits.push(waitMs);
        return makeRun();
      },
    });
    const api = makeApi({ runs });

    await request(api.handler)
      .post(path)
      .send({ ...minimal, wait: '5m' });
    await request(api.handler)
      .post(path)
      .send({ ...minimal, wait: '2s' });

    assert.deepEqual(waits, [7_000, 2_000]);
  });

  it('turns a key conflict into inconclusive with the reason', async () => {
    const api = makeApi({
      runs: failing(new SerinError('key_conflict', 'the key "k" belongs to another plan')),
    });

    const answer = await request(api.handler).post(path).send(minimal);

    assertVerdict(answer);
    assert.equal(answer.body.verdict, 'inconclusive');
    assert.match(answer.body.reason, /belongs to another plan/);
  });

  const bad: readonly (readonly [title: string, text: string, advice: RegExp, status: number])[] = [
    [
      'an unknown key',
      JSON.stringify({ ...minimal, namespace: 'shop' }),
      /namespace: unknown key; allowed are key, service/,
      400,
    ],
    ['JSON that is none', '{"service": ', /not JSON: found the end at line 1, column 13/, 400],
    ['an array', '[]', /must be object/, 400],
    ['null', 'null', /an object is needed/, 400],
    ['nothing', '', /service: is missing/, 400],
    ['1 MB', JSON.stringify({ ...minimal, key: 'k'.repeat(1_048_576) }), /at most 256 KiB/, 413],
  ];
  for (const [title, text, advice, status] of bad) {
    it(`refuses ${title} as a problem, or as inconclusive with the advice when asked so`, async () => {
      const { runs, started } = recordStarts();
      const api = makeApi({ runs });

      const problem = await request(api.handler)
        .post(path)
        .set('Content-Type', 'application/json')
        .send(text);
      const verdict = await request(api.handler)
        .post(`${path}?onBadInput=inconclusive`)
        .set('Content-Type', 'application/json')
        .send(text);

      assert.equal(problem.status, status, problem.text);
      assert.equal(problem.headers['content-type'], 'application/problem+json');
      assertVerdict(verdict);
      assert.equal(verdict.body.verdict, 'inconclusive');
      assert.match(verdict.body.reason, advice);
      assert.deepEqual(started, []);
    });
  }

  it('does the same with bad input that the use case finds', async () => {
    const api = makeApi({
      runs: failing(invalidInput([{ path: 'plan.metrics[0].kind', message: 'found "gouge"' }])),
    });

    assert.equal((await request(api.handler).post(path).send(minimal)).status, 400);
    const verdict = await request(api.handler).post(`${path}?onBadInput=inconclusive`).send(minimal);
    assertVerdict(verdict);
    assert.match(verdict.body.reason, /plan\.metrics\[0\]\.kind/);
  });

  it('refuses another word for onBadInput', async () => {
    const answer = await request(makeApi().handler).post(`${path}?onBadInput=pass`).send(minimal);

    assert.equal(answer.status, 400);
    assert.match(answer.body.detail, /onBadInput: found "pass"; allowed are error, inconclusive/);
  });
});

describe('the poll while Serin itself fails', () => {
  it('answers running for the grace since the outage began, then inconclusive, and starts anew after a success', async () => {
    let now = start;
    let error: Error | null = new SerinError('store_unavailable', 'the database is away');
    const runs = makeRuns({
      start: async () => {
        if (error !== null) throw error;
        return makeRun();
      },
    });
    const api = makeApi({ runs, now: () => now });
    const poll = async (minutes: number): Promise<string> => {
      now = start + minutes * 60_000;
      const answer = await request(api.handler).post(path).send(minimal);
      assertVerdict(answer);
      return answer.body.verdict;
    };

    assert.equal(await poll(0), 'running');
    assert.equal(await poll(14), 'running');
    assert.equal(await poll(15), 'inconclusive');
    assert.equal(await poll(20), 'inconclusive');
    error = null;
    assert.equal(await poll(21), 'running');
    error = new TypeError('x is not a function');
    assert.equal(await poll(22), 'running');
    assert.equal(await poll(36), 'running');
    assert.equal(await poll(37), 'inconclusive');
  });

  it('names the cause, but not the message of an unforeseen error', async () => {
    const away = await request(
      makeApi({ runs: failing(new SerinError('store_unavailable', 'the database is away')) }).handler,
    )
      .post(path)
      .send(minimal);
    const unforeseen = await request(makeApi({ runs: failing(new TypeError('s3cr3t')) }).handler)
      .post(path)
      .send(minimal);

    assert.match(away.body.reason, /the database is away/);
    assert.doesNotMatch(unforeseen.text, /s3cr3t/);
    assert.match(unforeseen.body.reason, new RegExp(String(unforeseen.headers['x-request-id'])));
  });

  it('does not call a single analysis running for ever because others succeed', async () => {
    let now = start;
    const runs = makeRuns({
      start: async ({ service }) => {
        if (service === 'broken') throw new TypeError('always');
        return makeRun();
      },
    });
    const api = makeApi({ runs, now: () => now });
    const verdicts: string[] = [];

    for (const minutes of [0, 7, 15]) {
      now = start + minutes * 60_000;
      await request(api.handler).post(path).send(minimal);
      verdicts.push(
        (
          await request(api.handler)
            .post(path)
            .send({ ...minimal, service: 'broken' })
        ).body.verdict,
      );
    }

    assert.deepEqual(verdicts, ['running', 'running', 'inconclusive']);
  });

  it('does not wait for a use case that hangs', async () => {
    const timers = makeTimers();
    const called = newSignal();
    const runs = makeRuns({
      start: () => {
        called.give();
        return new Promise(() => {});
      },
    });
    const api = makeApi({ runs, after: timers.after });

    const answering = request(api.handler)
      .post(path)
      .send(minimal)
      .then((answer) => answer);
    await called.given;
    timers.fire(8_000);
    const answer = await answering;

    assertVerdict(answer);
    assert.equal(answer.body.verdict, 'running');
    assert.match(answer.body.reason, /within 8s/);
  });

  it('leaves no timer behind when all goes well', async () => {
    const timers = makeTimers();

    await request(makeApi({ after: timers.after }).handler)
      .post(path)
      .send(minimal);

    assert.deepEqual(timers.pending(), []);
  });

  it('never answers anything but one JSON object under 2 KB, whatever comes and whatever fails', async function () {
    this.timeout(60_000);
    const outcome = fc.oneof(
      fc
        .constantFrom(...errorCodes)
        .chain((code) =>
          fc.string({ maxLength: 3000, unit: 'grapheme' }).map((text) => new SerinError(code, text)),
        ),
      fc.constantFrom(new TypeError('x'), null, undefined, 'text', { status: 404, message: 'not ours' }),
      fc.record({
        reason: fc.string({ maxLength: 3000, unit: 'binary' }),
        score: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -3, 50, 97.5, 1e9),
        id: fc.string({ minLength: 1, maxLength: 2000, unit: 'grapheme' }),
      }),
    );
    const text = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc
        .record(
          {
            service: fc.jsonValue(),
            environment: fc.jsonValue(),
            canary: fc.jsonValue(),
            wait: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((body) => JSON.stringify(body)),
      fc.constant(JSON.stringify(minimal)),
    );

    await fc.assert(
      fc.asyncProperty(text, outcome, async (body, result) => {
        const isRun = typeof result === 'object' && result !== null && 'id' in result;
        const runs = isRun ? makeRuns({ start: async () => makeRun(result) }) : failing(result);
        const answer = await request(makeApi({ runs }).handler)
          .post(`${path}?onBadInput=inconclusive`)
          .set('Content-Type', 'application/json')
          .send(body);
        assertVerdict(answer);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the reason of an answer', () => {
  for (const character of ['é', '漢', '🐤', '<', '"', '\u0000']) {
    it(`is cut at a character when it is 10 000 × ${JSON.stringify(character)}`, () => {
      const answer = answerRun(makeRun({ reason: character.repeat(10_000) }), 'https://serin.example');

      const bytes = Buffer.byteLength(JSON.stringify(answer).replaceAll('<', '\\u003c'));
      assert.ok(bytes < 2048 && bytes > 1900, `${bytes} bytes`);
      assert.doesNotMatch(answer.reason, /\p{Surrogate}/u);
      assert.match(answer.reason, /…$/);
      assert.equal(answer.reason.slice(0, -1).replaceAll(character, ''), '');
    });
  }

  it('is left alone when it is short, and gives way to nothing but the address when that is long', () => {
    assert.equal(answerReason('running', 'short').reason, 'short');
    const answer = answerRun(makeRun({ reason: 'why' }), `https://${'long.'.repeat(400)}example`);
    assert.equal(answer.reportUrl, null);
    assert.equal(answer.reason, 'why');
  });
});

/** The web metric's two conditions over an answer, as the published template sets them. */
function phaseOf(
  body: unknown,
  conditions: { success?: string | undefined; failure?: string | undefined },
): string {
  const holds = (condition: string | undefined): boolean => {
    const wanted = /^result\.verdict == "(\w+)"$/.exec(condition ?? '')?.[1];
    return (
      wanted !== undefined &&
      typeof body === 'object' &&
      body !== null &&
      'verdict' in body &&
      body.verdict === wanted
    );
  };
  if (holds(conditions.failure)) return 'Failed';
  if (holds(conditions.success)) return 'Successful';
  if (conditions.failure === undefined) return conditions.success === undefined ? 'Successful' : 'Failed';
  return conditions.success === undefined ? 'Successful' : 'Inconclusive';
}

const vectorFile = new URL('../../../shared/vectors/argo-web-and-kayenta.json', import.meta.url);

type Vector = {
  readonly id: string;
  readonly expected_phase: string;
  readonly server_reply: { readonly status?: number; readonly body?: string; readonly delayMs?: number };
  readonly provider_config: {
    readonly successCondition?: string;
    readonly failureCondition?: string;
    readonly jsonPath?: string;
  };
};

function readVectors(): readonly Vector[] {
  const all = JSON.parse(readFileSync(vectorFile, 'utf8')) as readonly Partial<Vector>[];
  return all.filter((one): one is Vector => Boolean(one.server_reply && one.provider_config));
}

function isObject(text: string): boolean {
  try {
    return text.startsWith('{') && typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

/** Those with a JSON object in time and no condition but ours. */
function isAboutVerdicts({ server_reply: reply, provider_config: config }: Vector): boolean {
  const conditions = [config.successCondition, config.failureCondition].filter((one) => one !== undefined);
  const ours =
    conditions.length > 0 && conditions.every((one) => /^result\.verdict == "(pass|fail)"$/.test(one));
  const status = reply.status ?? 0;
  const inTime = reply.delayMs === undefined && status >= 200 && status < 300;
  return ours && inTime && config.jsonPath === undefined && isObject(reply.body ?? '');
}

describe('the phase that Argo Rollouts gives an answer', () => {
  const both = { success: 'result.verdict == "pass"', failure: 'result.verdict == "fail"' };
  const meant = {
    pass: 'Successful',
    fail: 'Failed',
    inconclusive: 'Inconclusive',
    running: 'Inconclusive',
  } as const;

  for (const [verdict, phase] of Object.entries(meant)) {
    it(`is ${phase} for ${verdict} under the two conditions`, async () => {
      const runs = recordStarts(makeRun({ verdict: verdict as keyof typeof meant })).runs;

      const answer = await request(makeApi({ runs }).handler).post(path).send(minimal);

      assert.equal(phaseOf(JSON.parse(answer.text), both), phase);
    });
  }

  const isThere = existsSync(vectorFile);
  it(`agrees with what the controller was seen to do${isThere ? '' : ' (skipped: needs the reference vectors)'}`, function () {
    if (!isThere) this.skip();
    const told = readVectors().filter(isAboutVerdicts);

    assert.ok(told.length >= 6, `${told.length} vectors`);
    for (const { id, expected_phase: expected, server_reply: reply, provider_config: config } of told) {
      const conditions = { success: config.successCondition, failure: config.failureCondition };
      assert.equal(phaseOf(JSON.parse(reply.body ?? ''), conditions), expected, id);
    }
  });
});
