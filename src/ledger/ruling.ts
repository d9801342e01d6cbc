import { type InputIssue, invalidInput, SerinError } from '../errors.ts';
import { type Change, type FailureClass, type Outcome, outcomes } from './change.ts';
import type { ChangeEvent } from './change-event.ts';
import { checkFailureClass, checkInstant, checkWord } from './change-report.ts';
import { orderEvents } from './event-order.ts';
import type { LedgerStore } from './ledger-store.ts';
import { addEvents, type LedgerPolicy, makeKey } from './recording.ts';

/** What a person says became of a change. */
export type Ruling = {
  readonly outcome: Outcome;
  /** Only of a failure; `null`: as the change failed before, else escaped once it had completed, else caught. */
  readonly failureClass: FailureClass | null;
  /** When it became so, milliseconds; also the ruling's own time: the latest ruling counts. */
  readonly at: number;
  readonly reason: string | null;
  /** Who says so. */
  readonly by: string;
};

type Ruled = ChangeEvent & { readonly type: 'ruled' };

function check(ruling: Ruling, now: number): void {
  const issues: InputIssue[] = [];
  checkWord(ruling.outcome, outcomes, 'outcome', issues);
  checkFailureClass(ruling.outcome, ruling.failureClass, '', issues);
  checkInstant(ruling.at, 'at', now, issues);
  if (issues.length > 0) throw invalidInput(issues);
}

function isRuled(event: ChangeEvent): event is Ruled {
  return event.type === 'ruled';
}

function saysTheSame(event: Ruled, ruling: Ruling): boolean {
  return (['outcome', 'failureClass', 'at', 'by', 'reason'] as const).every(
    (key) => event[key] === ruling[key],
  );
}

/** Numbered, so that of two rulings for the same time the one made later counts. */
function makeEvent(changeId: string, ruling: Ruling, before: number) {
  const dedupeKey = makeKey(changeId, 'ruled', String(before).padStart(6, '0'));
  return { ...ruling, type: 'ruled', source: 'manual', dedupeKey } as const;
}

/**
 * Records a person's ruling, which wins over everything; of several the latest by its own time. The one in force
 * said again adds nothing. `not_found` without the change, `invalid_input` for a future time or an unknown word.
 */
export async function rule(
  store: LedgerStore,
  changeId: string,
  ruling: Ruling,
  policy: LedgerPolicy,
): Promise<{ readonly change: Change; readonly isNews: boolean }> {
  check(ruling, policy.now);
  const change = await store.find(changeId);
  if (change === null) throw new SerinError('not_found', `no change has the id "${changeId}"`);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const before = orderEvents(await store.eventsOf(change.id)).filter(isRuled);
    const last = before.at(-1);
    if (last !== undefined && saysTheSame(last, ruling)) return { change, isNews: false };
    const { change: ruled, added } = await addEvents(
      store,
      change,
      [makeEvent(change.id, ruling, before.length)],
      policy,
    );
    // A number that is taken: another person ruled at the same moment.
    if (added > 0) return { change: ruled, isNews: true };
  }
  throw new SerinError('conflict', `change ${changeId} is being ruled by others; try again`);
}
