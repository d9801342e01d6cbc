import type { Run } from '../analysis/run.ts';
import type { Stores } from '../analysis/run-store.ts';
import type { Runs } from '../analysis/runs.ts';
import { isOver } from '../analysis/transitions.ts';
import { hasCode, SerinError } from '../errors.ts';
import { type Actor, requireScope } from '../ledger/actor.ts';
import type { ChangeFacts } from '../ledger/change.ts';
import { advance } from './advance.ts';
import { answerNothing, answerRun, type GateAnswer } from './answer.ts';
import { findAnswer } from './find-answer.ts';
import type { PendingGate, PendingGateStore } from './pending-gate.ts';
import { defaultPolicy, type GatePolicy } from './policy.ts';

/** The stores as one transaction sees them. */
export type GateStores = Stores & { readonly gates: PendingGateStore };

/** As the unit of work of analyses, with the gates. */
export type GateUnitOfWork = {
  readonly stores: GateStores;
  transaction<T>(work: (stores: GateStores) => Promise<T>): Promise<T>;
};

export type GatesDeps = {
  readonly unitOfWork: GateUnitOfWork;
  readonly runs: Pick<Runs, 'start' | 'find'>;
  /** The configured service of that name or alias; `null` when there is none. */
  readonly findService: (
    name: string,
  ) => { readonly name: string; readonly gates: readonly GatePolicy[] } | null;
  readonly now: () => number;
  readonly onError: (error: unknown, doing: string) => void;
};

export type GateQuestion = {
  readonly service: string;
  readonly environment: string;
  readonly change: Partial<ChangeFacts>;
  /** The analysis that answers; `null`: the one that the gate's configuration says. */
  readonly analysisId: string | null;
};

/** The use cases around gates. All reject with a SerinError. */
export type Gates = {
  /** May this change go on? Starts nothing. `forbidden` outside the scope, `not_found` for an unknown analysis. */
  evaluate(question: GateQuestion, by: Actor): Promise<GateAnswer>;
  /** Looks at the gates that are due: begins what they need, tells how far they are, closes those with an answer. */
  tick(): Promise<void>;
  /** Resolves when no gate is being looked at. */
  idle(): Promise<void>;
  /** Forgets gates that were closed long ago. */
  forget(): Promise<void>;
};

const gatesAtOnce = 50;
const keepClosed = 30 * 86_400_000;

/** What no waiting mends: the gate is refused with it. */
const hopeless = [
  'invalid_input',
  'unknown_service',
  'unknown_template',
  'unknown_provider',
  'forbidden',
  'key_conflict',
  'not_found',
] as const;

type Found = { readonly run: Run | null; readonly answer: GateAnswer; readonly isFinal: boolean };

function found(run: Run | null, answer: GateAnswer): Found {
  return { run, answer, isFinal: run !== null && isOver(run) };
}

async function evaluate(deps: GatesDeps, question: GateQuestion, by: Actor): Promise<GateAnswer> {
  const { environment, change, analysisId } = question;
  const configured = deps.findService(question.service);
  const service = configured?.name ?? question.service;
  requireScope(by, service);
  const policy =
    configured?.gates.find((one) => one.environment === environment) ?? defaultPolicy(environment);
  if (analysisId === null) {
    const { stores } = deps.unitOfWork;
    return (await findAnswer(stores, { service, change, policy, askedAt: deps.now() }, deps.now())).answer;
  }
  const run = await deps.runs.find(analysisId);
  if (run.service !== service)
    throw new SerinError('not_found', `there is no analysis ${analysisId} of ${service}`);
  return answerRun(run, policy);
}

/** Begins the analysis of the canary that is out. The gate's id is its key, so that it is begun once. */
async function begin(deps: GatesDeps, { id, service, environment, change }: PendingGate): Promise<Found> {
  const run = await deps.runs.start({
    key: `gate/${id}`,
    service,
    environment,
    target: null,
    change,
    rollout: null,
    template: null,
    plan: null,
    canary: null,
    baseline: null,
    start: null,
    end: null,
    duration: null,
    interval: null,
    dryRun: false,
    polled: false,
    by: { name: 'gate', isAdmin: false },
  });
  return { ...found(run, answerRun(run, { onInconclusive: 'refuse' })), isFinal: false };
}

async function look(deps: GatesDeps, gate: PendingGate): Promise<Found> {
  const { policy, service, change, createdAt, analysisId } = gate;
  try {
    if (policy.judges === 'canary' && analysisId !== null) {
      const run = await deps.runs.find(analysisId);
      return found(run, answerRun(run, policy));
    }
    const question = { service, change, policy, askedAt: createdAt };
    const { run, answer } = await findAnswer(deps.unitOfWork.stores, question, deps.now());
    return run === null && policy.judges === 'canary' ? await begin(deps, gate) : found(run, answer);
  } catch (error) {
    if (!hasCode(error, ...hopeless)) throw error;
    return { run: null, answer: answerNothing(`it cannot be judged: ${error.message}`), isFinal: true };
  }
}

async function step(deps: GatesDeps, gate: PendingGate): Promise<void> {
  const { run, answer, isFinal } = await look(deps, gate);
  const now = deps.now();
  const next = advance(gate, answer, run, isFinal, now);
  await deps.unitOfWork.transaction(async ({ gates, outbox }) => {
    if (!(await gates.save(next.gate))) return;
    for (const message of next.messages) await outbox.add(message, now);
  });
}

/** Joins the use cases around gates. */
export function createGates(deps: GatesDeps): Gates {
  let ticking: Promise<void> | null = null;
  async function lookAtAll(): Promise<void> {
    for (const gate of await deps.unitOfWork.stores.gates.findDue(deps.now(), gatesAtOnce)) {
      await step(deps, gate).catch((error: unknown) => deps.onError(error, `look at gate ${gate.id}`));
    }
  }
  return {
    evaluate: (question, by) => evaluate(deps, question, by),
    tick: async () => {
      ticking ??= lookAtAll()
        .catch((error: unknown) => deps.onError(error, 'find due gates'))
        .finally(() => {
          ticking = null;
        });
      await ticking;
    },
    idle: async () => {
      await ticking;
    },
    forget: async () => {
      await deps.unitOfWork.stores.gates.forgetClosed(deps.now() - keepClosed);
    },
  };
}
