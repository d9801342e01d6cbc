import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SerinError } from '../../src/errors.ts';
import { type Member, mostMembers, type Provider, type QueryRequest } from '../../src/metrics/provider.ts';
import type { Backend } from './backend.ts';
import type { ContractCase } from './provider-contract.ts';

/** What the tests of a contract share. */
type Means = {
  readonly create: () => Provider;
  readonly request: (over?: Partial<QueryRequest>) => QueryRequest;
  readonly failure: (promise: Promise<unknown>) => Promise<SerinError>;
};

function labelsOf({ labels }: Member): string {
  return JSON.stringify(Object.entries(labels).sort());
}

/** What every provider must do with a query that gives several series. */
export function testMembersContract(
  { replies, membersQuery, ...subject }: ContractCase,
  backend: () => Backend | null,
  { create, request, failure }: Means,
): void {
  const query = membersQuery;
  const answerSeveral = (count: number): void => {
    if (replies !== null) backend()?.answer(replies.several(count));
  };

  describe('fetchMembers', () => {
    it('gives each series by its labels, on exactly the grid asked for', async () => {
      answerSeveral(3);
      const provider = create();
      const window = fc.record({
        count: fc.integer({ min: 1, max: 40 }),
        step: fc.constantFrom(500, 1000, 15_000, 60_000),
      });

      await fc.assert(
        fc.asyncProperty(window, async ({ count, step }) => {
          const from = Math.floor(request().from / step) * step;
          const { members } = await provider.fetchMembers(
            request({ query, from, to: from + (count - 1) * step, step }),
          );

          assert.ok(members.length > 1);
          assert.equal(new Set(members.map(labelsOf)).size, members.length);
          for (const { series } of members) {
            assert.deepEqual(
              { ...series, values: series.values.length },
              { start: from, step, values: count },
            );
            assert.ok(series.values.some((value) => value !== null && Number.isFinite(value)));
          }
        }),
        { numRuns: 40 },
      );
    });

    it('gives a point of a series the same value whatever the window around it', async () => {
      answerSeveral(3);
      const provider = create();
      const { from, step } = request();

      const wide = await provider.fetchMembers(request({ query }));
      const narrow = await provider.fetchMembers(
        request({ query, from: from + 3 * step, to: from + 5 * step }),
      );

      assert.deepEqual(
        narrow.members.map((member) => [labelsOf(member), member.series.values]),
        wide.members.map((member) => [labelsOf(member), member.series.values.slice(3, 6)]),
      );
    });

    it('gives nothing no members, without error', async () => {
      if (replies !== null) backend()?.answer(replies.empty);

      const variables = subject.emptyVariables ?? subject.variables;

      assert.deepEqual((await create().fetchMembers(request({ query, variables }))).members, []);
    });

    it('takes a query of one series as well', async () => {
      const provider = create();

      const one = await provider.fetch(request());
      const { members } = await provider.fetchMembers(request());

      assert.deepEqual(
        members.map(({ series, notNumbers }) => [series, notNumbers]),
        [[one.series, one.notNumbers]],
      );
    });

    it('is the only way to several series', async () => {
      answerSeveral(3);

      assert.equal((await failure(create().fetch(request({ query })))).code, 'provider_ambiguous');
    });

    if (replies === null) return;

    it(`takes ${mostMembers} series and refuses one more`, async () => {
      const provider = create();
      answerSeveral(mostMembers);
      assert.equal((await provider.fetchMembers(request({ query }))).members.length, mostMembers);
      answerSeveral(mostMembers + 1);

      const error = await failure(provider.fetchMembers(request({ query })));

      assert.equal(error.code, 'provider_too_large');
      assert.match(error.message, /gave 201 series; at most 200 are taken/);
    });
  });
}
