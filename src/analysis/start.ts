import { randomUUID } from 'node:crypto';
import { SerinError } from '../errors.ts';
import { requireScope } from '../ledger/actor.ts';
import { type AuditEntry, entryOf } from '../ledger/audit-store.ts';
import type { Change } from '../ledger/change.ts';
import { type LedgerPolicy, recordReport } from '../ledger/changes.ts';
import { missingCallbacks, tellCallbacks } from './callbacks.ts';
import type { Catalog } from './catalog.ts';
import { recall } from './noise.ts';
import type { FindProvider } from './readings.ts';
import { identify, type RequestIdentity, type ResolvedRequest, resolveRequest } from './request.ts';
import type { Callback, Run } from './run.ts';
import type { Stores, UnitOfWork } from './run-store.ts';
import type { StartRequest } from './runs.ts';
import { isOver } from './transitions.ts';
import { nextLook } from './window.ts';

export type StartDeps = {
  readonly unitOfWork: UnitOfWork;
  readonly catalog: () => Catalog;
  readonly findProvider: FindProvider;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly now: () => number;
  /** Throws `invalid_input` for callbacks that nobody may ask for; lacking: all may be asked for. */
  readonly checkCallbacks?: ((callbacks: readonly Callback[]) => void) | undefined;
  /** Since when callers could have asked without a break. */
  readonly upSince: () => number;
};

/** Polls come each few seconds; noting one in a while is enough to tell a caller that went away. */
const touchEvery = 15_000;

/** Notes that a run was asked for, but not more often than needed. */
export async function noteAsked(stores: Stores, run: Run, now: number): Promise<void> {
  if (now - run.askedAt >= touchEvery) await stores.runs.touch(run.id, now);
}

/** A concluded key replays its verdict until its rollout is over or nobody asked for a while who could have. */
function startsAfresh(run: Run, { catalog, now, upSince }: StartDeps): boolean {
  if (!isOver(run)) return false;
  const last = Math.max(run.askedAt, run.concludedAt ?? 0, upSince());
  return run.rolloutEndedAt !== null || now() - last > catalog().rejoinAfter;
}

/** A dry run tells its callers pass, so it and a real one are never joined. */
function join(run: Run, identity: RequestIdentity, dryRun: boolean): Run {
  if (run.dryRun !== dryRun)
    throw new SerinError(
      'key_conflict',
      `key "${run.key}" belongs to analysis ${run.id}, which is ${run.dryRun ? 'a' : 'no'} dry run; use another key`,
    );
  if (run.digest === identity.digest) return run;
  throw new SerinError(
    'key_conflict',
    `key "${run.key}" belongs to analysis ${run.id}, which has another plan or other scopes; use another key, or the same plan and scopes`,
  );
}

/** The change's name in its source: the rollout's revision, or the key for callers without a rollout. */
function nameChange(
  request: StartRequest,
  resolved: ResolvedRequest,
  attempt: number,
): { source: string; externalId: string } {
  if (request.rollout !== null)
    return {
      source: request.source ?? 'argo-rollouts',
      externalId: `${request.rollout.uid}/${request.rollout.revision}`,
    };
  const where = [resolved.service, request.environment, request.target ?? '', resolved.key].join('/');
  return { source: 'analysis', externalId: attempt === 1 ? where : `${where}#${attempt}` };
}

function isSameChange(previous: Run, change: Change, { rollout, change: told }: StartRequest): boolean {
  const differs = (['version', 'commit', 'artifact'] as const).some(
    (key) => change[key] && told[key] && change[key] !== told[key],
  );
  return (
    !differs && previous.rollout?.uid === rollout?.uid && previous.rollout?.revision === rollout?.revision
  );
}

async function changeOf(
  deps: StartDeps,
  stores: Stores,
  request: StartRequest,
  resolved: ResolvedRequest,
  previous: Run | null,
): Promise<string> {
  if (previous !== null) {
    const change = await stores.ledger.find(previous.changeId);
    if (change?.outcome === 'pending' && isSameChange(previous, change, request)) return change.id;
  }
  const name = nameChange(request, resolved, (previous?.attempt ?? 0) + 1);
  const targets = request.target === null ? [] : [request.target];
  const report = {
    ...name,
    service: resolved.service,
    environment: request.environment,
    targets,
    facts: request.change,
  };
  return (await recordReport(stores.ledger, report, deps.ledgerPolicy())).id;
}

