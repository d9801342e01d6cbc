import type { Ending } from './exit-codes.ts';
import type { GateFlags } from './gate-options.ts';
import type { Waited } from './gate-wait.ts';
import { oneLine } from './words.ts';

/** What the caller chose for waits that end without a verdict to act on. */
export type EndingChoice = Pick<GateFlags, 'onInconclusive' | 'onUnavailable'>;

/** The word for how it ended, after what the caller chose for the undecided ones. */
export function endingOf(waited: Waited, choice: EndingChoice): Ending {
  if (waited.ending === 'refused') return 'usage';
  if (waited.ending === 'unavailable') return choice.onUnavailable;
  if (waited.ending === 'timeout') return 'timeout';
  const { verdict } = waited.analysis;
  if (verdict === 'pass' || verdict === 'fail') return verdict;
  return choice.onInconclusive;
}

/** Why there is no verdict, in a sentence or several indented lines; `null` when there is one. */
export function explainEnding(waited: Waited, ending: Ending): string | null {
  if (waited.ending === 'refused') return waited.reason.split('\n').map(oneLine).join('\n  ');
  if (waited.ending === 'unavailable') return `${oneLine(waited.reason)}; it ends as ${ending}`;
  if (waited.ending === 'timeout') return 'no verdict within --timeout; the analysis goes on';
  return null;
}
