import { schedule, validateDetailed } from 'node-cron';
import type { Cron } from '../ledger/due-times.ts';
import type { Claim, RunStore } from './run-store.ts';

export type SchedulerDeps = {
  readonly runs: RunStore;
  /** Performs what is due for one claimed run. */
  readonly step: (claim: Claim, stop: AbortSignal) => Promise<void>;
  /** Work that belongs to no run: settling changes and the like. Called about once a minute. */
  readonly housekeeping: () => Promise<void>;
  /** Other work of each tick, such as sending messages; not waited for. Whoever gives it ends it, too. */
  readonly alongside?: () => Promise<void>;
  readonly now: () => number;
  /** Told of every failure; a failing store must not end the ticking. */
  readonly onError: (error: unknown, doing: string) => void;
  /** Told how late the runs just claimed were, milliseconds. */
  readonly onLag: (milliseconds: number) => void;
  /** How many runs are looked at side by side. */
  readonly concurrency: number;
  /** A look that has not been written after this long is given up and may be taken by others, milliseconds. */
  readonly leaseMs: number;
};

export type Scheduler = {
  /** Ticks each second from now on. */
  start(): void;
  /** Since when claiming has worked without a break: while the store is away, now. */
  upSince(): number;
  /** Claims what is due and begins to look; resolves when the claiming is over, not the looking. */
  tick(): Promise<void>;
  /** Resolves when no look is under way. */
  idle(): Promise<void>;
  /** Claims no more, lets looks under way finish for `graceMs`, then aborts them so that they return their leases. */
  stop(graceMs: number): Promise<void>;
};

/**
 * Reads a cron expression of five fields (or `@daily` and the like). What is none, or says more than numbers and the
 * last day of a month, gives what is wrong with it.
 */
export function readCron(expression: string): Cron | { readonly wrong: string } {
  const { valid, fields, errors } = validateDetailed(expression);
  if (!valid || fields === undefined)
    return { wrong: errors.map(({ field, message }) => `${field}: ${message}`).join('; ') };
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = fields;
  const odd = [...dayOfMonth, ...dayOfWeek].find((one) => typeof one === 'string' && one !== 'L');
  if (odd !== undefined || dayOfWeek.includes('L'))
    return {
      wrong: `found ${odd ?? 'L'}; allowed are numbers, names, ranges, steps, and L for the last day`,
    };
  if (second.length !== 1 || second[0] !== 0) return { wrong: 'allowed are five fields, without seconds' };
  return { minute, hour, dayOfMonth, month, dayOfWeek };
}

const housekeepingEvery = 60_000;

/** Since when something has worked without a break; while it does not, that is now. */
function createUptime(now: () => number): { worked(): void; failed(): void; since(): number } {
  let since: number | null = now();
  return {
    worked: () => {
      since ??= now();
    },
    failed: () => {
      since = null;
    },
    since: () => since ?? now(),
  };
}

/** Does the housekeeping about once a minute, however often it is called. */
function createHousekeeping({ now, housekeeping, onError }: SchedulerDeps): () => Promise<void> {
  let keptAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() - keptAt < housekeepingEvery) return;
    keptAt = now();
    await housekeeping().catch((error: unknown) => onError(error, 'housekeeping'));
  };
}

/** Claims due runs by lease and looks at many at once. */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  const active = new Map<string, Promise<void>>();
  const abort = new AbortController();
  let stopped = false;
  let claiming: Promise<void> | null = null;
  let again = false;
  const uptime = createUptime(deps.now);
  const keepHouse = createHousekeeping(deps);
  let task: ReturnType<typeof schedule> | null = null;

  async function perform(claim: Claim): Promise<void> {
    try {
      await deps.step(claim, abort.signal);
    } catch (error) {
      deps.onError(error, `look at ${claim.run.id}`);
    }
  }

  function begin(claim: Claim): void {
    deps.onLag(Math.max(0, deps.now() - (claim.run.nextLookAt ?? deps.now())));
    const done = perform(claim).finally(() => active.delete(claim.token));
    active.set(claim.token, done);
  }

  async function claimAll(): Promise<void> {
    do {
      again = false;
      const free = deps.concurrency - active.size;
      if (stopped || free <= 0) return;
      const claims = await deps.runs.claimDue(deps.now(), free, deps.leaseMs);
      uptime.worked();
      for (const claim of claims) begin(claim);
    } while (again);
  }

  async function tick(): Promise<void> {
    again = true;
    if (!stopped) deps.alongside?.().catch((error: unknown) => deps.onError(error, 'work alongside'));
    claiming ??= claimAll()
      .catch((error: unknown) => {
        uptime.failed();
        deps.onError(error, 'claim due runs');
      })
      .finally(() => {
        claiming = null;
      });
    await claiming;
    if (!stopped) await keepHouse();
  }

  async function idle(): Promise<void> {
    await claiming;
    while (active.size > 0) await Promise.all(active.values());
  }

  return {
    start: () => {
      task = schedule('* * * * * *', tick);
    },
    upSince: uptime.since,
    tick,
    idle,
    stop: async (graceMs) => {
      stopped = true;
      await task?.destroy();
      const timer = setTimeout(() => abort.abort(), graceMs);
      await idle();
      clearTimeout(timer);
    },
  };
}
