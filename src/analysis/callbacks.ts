import { createHash } from 'node:crypto';
import type { Callback, Conclusion, Run } from './run.ts';
import type { Stores } from './run-store.ts';
import { isOver } from './transitions.ts';

/** Whoever waits for a verdict has made other arrangements after this long. */
const keepTrying = 86_400_000;

/** What those who asked to be told are told of a run that is over. */
function conclusionOf(run: Run): Conclusion {
  const { id, key, attempt, service, environment, target, changeId, version, canary, baseline, dryRun } = run;
  const { verdict, judgedVerdict, score, reason, start, end, looks, createdAt, concludedAt } = run;
  const findings = (run.judgement?.findings ?? []).map((finding) => ({
    metric: finding.metric,
    verdict: finding.verdict,
    critical: finding.critical,
    effect: finding.effect,
    interval: finding.interval,
    reason: finding.reason,
  }));
  return {
    ...{ id, key, attempt, service, environment, target, changeId, version, canary, baseline, dryRun },
    ...{ verdict, judgedVerdict, score, reason, start, end, looks, createdAt, concludedAt, findings },
  };
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

/** Callbacks are the same when they say the same. */
function nameOf({ channel, data }: Callback): string {
  return JSON.stringify([channel, data]);
}

/** What `asked` has that `known` lacks. */
export function missingCallbacks(
  known: readonly Callback[] | undefined,
  asked: readonly Callback[] | undefined,
): readonly Callback[] {
  const names = new Set((known ?? []).map(nameOf));
  return (asked ?? []).filter((callback) => !names.has(nameOf(callback)));
}

/**
 * Puts a message in the outbox for everybody who asked to be told of the run; none while it goes on. Each verdict is
 * told once, so a verdict that is overridden is told again. Call it in the transaction that writes the run.
 */
export async function tellCallbacks(
  stores: Pick<Stores, 'outbox'>,
  run: Run,
  now: number,
  callbacks: readonly Callback[] = run.callbacks ?? [],
): Promise<void> {
  if (!isOver(run)) return;
  const analysis = conclusionOf(run);
  for (const callback of callbacks) {
    const { channel, data } = callback;
    const dedupeKey = `analysis/${run.id}/${digestOf([run.verdict, run.reason, run.override?.at ?? null, data])}`;
    const message = {
      channel,
      dedupeKey,
      payload: { data, analysis },
      dueAt: now,
      expiresAt: now + keepTrying,
    };
    await stores.outbox.add(message, now);
  }
}
