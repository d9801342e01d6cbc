import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { SerinError } from '../../src/errors.ts';
import type { Provider, QueryRequest, QueryVariables } from '../../src/metrics/provider.ts';
import type { Backend, Reply } from './backend.ts';
import { assertNoSecret, testBackendContract } from './backend-contract.ts';
import { testMembersContract } from './members-contract.ts';

export type ContractCase = {
  readonly type: string;
  /** A fresh provider. `backendUrl` is '' for a provider that asks nobody. */
  create(backendUrl: string, timeoutMs: number): Provider;
  /** A good query with the variable `{{service}}` where the language allows one. */
  readonly query: string;
  readonly variables: QueryVariables;
  /** A query that gives several series. */
  readonly membersQuery: string;
  /** A query that is not of this language. */
  readonly badQuery: string;
  /** Variables under which a provider without a backend has no data. */
  readonly emptyVariables?: QueryVariables;
  /** What the provider was given and must never tell. */
  readonly secrets: readonly string[];
  /** How its backend answers; `null` for a provider that asks nobody. */
  readonly replies: null | {
    readonly full: Reply;
    /** That many series that differ in a label, with a value at each point. */
    readonly several: (count: number) => Reply;
    readonly empty: Reply;
    readonly malformed: Readonly<Record<string, Reply>>;
  };
};

const minute = 60_000;
const origin = 1_700_000_040_000;

const methods = ['fetch', 'fetchMembers'] as const;

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

    for (const method of methods) {
      it(`asks nothing once stopped (${method})`, async () => {
        const error = await failure(create()[method](request({ signal: AbortSignal.abort() })));

        assert.equal(error.code, 'provider_timeout');
      });

      it(`rejects with the reason of the stop when that has a name (${method})`, async () => {
        const reason = new SerinError('shutting_down', 'Serin stops');
        const stopped = request({ signal: AbortSignal.abort(reason) });

        assert.equal(await failure(create()[method](stopped)), reason);
      });
    }

    testMembersContract(subject, backend, { create, request, failure });

    it('may be closed twice', () => {
      const provider = create();

      provider.close();
      provider.close();
    });

    it('cannot be inspected for secrets', () => {
      assertNoSecret(inspect(create(), { depth: 20, showHidden: true }), subject.secrets);
    });

    if (replies === null) return;
    const means = { create, request, failure, server: () => backend() as Backend };
    for (const method of methods)
      describe(`${method}, with its backend`, () => {
        testBackendContract(method, replies, subject.secrets, means);
      });
  });
}
