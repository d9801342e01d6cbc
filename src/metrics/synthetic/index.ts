import { invalidInput, SerinError } from '../../errors.ts';
import type { Series } from '../../judge/types.ts';
import { defineProvider } from '../definition.ts';
import type { Labels, Member, MembersAnswer, Provider, QueryAnswer, QueryRequest } from '../provider.ts';
import { bucketLabels, bucketSignal, latencyBuckets, signalNames } from './buckets.ts';
import { SyntheticConfig } from './config.ts';
import type { Moment } from './scenario.ts';
import { SyntheticVariables } from './schema.ts';
import { isMissing, podCount, podSignals, signals } from './signals.ts';

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
    fetchMembers: async (request) => answerMembers(name, request),
    scrapeInterval: async () => null,
  };
}

function answer(name: string, request: QueryRequest): QueryAnswer {
  const { signal, moments } = prepare(name, request);
  if (signal === bucketSignal)
    throw new SerinError(
      'provider_ambiguous',
      `the signal ${bucketSignal} of synthetic "${name}" gives ${bucketLabels.length} series, one for each le; it is for kind: histogram`,
    );
  const value = (moment: Moment) => signals[signal]?.(moment) ?? null;
  return { series: toSeries(request, moments, value), notNumbers: [], warnings: [] };
}

function answerMembers(name: string, request: QueryRequest): MembersAnswer {
  const { signal, moments } = prepare(name, request);
  if (moments.every(isMissing)) return { members: [], warnings: [] };
  const member = (labels: Labels, value: (moment: Moment, index: number) => number | null): Member => ({
    labels,
    series: toSeries(request, moments, value),
    notNumbers: [],
  });
  if (signal === bucketSignal) {
    const rows = moments.map((moment) => (isMissing(moment) ? [] : latencyBuckets(moment)));
    const members = bucketLabels.map((le, bucket) =>
      member({ le }, (_, index) => rows[index]?.[bucket] ?? null),
    );
    return { members, warnings: [] };
  }
  const ofPod = podSignals[signal];
  if (ofPod === undefined)
    return { members: [member({}, (moment) => signals[signal]?.(moment) ?? null)], warnings: [] };
  const members = Array.from({ length: podCount }, (_, pod) =>
    member({ pod: `${moments[0]?.service}-${request.arm}-${pod}` }, (moment) => ofPod(moment, pod)),
  );
  return { members, warnings: [] };
}

function prepare(name: string, request: QueryRequest): { signal: string; moments: readonly Moment[] } {
  if (request.signal.aborted) throw stopped(name, request.signal);
  const signal = findSignal(request.query);
  const subject = readSubject(request);
  const { from, to, step } = request;
  const length = Math.round((to - from) / step) + 1;
  return { signal, moments: Array.from({ length }, (_, index) => ({ ...subject, at: from + index * step })) };
}

function toSeries(
  { from, step }: QueryRequest,
  moments: readonly Moment[],
  value: (moment: Moment, index: number) => number | null,
): Series {
  const values = moments.map((moment, index) => (isMissing(moment) ? null : value(moment, index)));
  return { start: from, step, values };
}

function findSignal(query: string): string {
  const name = query.trim();
  if (signalNames.includes(name)) return name;
  throw invalidInput([
    { path: '', message: `found the signal ${JSON.stringify(name)}; allowed are ${signalNames.join(', ')}` },
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
