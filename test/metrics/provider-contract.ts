import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type ErrorCode, SerinError } from '../../src/errors.ts';
import type { Provider, QueryRequest, QueryVariables } from '../../src/metrics/provider.ts';
import { type Backend, breakOff, dropConnection, hang, type Reply, sendText } from './backend.ts';

export type ContractCase = {
  readonly type: string;
  /** A fresh provider. `backendUrl` is '' for a provider that asks nobody. */
  create(backendUrl: string, timeoutMs: number): Provider;
  /** A good query with the variable `{{service}}` where the language allows one. */
  readonly query: string;
  readonly variables: QueryVariables;
  /** A query that is not of this language. */
  readonly badQuery: string;
  /** Variables under which a provider without a backend has no data. */
  readonly emptyVariables?: QueryVariables;
  /** What the provider was given and must never tell. */
  readonly secrets: readonly string[];
  /** How its backend answers; `null` for a provider that asks nobody. */
  readonly replies: null | {
    readonly full: Reply;
    readonly empty: Reply;
    readonly malformed: Readonly<Record<string, Reply>>;
  };
};

const minute = 60_000;
const origin = 1_700_000_040_000;

/** Which code each status other than 2xx has. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'provider_unauthorized';
  if (status === 429) return 'provider_throttled';
  return status >= 500 ? 'provider_failed' : 'provider_rejected';
}

/** What every provider must do, run over each of them. `backend` is called when the tests run. */
export function testProviderContract(subject: ContractCase, backend: () => Backend | null): void {
  const { replies } = subject;
  const made: Provider[] = [];
  const create = (timeoutMs = 5000) => {
    const provider = subject.create(backend()?.url ?? '', timeoutMs);
    made.push(provider);
    return provider;
  };
  const request = (over: Partial<QueryRequest> = {}): QueryRequest => ({
    query: subject.query,
    variables: subject.variables,
    arm: 'canary',
    from: origin,
    to: origin + 9 * minute,
    step: minute,
    signal: new AbortController().signal,
    ...over,
  });
  const failure = async (promise: Promise<unknown>): Promise<SerinError> => {
    const error = await promise.then(
      (value) => assert.fail(`resolved with ${inspect(value)}`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof SerinError, inspect(error));
    return error;
  };

  describe(`provider contract: ${subject.type}`, () => {
    beforeEach(() => {
      if (replies !== null) backend()?.answer(replies.full);
    });
    afterEach(() => {
      for (const provider of made.splice(0)) provider.close();
    });

    it('knows its name and type', () => {
      const provider = create();

      assert.deepEqual([provider.name, provider.type], ['main', subject.type]);
    });

    it('answers exactly the grid asked for', async () => {
      const provider = create();
      const window = fc.record({
        first: fc.integer({ min: 0, max: 1000 }),
        count: fc.integer({ min: 1, max: 40 }),
        step: fc.constantFrom(500, 1000, 15_000, minute),
      });

      await fc.assert(
        fc.asyncProperty(window, async ({ first, count, step }) => {
          const from = Math.floor(origin / step) * step + first * step;
          const answer = await provider.fetch(request({ from, to: from + (count - 1) * step, step }));

          assert.deepEqual(
            { ...answer.series, values: answer.series.values.length },
            { start: from, step, values: count },
          );
          for (const value of answer.series.values) assert.ok(value === null || Number.isFinite(value));
          assert.ok(answer.series.values.some((value) => value !== null));
        }),
        { numRuns: 40 },
      );
    });

    it('gives a point the same value whatever the window around it', async () => {
      const provider = create();

      const wide = await provider.fetch(request());
      const narrow = await provider.fetch(request({ from: origin + 3 * minute, to: origin + 5 * minute }));

      assert.deepEqual(narrow.series.values, wide.series.values.slice(3, 6));
    });

    it('answers nothing with null at each point, without error or zero', async () => {
      if (replies !== null) backend()?.answer(replies.empty);

      const answer = await create().fetch(
        request({ variables: subject.emptyVariables ?? subject.variables }),
      );

      assert.deepEqual(answer.series.values, new Array(10).fill(null));
    });

    it('passes a good query and refuses one that is not of its language', () => {
      const provider = create();
      const names = Object.keys(subject.variables);

      provider.checkQuery(subject.query, names);
      for (const query of [subject.badQuery, '', '{{servcie}}', '{{ $value }}']) {
        assert.throws(
          () => provider.checkQuery(query, names),
          (error: unknown) => error instanceof SerinError && error.code === 'invalid_input',
          query,
        );
      }
    });

    it('asks nothing once stopped', async () => {
      const error = await failure(create().fetch(request({ signal: AbortSignal.abort() })));

      assert.equal(error.code, 'provider_timeout');
    });

    it('rejects with the reason of the stop when that has a name', async () => {
      const reason = new SerinError('shutting_down', 'Serin stops');

      assert.equal(await failure(create().fetch(request({ signal: AbortSignal.abort(reason) }))), reason);
    });

    it('may be closed twice', () => {
      const provider = create();

      provider.close();
      provider.close();
    });

    it('cannot be inspected for secrets', () => {
      assertNoSecret(inspect(create(), { depth: 20, showHidden: true }), subject.secrets);
    });

    if (replies === null) return;
    const server = () => backend() as Backend;

    describe('with its backend', () => {
      for (const hundred of [300, 400, 500]) {
        it(`gives each status from ${hundred} to ${hundred + 99} its code`, async () => {
          const provider = create();
          for (let status = hundred; status < hundred + 100; status += 1) {
            server().answer(sendText(status, 'no'));

            assert.equal(
              (await failure(provider.fetch(request()))).code,
              codeOfStatus(status),
              String(status),
            );
          }
        });
      }

      it('reads the body whatever 2xx status it came with, but for those that have none', async () => {
        const provider = create();
        for (let status = 200; status < 300; status += 1) {
          server().answer((response, received) => {
            response.writeHead = new Proxy(response.writeHead, {
              apply: (write, self, [, headers]) => Reflect.apply(write, self, [status, headers]),
            });
            replies.full(response, received);
          });
          const outcome = await provider.fetch(request()).catch((error: unknown) => error);

          if (status === 204)
            assert.ok(outcome instanceof SerinError && outcome.code === 'provider_malformed');
          else assert.ok(!(outcome instanceof Error), `${status}: ${inspect(outcome)}`);
        }
      });

      for (const [name, reply] of Object.entries({
        ...replies.malformed,
        'an empty body': sendText(200, ''),
        'no content': sendText(204, ''),
        'an HTML page': sendText(200, '<!doctype html><title>Log in</title>'),
        'truncated JSON': sendText(200, '{"status":"success","data":{"resu'),
        'JSON of another kind': sendText(200, '[1,2,3]'),
        'JSON null': sendText(200, 'null'),
        'an answer that breaks off': breakOff,
      })) {
        it(`calls ${name} provider_malformed`, async () => {
          server().answer(reply);

          assert.equal((await failure(create().fetch(request()))).code, 'provider_malformed');
        });
      }

      it('rejects promptly when it is stopped on the way', async () => {
        const controller = new AbortController();
        server().answer(() => controller.abort());

        const error = await failure(create().fetch(request({ signal: controller.signal })));

        assert.equal(error.code, 'provider_timeout');
      });

      it('gives up at its timeout', async () => {
        server().answer(hang);

        assert.equal((await failure(create(100).fetch(request()))).code, 'provider_timeout');
      });

      it('calls a backend that is away provider_unreachable', async () => {
        server().answer(dropConnection);

        assert.equal((await failure(create().fetch(request()))).code, 'provider_unreachable');
      });

      it('tells no secret in any error', async () => {
        const echo = subject.secrets.join(' ');
        const bodies = [
          echo,
          `<html>${echo}`,
          JSON.stringify({ status: 'error', errorType: 'internal', error: echo }),
        ];
        const bad = [hang, breakOff, dropConnection, ...Object.values(replies.malformed)];
        for (const status of [200, 302, 400, 401, 403, 404, 429, 500, 503]) {
          const location = `http://login.example/${encodeURIComponent(echo)}`;
          bad.push(...bodies.map((body) => sendText(status, body, { location, 'x-echo': 'a' })));
        }
        for (const reply of bad) {
          server().answer(reply);

          const error = await failure(create(150).fetch(request()));

          assertNoSecret(inspect(error, { depth: 20, showHidden: true }), subject.secrets);
          assert.equal(error.cause, undefined);
        }
      });
    });
  });
}

function assertNoSecret(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      assert.ok(!text.includes(form), `found ${form} in ${text}`);
    }
  }
}
