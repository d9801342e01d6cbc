import { wilson } from '../../src/judge/statistics/wilson.ts';
import { isDrawn, keyOf, type Place, type Sampling } from './sample.ts';

/** What became of a mutant: a test failed, none came to an end in time, all passed, or none ran through it. */
export type Outcome = 'killed' | 'timeout' | 'survived' | 'uncovered';

/** A mutant, what it replaced, and what became of it. */
export type Tried = Place & { readonly original: string; readonly outcome: Outcome };

export type Tally = Readonly<Record<Outcome, number>> & {
  readonly mutants: number;
  /** Killed or timed out out of all; `null` without mutants. */
  readonly score: number | null;
  /** 95 % interval (Wilson) of the score of all mutants that these were drawn from. */
  readonly interval: readonly [number, number] | null;
};

const z = 1.959963984540054;

/** What the second pass says of a mutant counts, but where it had no test for one that others ran through. */
export function merge(first: readonly Tried[], second: readonly Tried[]): Tried[] {
  const told = second.filter(({ outcome }) => outcome !== 'uncovered');
  const later = new Map(told.map((one) => [keyOf(one), one]));
  return first.map((one) => later.get(keyOf(one)) ?? one);
}

/** What every test that there is has to try again: all that no test of the first pass has found. */
export function undetected(tried: readonly Tried[]): Tried[] {
  return tried.filter(({ outcome }) => outcome === 'survived' || outcome === 'uncovered');
}

/** Only the mutants that were drawn; those without a test are told of even where they were not. */
export function drawn(tried: readonly Tried[], sampling: Sampling): Tried[] {
  return tried.filter((one) => isDrawn(sampling, one));
}

export function tally(tried: readonly Tried[]): Tally {
  const count = (wanted: Outcome) => tried.filter(({ outcome }) => outcome === wanted).length;
  const found = count('killed') + count('timeout');
  return {
    mutants: tried.length,
    killed: count('killed'),
    timeout: count('timeout'),
    survived: count('survived'),
    uncovered: count('uncovered'),
    score: tried.length === 0 ? null : found / tried.length,
    interval: wilson(found, tried.length, z),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A Markdown table, a row a file and one for all of them. */
export function writeTable(tried: readonly Tried[], { share }: Sampling): string {
  const files = [...new Set(tried.map(({ fileName }) => fileName))].sort();
  const row = (name: string, of: readonly Tried[]): string => {
    const { mutants, killed, timeout, survived, uncovered, score, interval } = tally(of);
    const ends = share < 1 && interval !== null ? ` (${interval.map(percent).join(' – ')})` : '';
    const cells = [name, mutants, killed, timeout, survived, uncovered];
    return `| ${cells.join(' | ')} | ${score === null ? '–' : percent(score)}${ends} |`;
  };
  return [
    '| file | mutants | killed | timed out | survived | not covered | score |',
    '|---|---|---|---|---|---|---|',
    ...files.map((file) =>
      row(
        file,
        tried.filter(({ fileName }) => fileName === file),
      ),
    ),
    row('**all**', tried),
  ].join('\n');
}

/** The mutants that no test found, one a line, as `file:line:column  what → replacement`. */
export function listUndetected(tried: readonly Tried[]): string {
  const flat = (text: string): string => text.replace(/\s+/g, ' ');
  return undetected(tried)
    .map(({ fileName, location: { start }, original, replacement, outcome }) => {
      const place = `${fileName}:${start.line}:${start.column}`;
      const note = outcome === 'uncovered' ? '  (no test runs it)' : '';
      return `${place}  ${flat(original)} → ${flat(replacement)}${note}`;
    })
    .join('\n');
}
