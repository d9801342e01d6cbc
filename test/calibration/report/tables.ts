import { type Family, families, type Row, type Section } from '../rows/row.ts';
import { type FirstFails, failedOf, type RuleName } from '../tally.ts';
import { barsOf, standingOf, writeBar } from './bars.ts';
import { type EqualThreshold, equalThresholds, firstFailsAt, type Known } from './equal-alarms.ts';
import { medianMinute, type Share, shareOf } from './estimates.ts';

/** Writes a Markdown table; the first row is its head. */
export function writeTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

const percent = (fraction: number): string => (100 * fraction).toFixed(1);

/** Writes a share with its interval: `2.7 % (2.2–3.2)`. */
export function writeShare({ estimate, interval: [low, high] }: Share): string {
  return `${percent(estimate)} % (${percent(low)}–${percent(high)})`;
}

function writeMinute(minute: number | null): string {
  return minute === null ? '–' : String(minute);
}

function medianOf(firstFails: FirstFails, runs: number): string {
  const { estimate, interval } = medianMinute(firstFails, runs);
  const [low, high] = interval.map(writeMinute);
  return low === high ? writeMinute(estimate) : `${writeMinute(estimate)} (${low} to ${high})`;
}

/** What a rule found, and by when: `99.2 % / 7`. */
function brief(firstFails: FirstFails, runs: number): string {
  return `${percent(failedOf(firstFails) / runs)} % / ${writeMinute(medianMinute(firstFails, runs).estimate)}`;
}

/** The rows of a section: what failed and when, by the judge and by the rules it is compared with. */
export function failTable(known: readonly Known[], section: Section): string {
  const rows = known.filter(({ row }) => row.section === section);
  return writeTable([
    ['row', 'runs', 'bar', 'failed (95 %)', 'median minute (95 %)', 'bar is', 'Kayenta', 'fixed threshold'],
    ...rows.map(({ row, result: { tally } }) => {
      const bars = barsOf(row).filter(({ of }) => of !== 'passed');
      const { own } = tally.rules.serin;
      return [
        row.title,
        String(tally.runs),
        bars.map(writeBar).join(', ') || '–',
        writeShare(shareOf(failedOf(own), tally.runs)),
        medianOf(own, tally.runs),
        bars.map((bar) => standingOf(bar, tally)).join(', ') || '–',
        brief(tally.rules.kayenta.own, tally.runs),
        brief(tally.rules.fixed.own, tally.runs),
      ];
    }),
  ]);
}

/** How the runs ended, of the rows where a pass is right or wrong beyond doubt. */
export function passTable(known: readonly Known[]): string {
  const rows = known.filter(({ row }) => row.isAlike || row.section === 'edge');
  const notFailed = ({ result: { tally } }: Known, rule: RuleName): string =>
    `${percent(1 - failedOf(tally.rules[rule].own) / tally.runs)} %`;
  return writeTable([
    [
      'row',
      'runs',
      'bar',
      'passed (95 %)',
      'bar is',
      'inconclusive',
      'failed',
      'Kayenta: not failed',
      'fixed threshold: not failed',
    ],
    ...rows.map((one) => {
      const { row, result } = one;
      const { runs, passed, inconclusive, rules } = result.tally;
      const bars = row.bars.filter(({ of }) => of === 'passed');
      return [
        row.title,
        String(runs),
        bars.map(writeBar).join(', ') || '–',
        writeShare(shareOf(passed, runs)),
        bars.map((bar) => standingOf(bar, result.tally)).join(', ') || '–',
        `${percent(inconclusive / runs)} %`,
        `${percent(failedOf(rules.serin.own) / runs)} %`,
        notFailed(one, 'kayenta'),
        notFailed(one, 'fixed'),
      ];
    }),
  ]);
}

/** The numbers that people know: E, the level of Kayenta's interval as a normal quantile, multiples of what is usual. */
const thresholdInWords: Readonly<Record<RuleName, (threshold: number) => string>> = {
  serin: (threshold) => `E ≥ ${Math.exp(threshold).toPrecision(2)}`,
  kayenta: (threshold) => `z ≥ ${threshold.toFixed(2)}`,
  fixed: (threshold) => `power ${threshold.toFixed(2)}`,
};

function writeThreshold(rule: RuleName, threshold: EqualThreshold | null): string {
  return threshold === null ? 'none' : `${thresholdInWords[rule](threshold.threshold)}: ${threshold.worst}`;
}

/** The equal thresholds of each family, and the row that sets each. */
export function thresholdTable(known: readonly Known[]): string {
  const present = families.filter((family) => known.some(({ row }) => row.family === family && row.isAlike));
  return writeTable([
    ['rows of', 'Serin (E ≥ 20)', 'Kayenta (z > 2.33)', 'fixed threshold (power 1)'],
    ...present.map((family) => {
      const thresholds = equalThresholds(known, family);
      return [
        family,
        writeThreshold('serin', thresholds.serin),
        writeThreshold('kayenta', thresholds.kayenta),
        writeThreshold('fixed', thresholds.fixed),
      ];
    }),
  ]);
}

/** Rows in which something is to be found. */
export function hasHarm(row: Row): boolean {
  return !row.isAlike && (row.section === 'harm' || row.section === 'weak');
}

function equalCell(one: Known, rule: RuleName, threshold: EqualThreshold | null): string {
  const counts = threshold === null ? undefined : firstFailsAt(one, rule, threshold);
  return counts === undefined ? '–' : brief(counts, one.result.tally.runs);
}

/** What each rule finds when none of them has more than alpha of false alarms in any row of the family. */
export function equalTable(known: readonly Known[]): string {
  const thresholds = new Map(families.map((family: Family) => [family, equalThresholds(known, family)]));
  return writeTable([
    ['row', 'Serin', 'Kayenta', 'fixed threshold'],
    ...known
      .filter(({ row }) => hasHarm(row))
      .map((one) => {
        const own = thresholds.get(one.row.family);
        return [
          one.row.title,
          equalCell(one, 'serin', own?.serin ?? null),
          equalCell(one, 'kayenta', own?.kayenta ?? null),
          equalCell(one, 'fixed', own?.fixed ?? null),
        ];
      }),
  ]);
}
