import { invalidInput } from '../../src/errors.ts';
import type { Labels, Provider, QueryRequest } from '../../src/metrics/provider.ts';

/** Answers from a function of the request and one grid point; `asked` lists the requests. */
export type FakeProvider = Provider & { readonly asked: QueryRequest[] };

/** One series of a `fetchMembers` answer. */
export type FakeMember = { readonly labels: Labels; readonly value: (point: number) => number | null };

/**
 * A provider of numbers: `value(request, point)` gives each point; what it throws is the answer's failure. `members`
 * lists the series of a query that gives several; a NaN of theirs is no number.
 */
export function makeProvider(
  value: (request: QueryRequest, point: number) => number | null,
  members: (request: QueryRequest) => readonly FakeMember[] = () => [],
): FakeProvider {
  const asked: QueryRequest[] = [];
  const pointsOf = ({ from, to, step }: QueryRequest): number[] =>
    Array.from({ length: Math.round((to - from) / step) + 1 }, (_, index) => from + index * step);
  return {
    name: 'synthetic',
    type: 'fake',
    asked,
    fetch: async (request) => {
      asked.push(request);
      const values = pointsOf(request).map((point) => value(request, point));
      return { series: { start: request.from, step: request.step, values }, notNumbers: [], warnings: [] };
    },
    fetchMembers: async (request) => {
      asked.push(request);
      const points = pointsOf(request);
      const answered = members(request).map(({ labels, value: at }) => {
        const values = points.map((point) => at(point));
        return {
          labels,
          series: {
            start: request.from,
            step: request.step,
            values: values.map((one) => (Number.isNaN(one) ? null : one)),
          },
          notNumbers: points.filter((_, index) => Number.isNaN(values[index])),
        };
      });
      return { members: answered, warnings: [] };
    },
    checkQuery: (query, names) => {
      const used = /\{\{([^}]+)\}\}/.exec(query)?.[1];
      if (used !== undefined && !names.includes(used))
        throw invalidInput([
          { path: '', message: `unknown variable ${used}; allowed are ${names.join(', ')}` },
        ]);
    },
    close: () => {},
    scrapeInterval: async () => null,
  };
}
