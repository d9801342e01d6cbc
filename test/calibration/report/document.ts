import { cpuInWords } from '../generators/cpu.ts';
import { errorsInWords } from '../generators/errors.ts';
import { histogramInWords } from '../generators/histogram.ts';
import { latencyInWords } from '../generators/latency.ts';
import { podsInWords } from '../generators/pods.ts';
import { tenMetricsInWords } from '../generators/ten-metrics.ts';
import type { RowResult } from '../results.ts';
import type { Row } from '../rows/row.ts';
import { failedOf } from '../tally.ts';
import { barsOf, type Standing, standingOf, writeBar } from './bars.ts';
import { rowsLost } from './comparison.ts';
import type { Known } from './equal-alarms.ts';
import { writeErrorFree } from './error-free.ts';
import { failedBy, shareOf } from './estimates.ts';
import { equalTable, failTable, passTable, thresholdTable, writeShare } from './tables.ts';

/** Fewer runs than this are a trial, not a calibration. */
const enoughRuns = 4000;

const introduction = `# Calibration

How often the judge is wrong, how much it finds and how soon: measured on data whose truth is known, because they are drawn. Written by \`npm run calibrate\`; [the judge](judge.md) says what it does with the data, and what of it is proven rather than measured.

## How to read it

Each row is a way to draw runs. In each run every rule sees the same numbers and looks at every minute, 5 to 30 unless the row says otherwise; a fail at any look is final.

- **failed**: the share of runs failed at any look. Where nothing is wrong these are false alarms.
- **median minute**: the minute by which half of all runs have failed; "–" when fewer ever do.
- Both have their 95 % interval beside them: Wilson's for shares, order statistics for minutes.
- **bar**: what the row is held to. It is *met* when the whole interval lies on its right side, *missed* when the whole of it lies on the wrong side, and *within error* between. Where both arms are alike and no stricter bar is set, it is alpha, 5 %. A bar of 100 % is met when every run was found. No seed is chosen: the calibration draws a fresh one, and a bar that is missed stays missed.

The rules beside the judge:

- **Kayenta**: the classifier of Kayenta's judge (98 % Mann–Whitney interval, direction *increase*, no effect size), asked at each look on all minutes so far, as with its growing lookback. It sees gauges as they are, errors in per cent (its root finding stops at 10⁻⁴, which is coarse for small fractions), and of a histogram each minute's median. Of several metrics it fails when the score falls below 75 or a critical one is high. It was made for few looks at long windows; the rows show what looking each minute does to it, not what it does when used otherwise.
- **fixed threshold**: the canary's last minute above 1.2 times the median of the baseline's past (of a histogram: its usual median), or above twice the usual share of errors, at four looks, as rollout controllers offer it. The usual values are known to it exactly; in practice they have to be guessed.

Cells of these two read *failed / median minute*.`;

function writeCommand(known: readonly Known[]): string {
  const seeds = new Map<number, string[]>();
  for (const { row, result } of known) seeds.set(result.seed, [...(seeds.get(result.seed) ?? []), row.id]);
  const lines = [...seeds].map(([seed, rows]) =>
    seeds.size === 1 ? `seed ${seed}` : `- seed ${seed}: ${rows.join(', ')}`,
  );
  return lines.join('\n');
}

