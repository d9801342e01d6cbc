import type { Run } from '../../analysis/run.ts';
import type { Verdict } from '../../judge/types.ts';
import { pageOf, writeScore } from '../analyses/analysis.ts';
import type { components } from '../schema.gen.ts';

export type ArgoAnswer = components['schemas']['ArgoAnswer'];

/** The controller stores the whole answer, up to ten times a metric, so it stays under 2 KB. */
const mostBytes = 1_990;
const unknownScore = 50;
const mark = '…';

/** Bytes of a JSON value as the controller stores it: it writes `<`, `>` and `&` as six characters. */
function storedBytes(value: unknown): number {
  const text = JSON.stringify(value);
  return Buffer.byteLength(text, 'utf8') + 5 * (text.match(/[<>&\u2028\u2029]/g)?.length ?? 0);
}

/** The longest beginning of `text`, cut between characters, whose JSON has at most `most` bytes as it is stored. */
function cut(text: string, most: number): string {
  if (storedBytes(text) <= most) return text;
  let bytes = storedBytes(mark);
  let kept = '';
  for (const character of text) {
    bytes += storedBytes(character) - 2;
    if (bytes > most) break;
    kept += character;
  }
  return `${kept}${mark}`;
}

/** An answer that is under 2 KB whatever its parts are: the reason gives way, and before it the address. */
function shorten(answer: ArgoAnswer): ArgoAnswer {
  const bare = { ...answer, reason: '' };
  if (storedBytes(bare) > mostBytes / 2) return shorten({ ...answer, analysisId: null, reportUrl: null });
  return { ...answer, reason: cut(answer.reason, mostBytes - storedBytes(bare)) };
}

/** The answer about a run. A dry run passes whatever the judge says. */
export function answerRun(run: Run, publicUrl: string | null): ArgoAnswer {
  return shorten({
    verdict: run.dryRun ? 'pass' : run.verdict,
    score: writeScore(run.score),
    reason: run.reason,
    analysisId: run.id,
    reportUrl: pageOf(run.id, publicUrl),
  });
}

/** The answer when no run can be told of. */
export function answerReason(verdict: Verdict, reason: string): ArgoAnswer {
  return shorten({ verdict, score: unknownScore, reason, analysisId: null, reportUrl: null });
}
