import type { Analysis } from '../../src/cli/client.ts';
import { oneLine, writePage, writeSubject } from '../../src/cli/words.ts';

type Finding = Analysis['findings'][number];

/** The runner refuses a summary of more than 1 MiB as a whole, and the step does not fail for it. */
const mostBytes = 1_000_000;
const longestCell = 500;

const marks: Readonly<Record<string, string>> = {
  pass: '🟢',
  fail: '🔴',
  inconclusive: '🟡',
  running: '⏳',
};

/** Text of the service as Markdown that shows it as it is: no markup, no HTML, no mention, one line. */
export function plain(text: string): string {
  const line = oneLine(text);
  const short = line.length > longestCell ? `${line.slice(0, longestCell)}…` : line;
  return short
    .replace(/[\\`*_{}[\]()#+\-.!|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;');
}

function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 ? '+' : ''}${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} %`;
}

/** The effect with its interval; a dash where nothing could be measured. */
function writeEffect({ effect, interval }: Finding): string {
  if (effect === null || effect === undefined) return '–';
  const range = interval
    ? ` (${interval.map((end) => (end === null ? '…' : percent(end))).join(' to ')})`
    : '';
  return `${percent(effect)}${range}`;
}

function writeRow(finding: Finding): string {
  const { metric, verdict, reason, critical } = finding;
  const name = `${plain(metric)}${critical ? ' (critical)' : ''}`;
  return `| ${name} | ${marks[verdict] ?? ''} ${verdict} | ${plain(writeEffect(finding))} | ${plain(reason)} |`;
}

const head = ['| metric | verdict | effect | reason |', '| --- | --- | --- | --- |'];

/** The table of findings; rows that would exceed `budget` bytes are left out, and counted. */
function writeTable(findings: readonly Finding[], budget: number): string {
  if (findings.length === 0) return 'No metric has been judged yet.';
  const rows: string[] = [];
  let bytes = 0;
  for (const finding of findings) {
    const row = writeRow(finding);
    bytes += Buffer.byteLength(row, 'utf8') + 1;
    if (bytes > budget) break;
    rows.push(row);
  }
  const left = findings.length - rows.length;
  return [...head, ...rows, ...(left > 0 ? ['', `… and ${left} more; the report shows all.`] : [])].join(
    '\n',
  );
}

/** An address as the target of a link; what could end the target is encoded. */
function linkTo(address: string): string {
  return address.replace(
    /[()<>\s\\]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}

/** How a step ended: the word of its output, and why. */
export type Told = { readonly verdict: string; readonly reason: string };

/** Markdown of how the step ended, in at most `most` bytes. `analysis` is `null` when there is none to show. */
export function writeJobSummary(
  told: Told,
  analysis: Analysis | null,
  url: string,
  most: number = mostBytes,
): string {
  const mark = marks[told.verdict] ?? '⚪';
  if (analysis === null) return `### ${mark} Serin: ${told.verdict}\n\n${plain(told.reason)}\n`;
  const dryRun = analysis.dryRun
    ? ['', `Dry run: nothing acts on it. The judge says ${analysis.judgedVerdict}.`]
    : [];
  const before = [
    `### ${mark} Serin: ${told.verdict} for ${plain(writeSubject(analysis))}`,
    '',
    plain(told.reason),
    ...dryRun,
    '',
  ].join('\n');
  const after = `\n\n[Report with charts](${linkTo(writePage(analysis, url))})\n`;
  const budget = most - Buffer.byteLength(before + after, 'utf8');
  return `${before}\n${writeTable(analysis.findings, budget)}${after}`;
}
