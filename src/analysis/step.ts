import { setImmediate } from 'node:timers/promises';
import { startDeadline } from '../deadline.ts';
import type { Verdict } from '../judge/types.ts';
import { type LedgerPolicy, recordVerdict } from '../ledger/changes.ts';
import { tellCallbacks } from './callbacks.ts';
import { judgeBy } from './judging-by.ts';
import { learn } from './noise.ts';
import { type FindProvider, type Readings, read } from './readings.ts';
import type { Run } from './run.ts';
import type { RunEvents } from './run-events.ts';
import type { Claim, Stores, UnitOfWork } from './run-store.ts';
import { judgeInput } from './samples.ts';
import { expire, isOver, next, record } from './transitions.ts';
import { lastPoint } from './window.ts';

/** What is told to the telemetry of each look. */
export type StepObserver = {
  looked(seconds: number, failedMetrics: number): void;
  concluded(verdict: Verdict): void;
};

export type StepDeps = {
  readonly unitOfWork: UnitOfWork;
  readonly findProvider: FindProvider;
  readonly events: RunEvents;
  readonly observer: StepObserver;
  readonly now: () => number;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly expireAfter: () => number;
  /** Since when callers could have asked without a break. */
  readonly upSince: () => number;
  /** How long one look may read; queries not answered by then are failures of that look. */
  readonly readDeadlineMs: number;
};

/**
 * Tells the ledger and everybody who asked what became of a run that is over; nothing while it goes on. To the ledger a
 * dry run's verdict is told as the judge said it, but not as one that anybody acted on; an overridden run's too as the
 * judge said it, for a person's word is no verdict. Call it in the transaction that writes the run.
 */
export async function keepConclusion(stores: Stores, run: Run, policy: LedgerPolicy): Promise<void> {
  const verdict = run.dryRun || run.override !== undefined ? run.judgedVerdict : run.verdict;
  await tellCallbacks(stores, run, policy.now);
  if (!isOver(run) || verdict === 'running') return;
  // Of a window in the past, or one that was judged late, the verdict is of its end, whatever has happened since.
  const at = Math.min(run.concludedAt ?? run.createdAt, run.end);
  const told = { analysisId: run.id, verdict, at, enforced: !run.dryRun, reason: run.reason };
  await recordVerdict(stores.ledger, run.changeId, told, policy);
}

async function save(deps: StepDeps, claim: Claim, run: Run, readings: Readings | null): Promise<boolean> {
  const learned = readings === null ? [] : learn(run, readings);
  const saved = await deps.unitOfWork.transaction(async (stores) => {
    // Before the run, as who moves runs from change to change does: they never wait for each other in a circle.
    if (isOver(run)) await stores.ledger.holdPlace(run.service, run.environment);
    if (!(await stores.runs.saveClaimed(run, claim.token))) return false;
    if (readings !== null) await stores.runs.saveSeries(run.id, readings.kept);
    await stores.noise.keep(learned);
    await keepConclusion(stores, run, deps.ledgerPolicy());
    return true;
  });
  if (!saved) return false;
  if (isOver(run)) deps.observer.concluded(run.verdict);
  deps.events.emit({ type: isOver(run) ? 'concluded' : 'look', run });
  return true;
}

/** After this long the looks judged so far are written, well before the lease ends; the rest is due at once. */
const judgeForMs = 20_000;

/** Judges the looks one by one, giving way between them: a backlog must not hold up those who poll. */
async function judgeLooks(
  deps: StepDeps,
  run: Run,
  readings: Readings,
  looks: readonly number[],
  stop: AbortSignal,
): Promise<Run> {
  const until = deps.now() + judgeForMs;
  let looked = run;
  for (const at of looks) {
    looked = record(
      looked,
      { at, judgement: judgeBy(looked.plan, judgeInput(looked, readings, at)) },
      deps.now(),
    );
    if (isOver(looked) || stop.aborted || deps.now() >= until) return looked;
    await setImmediate();
  }
  return looked;
}

async function look(
  deps: StepDeps,
  claim: Claim,
  looks: readonly number[],
  stop: AbortSignal,
): Promise<void> {
  const began = deps.now();
  const kept = await deps.unitOfWork.stores.runs.loadSeries(claim.run.id);
  const deadline = startDeadline(deps.readDeadlineMs, stop);
  const to = lastPoint(claim.run, deps.now());
  const readings = await read(claim.run, kept, to, deps.findProvider, deadline.signal);
  deadline.release();
  if (stop.aborted) {
    await deps.unitOfWork.stores.runs.release(claim.run.id, claim.token);
    return;
  }
  const run = await judgeLooks(deps, claim.run, readings, looks, stop);
  deps.observer.looked((deps.now() - began) / 1000, readings.errors.size);
  await save(deps, claim, run, readings);
}

/**
 * Performs what is due for a claimed run: reads, judges and writes, or gives the run back. When `stop` aborts before
 * anything was written the lease is returned, and the look is made up later. Rejects when the store does; the lease
 * then runs out by itself.
 */
export async function step(deps: StepDeps, claim: Claim, stop: AbortSignal): Promise<void> {
  const options = { expireAfter: deps.expireAfter(), upSince: deps.upSince() };
  const action = next(claim.run, deps.now(), options);
  switch (action.type) {
    case 'look':
      return look(deps, claim, action.looks, stop);
    case 'expire':
      await save(deps, claim, expire(claim.run, options.expireAfter, deps.now()), null);
      return;
    case 'wait':
      await save(deps, claim, { ...claim.run, nextLookAt: action.until }, null);
      return;
    case 'none':
      await deps.unitOfWork.stores.runs.release(claim.run.id, claim.token);
  }
}
