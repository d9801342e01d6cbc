import type { Finding, Judgement, NoiseProfile, Verdict } from '../judge/types.ts';
import type { Plan } from './plan.ts';

/** Variables that select one arm in queries: `{{scope.<name>}}`. */
export type Scope = Readonly<Record<string, string>>;

/** Which controller's rollout the run belongs to; ties the controller's events to the run and its change. */
export type Rollout = {
  readonly uid: string;
  readonly revision: string;
  readonly namespace: string | null;
  readonly name: string | null;
};

/** What earlier runs told of one metric's noise, discounted, and how many they were. */
export type RunNoise = {
  readonly metric: string;
  readonly profile: NoiseProfile & { readonly runs: number };
};

/** Who is to be told when the run is over: a channel of the outbox, and what that channel needs to know. Plain data. */
export type Callback = { readonly channel: string; readonly data: unknown };

/** A person's verdict and why. */
export type OverrideRequest = {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly reason: string;
};

/** A person's verdict in the place of the judge's. */
export type Override = OverrideRequest & {
  /** Name of the caller who said so. */
  readonly by: string;
  readonly at: number;
};

export const phases = ['waiting', 'running', 'concluded', 'cancelled'] as const;
export type Phase = (typeof phases)[number];

/**
 * The durable state of one analysis. Times are integer milliseconds. Everything a look needs is in here or in the
 * kept series, so that any process can take the run up where another left it.
 */
export type Run = {
  readonly id: string;
  readonly key: string;
  readonly attempt: number;
  readonly service: string;
  readonly environment: string;
  readonly target: string | null;
  readonly changeId: string;
  readonly rollout: Rollout | null;
  /** Version of the change, for `{{version}}`; "" when unknown. */
  readonly version: string;
  readonly plan: Plan;
  /** Fingerprint of plan and scopes: the same key with another digest is a conflict. */
  readonly digest: string;
  readonly canary: Scope;
  readonly baseline: Scope;
  readonly dryRun: boolean;
  /** True when the caller polls (Argo): such a run expires when it is no longer asked for. */
  readonly polled: boolean;
  /** Name of the caller who asked for it first; lacking in runs of old. */
  readonly requestedBy?: string | undefined;
  /** Lacking as long as nobody overrode it. */
  readonly override?: Override | undefined;
  /** The window is `(start, end]`; `end` is the planned end, moved once by `extend`. */
  readonly start: number;
  readonly end: number;
  readonly phase: Phase;
  /** What callers act on. */
  readonly verdict: Verdict;
  /** What the judge said, kept under override and dry run. */
  readonly judgedVerdict: Verdict;
  readonly score: number;
  readonly reason: string;
  /** The last judgement; `null` before the first look. */
  readonly judgement: Judgement | null;
  /** Number of looks judged so far. */
  readonly looks: number;
  /** When the last look was tried first, where a provider failed it; `null` until then. */
  readonly finalTriedAt: number | null;
  /** The scheduled time of the last look judged; `null` before the first. */
  readonly lookedThrough: number | null;
  /** When the run is due; `null` once it is over. */
  readonly nextLookAt: number | null;
  /** Alpha this run spends: the plan's alpha over its stages. */
  readonly alpha: number;
  /** How many analyses its change had when this one began, itself included. */
  readonly analysesOfChange: number;
  /** Noise of its metrics that was known when it was made, and stays as it was; lacking in runs of old. */
  readonly noise?: readonly RunNoise[] | undefined;
  /** Who is told when it is over; lacking in runs of old. */
  readonly callbacks?: readonly Callback[] | undefined;
  readonly createdAt: number;
  readonly askedAt: number;
  readonly concludedAt: number | null;
  /** Set when the controller ended the rollout: the same key then starts afresh. */
  readonly rolloutEndedAt: number | null;
};

/** What a callback is told of a run that is over: the payload of its message is `{ data, analysis: Conclusion }`. */
export type Conclusion = Pick<
  Run,
  | 'id'
  | 'key'
  | 'attempt'
  | 'service'
  | 'environment'
  | 'target'
  | 'changeId'
  | 'version'
  | 'canary'
  | 'baseline'
  | 'dryRun'
  | 'verdict'
  | 'judgedVerdict'
  | 'score'
  | 'reason'
  | 'start'
  | 'end'
  | 'looks'
  | 'createdAt'
  | 'concludedAt'
> & {
  readonly findings: readonly Pick<
    Finding,
    'metric' | 'verdict' | 'critical' | 'effect' | 'interval' | 'reason'
  >[];
};
