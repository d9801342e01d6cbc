import { SerinError } from '../errors.ts';
import { type Actor, requireScope } from '../ledger/actor.ts';
import { entryOf } from '../ledger/audit-store.ts';
import type { LedgerPolicy } from '../ledger/changes.ts';
import { tellCallbacks } from './callbacks.ts';
import type { OverrideRequest, Run } from './run.ts';
import type { RunEvents } from './run-events.ts';
import type { UnitOfWork } from './run-store.ts';
import { keepConclusion } from './step.ts';
import { isOver, override } from './transitions.ts';

type OverrideDeps = {
  readonly unitOfWork: UnitOfWork;
  readonly events: RunEvents;
  readonly now: () => number;
  readonly ledgerPolicy: () => LedgerPolicy;
};

/** Name of everybody as long as access control is off: two of them cannot be told apart. */
const nobody = 'anonymous';

/** Two pairs of eyes: who wants a change through must not be the one who waves it through. */
function requireAnother(run: Run, by: Actor): void {
  if (by.name === nobody || run.requestedBy !== by.name) return;
  throw new SerinError(
    'forbidden',
    `${by.name} asked for analysis ${run.id}; somebody else must override its verdict`,
  );
}

function brief({ phase, verdict, judgedVerdict, override: said }: Run): object {
  return { phase, verdict, judgedVerdict, override: said ?? null };
}

/** One try; `null` when the run changed meanwhile. */
async function tryOverride(
  deps: OverrideDeps,
  run: Run,
  asked: OverrideRequest,
  by: Actor,
): Promise<Run | null> {
  const now = deps.now();
  const after = override(run, { ...asked, by: by.name, at: now });
  const isSaved = await deps.unitOfWork.transaction(async (stores) => {
    await stores.ledger.holdPlace(run.service, run.environment);
    if (!(await stores.runs.saveForced(after, run))) return false;
    if (isOver(run)) await tellCallbacks(stores, after, now);
    else await keepConclusion(stores, after, deps.ledgerPolicy());
    const subject = { type: 'analysis', id: run.id };
    const change = { before: brief(run), after: brief(after), reason: asked.reason };
    await stores.audit.append(entryOf(by, now, { action: 'analysis.override', subject, ...change }));
    return true;
  });
  return isSaved ? after : null;
}

/**
 * Puts a person's verdict in the place of the judge's. Rejects with `forbidden` for the caller who asked for the run
 * and outside its scope, with `conflict` for a dry run, which decides nothing.
 */
export async function overrideRun(
  deps: OverrideDeps,
  find: () => Promise<Run>,
  asked: OverrideRequest,
  by: Actor,
): Promise<Run> {
  // Forced writes race with looks; each try takes the newest state, so a few are plenty.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const run = await find();
    requireScope(by, run.service);
    requireAnother(run, by);
    if (run.dryRun)
      throw new SerinError('conflict', `analysis ${run.id} is a dry run, which decides nothing`);
    const after = await tryOverride(deps, run, asked, by);
    if (after === null) continue;
    deps.events.emit({ type: 'concluded', run: after });
    return after;
  }
  throw new SerinError('conflict', 'the analysis keeps changing; try again');
}
