import { invalidInput, SerinError } from '../../errors.ts';
import { defineProvider } from '../definition.ts';
import type { Provider, QueryAnswer, QueryRequest } from '../provider.ts';
import { SyntheticConfig } from './config.ts';
import type { Moment } from './scenario.ts';
import { SyntheticVariables } from './schema.ts';
import { isMissing, signals } from './signals.ts';

/** A backend that needs none: made-up signals, always the same for the same request. See README.md. */
export const synthetic = defineProvider(SyntheticConfig, (name) => createSynthetic(name));

function createSynthetic(name: string): Provider {
  return {
    name,
    type: 'synthetic',
    checkQuery: (query) => {
      findSignal(query);
    },
    close: () => {},
    fetch: async (request) => answer(name, request),
    scrapeInterval: async () => null,
  };
}

function answer(name: string, request: QueryRequest): QueryAnswer {
  if (request.signal.aborted) throw stopped(name, request.signal);
  const signal = findSignal(request.query);
  const subject = readSubject(request);
  const { from, to, step } = request;
  const values = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, index) => {
    const moment = { ...subject, at: from + index * step };
    return isMissing(moment) ? null : signal(moment);
  });
  return { series: { start: from, step, values }, notNumbers: [], warnings: [] };
}

function findSignal(query: string): (moment: Moment) => number {
  const name = query.trim();
  const signal = Object.hasOwn(signals, name) ? signals[name] : undefined;
  if (signal !== undefined) return signal;
  const allowed = Object.keys(signals).join(', ');
  throw invalidInput([
    { path: '', message: `found the signal ${JSON.stringify(name)}; allowed are ${allowed}` },
  ]);
}

function readSubject({ variables, arm, step }: QueryRequest): Omit<Moment, 'at'> {
  const read = SyntheticVariables.safeParse(variables);
  if (!read.success) {
    throw invalidInput(read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
  }
  const { service, version, 'scope.scenario': scenario, start = 0, end = 0 } = read.data;
  return { service, version, arm, scenario, step, halfway: ((start + end) / 2) * 1000 };
}

function stopped(name: string, signal: AbortSignal): SerinError {
  if (signal.reason instanceof SerinError) return signal.reason;
  return new SerinError(
    'provider_timeout',
    `synthetic "${name}" did not answer before the request was stopped`,
  );
}
