import { writeDropped } from '../words.ts';
import type { Assessment } from './assessment.ts';
import { describeGaps, type Gaps } from './gaps.ts';

/**
 * What keeps a metric from being judged: an error in reading it or in its values comes first, then silence, then
 * missing data.
 *
 * @param dropped values that were no numbers and count as missing: they may be why
 * @param nonsense what is wrong with the values themselves; `null` when nothing
 */
export function troubleOf(
  metric: { readonly error?: string | undefined },
  gaps: Gaps,
  dropped: number,
  nonsense: string | null,
): Pick<Assessment, 'obstacle' | 'trouble'> {
  const error = metric.error ?? nonsense;
  if (error !== null && error !== undefined) return { obstacle: 'error', trouble: error };
  const found = describeGaps(gaps);
  if (found === null) return { obstacle: null, trouble: null };
  return { ...found, trouble: found.trouble + writeDropped(dropped) };
}