async function createRun(
  deps: StartDeps,
  stores: Stores,
  request: StartRequest,
  resolved: ResolvedRequest,
  previous: Run | null,
): Promise<Run> {
  const now = deps.now();
  const { plan } = resolved;
  const start = resolved.start ?? now;
  const window = { start, end: start + plan.duration, plan };
  const place = { service: resolved.service, environment: request.environment, target: request.target };
  const changeId = await changeOf(deps, stores, request, resolved, previous);
  return {
    ...window,
    id: randomUUID(),
    key: resolved.key,
    attempt: (previous?.attempt ?? 0) + 1,
    ...place,
    changeId,
    rollout: request.rollout,
    version: request.change.version ?? '',
    digest: resolved.digest,
    canary: resolved.canary,
    baseline: resolved.baseline,
    dryRun: request.dryRun,
    polled: request.polled,
    requestedBy: request.by.name,
    phase: 'waiting',
    verdict: request.dryRun ? 'pass' : 'running',
    judgedVerdict: 'running',
    score: 50,
    reason: start > now ? 'the analysis has not begun' : 'waiting for the first data',
    judgement: null,
    looks: 0,
    finalTriedAt: null,
    lookedThrough: null,
    nextLookAt: nextLook(window, null),
    alpha: plan.alpha / plan.stages,
    analysesOfChange: (await stores.runs.countByChange(changeId)) + 1,
    noise: await recall(stores.noise, place, plan, start),
    callbacks: request.callbacks ?? [],
    createdAt: now,
    askedAt: now,
    concludedAt: null,
    rolloutEndedAt: null,
  };
}

/** The run with the request's callbacks added, told at once where it is over; `null` when it changed meanwhile. */
async function joinCallbacks(deps: StartDeps, run: Run, request: StartRequest): Promise<Run | null> {
  const missing = missingCallbacks(run.callbacks, request.callbacks);
  if (missing.length === 0) return run;
  const told = { ...run, callbacks: [...(run.callbacks ?? []), ...missing] };
  return deps.unitOfWork.transaction(async (stores) => {
    if (!(await stores.runs.saveForced(told, run))) return null;
    await tellCallbacks(stores, told, deps.now(), missing);
    return told;
  });
}

function startEntry(request: StartRequest, run: Run): AuditEntry {
  const { service, environment, target, key, attempt, changeId, dryRun, plan } = run;
  return entryOf(request.by, run.createdAt, {
    action: 'analysis.start',
    subject: { type: 'analysis', id: run.id },
    after: { service, environment, target, key, attempt, changeId, dryRun, plan: plan.name },
  });
}

/** One try; `null` when another request made or changed the run in between. */
async function tryStart(deps: StartDeps, request: StartRequest): Promise<Run | null> {
  const identity = identify(request, deps.catalog());
  requireScope(request.by, identity.service);
  deps.checkCallbacks?.(request.callbacks ?? []);
  const { environment, target } = request;
  const keySpace = { service: identity.service, environment, target, key: identity.key };
  const existing = await deps.unitOfWork.stores.runs.findLatest(keySpace);
  if (existing !== null && !startsAfresh(existing, deps)) {
    const joined = await joinCallbacks(deps, join(existing, identity, request.dryRun), request);
    if (joined === null) return null;
    await noteAsked(deps.unitOfWork.stores, joined, deps.now());
    return joined;
  }
  const resolved = resolveRequest(request, deps.catalog(), deps.findProvider, deps.now());
  return deps.unitOfWork
    .transaction(async (stores) => {
      const run = await createRun(deps, stores, request, resolved, existing);
      if (!(await stores.runs.insert(run))) return rollBack();
      await stores.audit.append(startEntry(request, run));
      return run;
    })
    .catch((error: unknown) => {
      if (error === lostRace) return null;
      throw error;
    });
}

const lostRace = new SerinError('conflict', 'another request started the analysis first');

function rollBack(): never {
  throw lostRace;
}

/** Starts a run, or joins the one with the same key. Nothing is stored when the request is refused. */
export async function startOrJoin(deps: StartDeps, request: StartRequest): Promise<Run> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const run = await tryStart(deps, request);
    if (run !== null) return run;
  }
  throw new SerinError(
    'store_unavailable',
    'the analysis could not be started: too many requests start it at once; ask again',
  );
}
