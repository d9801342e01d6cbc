import { cellsOf, type Finding, failsAt, headings, writeEvidence, writeP } from './judge-cells.ts';
import type { Judgement } from './judge-io.ts';
import { writeSparkline } from './judge-sparkline.ts';
import { oneLine } from './words.ts';

export type Look = {
  /** Characters on a line. */
  readonly width: number;
  readonly paints: boolean;
};

const colours: Readonly<Record<Judgement['verdict'], number>> = {
  pass: 32,
  fail: 31,
  inconclusive: 33,
  running: 36,
};
const longestSparkline = 60;

function paint(text: string, verdict: Judgement['verdict'], { paints }: Look): string {
  return paints ? `\u001B[${colours[verdict]}m${text}\u001B[0m` : text;
}

/** Breaks a text between words into lines of at most `width` characters, each after `indent`. */
function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

function writeGrowth(
  { trajectory, failedAt }: Pick<Finding, 'trajectory' | 'failedAt'>,
  full: number,
  indent: string,
  { width }: Look,
): string[] {
  if (trajectory === undefined || trajectory.length === 0) return [];
  const said = failedAt === null || failedAt === undefined ? '' : ` fails at look ${failedAt}`;
  const room = Math.min(longestSparkline, width - indent.length - said.length);
  const bars = writeSparkline(
    trajectory.map(({ logE }) => logE),
    full,
    room,
  );
  return [`${indent}${bars}${said}`];
}

/** After how many steps this was said: at the look that concluded the run where each was looked at. */
function stepsSeen({ trajectory, steps }: Judgement): number {
  return trajectory?.find(({ verdict }) => verdict !== 'running')?.minute ?? steps;
}

function writeHead(judgement: Judgement, look: Look): string[] {
  const { verdict, reason, score, evidence, plannedSteps } = judgement;
  const full = failsAt(evidence.alpha, 1);
  const figures = [
    `score ${score}`,
    `logE ${writeEvidence(evidence.logE, full)}`,
    `p ${writeP(evidence.pValue)}`,
    `alpha ${evidence.alpha}`,
    `after ${stepsSeen(judgement)} of ${plannedSteps} steps`,
  ].join(', ');
  const [first = '', ...rest] = wrap(`${verdict}: ${reason}`, look.width - 2, '');
  return [
    paint(verdict, verdict, look) + first.slice(verdict.length),
    ...rest.map((line) => `  ${line}`),
    ...wrap(figures, look.width, '  '),
    ...writeGrowth(judgement, full, '  ', look),
  ];
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}

/** A row under its headings: words to the left, figures to the right. */
function writeRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) =>
      column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    .join('  ')
    .trimEnd();
}

/** The verdict in a row or under a heading stands alone between two spaces, so painting it moves nothing. */
function paintIn(row: string, verdict: Judgement['verdict'], look: Look): string {
  return row.replace(` ${verdict}`, ` ${paint(verdict, verdict, look)}`);
}

function writeTable(
  findings: readonly Finding[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  alpha: number,
  look: Look,
): string[] {
  const lines = findings.flatMap((finding, index) => [
    paintIn(writeRow(rows[index] ?? [], widths), finding.verdict, look),
    ...writeGrowth(finding, failsAt(alpha, finding.weight), '  ', look),
    ...wrap(finding.reason, look.width, '  '),
  ]);
  return [writeRow(headings, widths), ...lines];
}

function writeFigure(heading: string, cell: string, indent: number, { width }: Look): string[] {
  const line = `  ${heading.padEnd(indent)}  ${cell}`;
  return line.length <= width ? [line] : [`  ${heading}`, ...wrap(cell, width, '    ')];
}

/** The same one figure a line, where a row does not fit. */
function writeCards(
  findings: readonly Finding[],
  rows: readonly (readonly string[])[],
  alpha: number,
  look: Look,
): string[] {
  const indent = Math.max(...headings.map(({ length }) => length));
  return findings.flatMap((finding, index) => {
    const [name = '', verdict = '', ...figures] = rows[index] ?? [];
    return [
      paintIn(`${name}: ${verdict}`, finding.verdict, look),
      ...figures.flatMap((cell, column) => writeFigure(headings[column + 2] ?? '', cell, indent, look)),
      ...writeGrowth(finding, failsAt(alpha, finding.weight), '  ', look),
      ...wrap(finding.reason, look.width, '  '),
    ];
  });
}

/**
 * A judgement for people: the verdict and why, then a row for each metric with its reason below; as many lines as it
 * takes where a row is wider than `look.width`. Trajectories are drawn as bars up to the evidence that fails the run.
 */
export function explain(judgement: Judgement, look: Look): string {
  const { findings, evidence } = judgement;
  const rows = findings.map((finding) => cellsOf(finding, evidence.alpha).map(oneLine));
  const widths = columnWidths([headings, ...rows]);
  const fits = widths.reduce((sum, width) => sum + width + 2, -2) <= look.width;
  const body = fits
    ? writeTable(findings, rows, widths, evidence.alpha, look)
    : writeCards(findings, rows, evidence.alpha, look);
  const legend = findings.some(({ critical }) => critical) ? ['* must itself pass'] : [];
  return [...writeHead(judgement, look), '', ...body, ...legend, ''].join('\n');
}
