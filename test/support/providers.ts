import { invalidInput } from '../../src/errors.ts';
import type { Provider, QueryRequest } from '../../src/metrics/provider.ts';

/** Answers from a function of the request and one grid point; `asked` lists the requests. */
export type FakeProvider = Provider & { readonly asked: QueryRequest[] };

/** A provider of numbers: `value(request, point)` gives each point; what it throws is the answer's failure. */
export function makeProvider(value: (request: QueryRequest, point: number) => number | null): FakeProvider {
  const asked: QueryRequest[] = [];
  return {
    name: 'synthetic',
    type: 'fake',
    asked,
    fetch: async (request) => {
      asked.push(request);
      const values: (number | null)[] = [];
      for (let point = request.from; point <= request.to; point += request.step)
        values.push(value(request, point));
      return { series: { start: request.from, step: request.step, values }, notNumbers: [], warnings: [] };
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