function writeHowTo(known: readonly Known[], missing: readonly Row[], version: string): string {
  const few = known.filter(({ result }) => result.tally.runs < enoughRuns);
  const hours = known.reduce((sum, { result }) => sum + result.milliseconds, 0) / 3_600_000;
  return [
    '## How to run it',
    '```sh\nnpm run calibrate                       # all rows, 4 000 runs each, a fresh seed, all cores\nnpm run calibrate -- --estimate         # how long that takes\nnpm run calibrate -- --rows "latency/phi5" --runs 500 --seed 7\nnpm run calibrate -- --report           # this page again, from the rows run so far\n```',
    'Results are kept row by row in `.calibration/`, under the version of the code that gave them. An interrupted calibration goes on where it stopped when it is given its seed again, and this page is written from all rows that the present code has run.',
    `This page: code ${version}, ${hours.toFixed(1)} hours of one core; ${writeCommand(known).includes('\n') ? `\n\n${writeCommand(known)}` : `${writeCommand(known)}.`}`,
    few.length === 0
      ? ''
      : `**Not a calibration yet**: ${few.length} of ${known.length} rows have fewer than ${enoughRuns} runs.`,
    missing.length === 0 ? '' : `**Not run**: ${missing.map(({ id }) => id).join(', ')}.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

type Held = { readonly row: Row; readonly bar: string; readonly standing: Standing };

function writeSummary(known: readonly Known[]): string {
  const held = known.flatMap(({ row, result }): Held[] =>
    barsOf(row).map((bar) => ({
      row,
      bar: `${bar.of} ${writeBar(bar)}`,
      standing: standingOf(bar, result.tally),
    })),
  );
  const of = (standing: Standing): Held[] => held.filter((one) => one.standing === standing);
  const list = (standing: Standing): string[] =>
    of(standing).map(({ row, bar }) => `- ${standing}: ${row.title} (${bar})`);
  const counts = `Of ${held.length} bars ${of('met').length} are met, ${of('within error').length} within error and ${of('missed').length} missed.`;
  return ['## In short', counts, [...list('missed'), ...list('within error')].join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Figures of a row in words, or that it was not run. */
function figuresOf(known: readonly Known[], id: string): { failed: string; kayenta: string; passed: string } {
  const found = known.find(({ row }) => row.id === id);
  if (found === undefined) return { failed: '(not run)', kayenta: '(not run)', passed: '(not run)' };
  const { runs, rules, passed } = found.result.tally;
  return {
    failed: writeShare(shareOf(failedOf(rules.serin.own), runs)),
    kayenta: writeShare(shareOf(failedOf(rules.kayenta.own), runs)),
    passed: writeShare(shareOf(passed, runs)),
  };
}

function writeLost(known: readonly Known[]): string {
  const { asIs, atEqual } = rowsLost(known);
  const list = (rows: readonly Known[]): string =>
    rows.length === 0 ? 'in no row' : rows.map(({ row }) => row.title).join('; ');
  return `- **Where Kayenta's rule finds more, or as much and earlier.** As it is, paid for with the false alarms above: ${list(asIs)}. With equal false alarms: ${list(atEqual)}.`;
}

function writeWeakPlaces(known: readonly Known[]): string {
  const of = (id: string) => figuresOf(known, id);
  return [
    `- **Errors in bursts of one arm alone.** Where each arm has bursts of its own that last for minutes, a run of half an hour sees a handful of them, and bad luck looks like harm: ${of('errors/1-a-minute/bursts/alike').failed} of harmless runs fail at 1 error a minute, ${of('errors/10-a-minute/bursts/alike').failed} at 10, ${of('errors/500-a-minute/bursts/alike').failed} at 500 (Kayenta: ${of('errors/500-a-minute/bursts/alike').kayenta}). With a margin of 25 % in place of 10 % these are ${of('errors/10-a-minute/bursts/wide/alike').failed} and ${of('errors/500-a-minute/bursts/wide/alike').failed} at 10 and 500: a wider margin helps and does not cure.`,
    `- **Canaries with little traffic.** With 1 % of the traffic a canary of 100 requests a minute sees one error a minute; twice the errors are found in ${of('errors/split-1-99/x2').failed} of runs, five times in ${of('errors/split-1-99/x5').failed}.`,
    `- **Pods that differ for good.** Three pods against three that are 5 % apart are unlike before the change already. Of harmless runs ${of('pods/3-3/alike').failed} fail when the pods are read one by one, ${of('pods/3-3-mean/alike').failed} from the means alone; +20 % is found in ${of('pods/3-3/20').failed} and ${of('pods/3-3-mean/20').failed}. With \`podOffsetGuard: always\` these are ${of('pods/3-3-always/alike').failed} and ${of('pods/3-3-always/20').failed}, with \`never\` ${of('pods/3-3-never/alike').failed} and ${of('pods/3-3-never/20').failed}.`,
    `- **Strong autocorrelation.** At φ 0.8 half an hour holds little information: a harmless run passes in ${of('latency/phi8/alike').passed} of cases, +10 % is found in ${of('latency/phi8/10').failed}, and without history ${of('latency/phi8/new-service').failed} of harmless runs fail and ${of('latency/phi8/edge-new-service').passed} of those just beyond acceptable pass.`,
    `- **Ramps** have no onset to be found, and while they are small nothing tells them from noise; the median minutes stand below.`,
    writeLost(known),
    `- **What is drawn is not the world.** The noise is Gaussian or gamma, stationary, and the changes are clean multiples. Level shifts of the environment, deployments of neighbours, caches that warm up and metrics that measure something else than they say are not in here; \`serin backtest\` measures the false alarms of your own metrics.`,
  ].join('\n');
}

function writeByMinute(known: readonly Known[]): string {
  const parts = [
    ['histogram/10', 13],
    ['histogram/20', 6],
  ] as const;
  const written = parts.flatMap(([id, minute]) => {
    const found = known.find(({ row }) => row.id === id);
    if (found === undefined) return [];
    const { runs, rules } = found.result.tally;
    return [`${found.row.title}: ${writeShare(failedBy(rules.serin.own, runs, minute))} by minute ${minute}`];
  });
  return written.length === 0
    ? ''
    : `The bar on a minute is on the median. What was found by that very minute: ${written.join('; ')}.`;
}

const equalAlarms =
  "Rules that raise more false alarms find more, so here each rule has the threshold at which its worst row of a family with both arms alike fails 5 % of runs (of the judge: E, instead of 1/alpha = 20; of Kayenta's rule: the normal quantile z of its interval, without its habit of calling any complete separation high; of the fixed threshold: a power of the factor, so that at power 2 it stands at 1.44 and 4 times the usual).";

/**
 * Writes docs/calibration.md from what is known.
 *
 * @param rows all rows, in order; those without a result are named as not run
 * @param version of the code that gave the results
 */
export function writeReport(
  rows: readonly Row[],
  read: (row: string) => RowResult | null,
  version: string,
): string {
  const known = rows.flatMap((row): Known[] => {
    const result = read(row.id);
    return result === null || result.tally.runs === 0 ? [] : [{ row, result }];
  });
  const missing = rows.filter((row) => !known.some((one) => one.row === row));
  return `${[
    introduction,
    writeHowTo(known, missing, version),
    writeSummary(known),
    '## False alarms',
    failTable(known, 'quiet'),
    '## Harm found',
    failTable(known, 'harm'),
    writeByMinute(known),
    '## Passes',
    'A judge that never passes raises no false alarms. What passes, and what must not: the last rows are worse by just more than the plan accepts.',
    passTable(known),
    writeErrorFree(),
    '## With equal false alarms',
    equalAlarms,
    thresholdTable(known),
    equalTable(known),
    '## Weak places',
    writeWeakPlaces(known),
    failTable(known, 'weak'),
    '## What is drawn',
    [
      latencyInWords,
      cpuInWords,
      errorsInWords,
      histogramInWords,
      podsInWords,
      tenMetricsInWords,
      'Every run has a random stream of its own, named by the seed, the row and the number of the run. Parameters that were open were set so that the rule of Kayenta and a t-test give the figures known of them from the design simulations; those of the judge were not looked at for it.',
    ]
      .map((words) => `- ${words}`)
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}
