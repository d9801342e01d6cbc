import type { Assessment } from './assessment.ts';
import { describeGaps, type Gaps } from './gaps.ts';

/**
 * What keeps a metric from being judged: an error in reading it or in its values comes first, then silence, then
 * missing data.
 *
 * @param nonsense what is wrong with the values themselves; `null` when nothing
 */
export function troubleOf(
  metric: { readonly error?: string | undefined },
  gaps: Gaps,
  nonsense: string | null,
): Pick<Assessment, 'obstacle' | 'trouble'> {
  const error = metric.error ?? nonsense;
  if (error !== null && error !== undefined) return { obstacle: 'error', trouble: error };
  return describeGaps(gaps) ?? { obstacle: null, trouble: null };
}
