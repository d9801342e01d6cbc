import { invalidInput } from '../errors.ts';
import { type ReadMetric, readMetrics } from './judging-metrics.ts';
import { type OfflinePlan, parseOfflinePlan } from './judging-plan.ts';
import {
  collectIssues,
  isRecord,
  readNumber,
  refuseUnknown,
  type Say,
  writeFound,
} from './judging-values.ts';

const members = ['plan', 'samples', 'stepSeconds', 'looks', 'history'];
/** Whether the run is judged at each of its steps or as a whole only. */
export const looksWords = ['each', 'last'] as const;
export type Looks = (typeof looksWords)[number];

const shortestStep = 1;
const longestStep = 86_400;

/** A request to judge samples at hand, checked. */
export type JudgeRequest = OfflinePlan & {
  /** Milliseconds. */
  readonly step: number;
  readonly looks: Looks;
  /** In the order of the plan. */
  readonly metrics: readonly ReadMetric[];
};

type Outer = {
  readonly step: number;
  readonly looks: Looks;
  readonly samples: Readonly<Record<string, unknown>>;
  readonly history: Readonly<Record<string, unknown>>;
};

function readStep(value: unknown, say: Say): number {
  const seconds = readNumber(value) ?? Number.NaN;
  const step = Math.round(seconds * 1000);
  if (seconds >= shortestStep && seconds <= longestStep) return step;
  const allowed = `a number of seconds from ${shortestStep} to ${longestStep} is needed`;
  say(
    'stepSeconds',
    value === undefined ? `is missing; ${allowed}` : `found ${writeFound(value)}; ${allowed}`,
  );
  return 0;
}

function readLooks(value: unknown, say: Say): Looks {
  if (value === undefined) return 'last';
  const word = looksWords.find((candidate) => candidate === value);
  if (word === undefined) say('looks', `found ${writeFound(value)}; allowed are ${looksWords.join(', ')}`);
  return word ?? 'last';
}

function readObject(value: unknown, at: string, say: Say): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  const needed = 'an object with the samples of each metric by its name is needed';
  say(at, value === undefined ? `is missing; ${needed}` : `found ${writeFound(value)}; ${needed}`);
  return {};
}

function readOuter(body: Readonly<Record<string, unknown>>, say: Say): Outer {
  refuseUnknown(body, members, '', say);
  if (!isRecord(body['plan'])) {
    const found = body['plan'] === undefined ? 'is missing' : `found ${writeFound(body['plan'])}`;
    say('plan', `${found}; an object with metrics is needed`);
  }
  return {
    step: readStep(body['stepSeconds'], say),
    looks: readLooks(body['looks'], say),
    samples: readObject(body['samples'], 'samples', say),
    history: readObject(body['history'] ?? {}, 'history', say),
  };
}

/** The result of `read`, or the rejection of everything that it said. */
function orReject<T>(read: (say: Say) => T): T {
  const { issues, say } = collectIssues();
  const result = read(say);
  if (issues.length > 0) throw invalidInput(issues);
  return result;
}

/**
 * Reads a request: `{plan, samples, stepSeconds, looks?, history?}`. Rejects with `invalid_input` that names what is
 * wrong, such as `samples.errors.canary.events[3]`.
 */
export function readJudgeRequest(body: unknown): JudgeRequest {
  const { plan, ...outer } = orReject((say) => {
    if (isRecord(body)) return { ...readOuter(body, say), plan: body['plan'] };
    say('', `found ${writeFound(body)}; an object with plan, samples and stepSeconds is needed`);
    return { ...readOuter({}, () => {}), plan: {} };
  });
  const offline = parseOfflinePlan(plan, outer.step);
  const metrics = orReject((say) => readMetrics(offline.plan, outer.samples, outer.history, say));
  return { ...offline, step: outer.step, looks: outer.looks, metrics };
}
