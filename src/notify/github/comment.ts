import type { GateMessage } from '../../gate/messages.ts';
import { escapeCell, shorten } from './markdown.ts';

/** GitHub refuses longer ones. */
export const mostCharacters = 1024;

const reasonLength = 300;

/** Stands in the last comment, unseen; by it one tells one's own answer from another's. */
export function markOf(gateId: string): string {
  return `<!-- serin:${gateId} -->`;
}

function percent(value: number): string {
  const rounded = Math.round(value * 1000) / 10;
  return `${rounded > 0 ? '+' : ''}${rounded} %`;
}

function rowOf(finding: NonNullable<GateMessage['analysis']>['findings'][number]): string {
  const { metric, verdict, effect, interval } = finding;
  const cells = [
    shorten(metric, 60),
    verdict,
    effect === null ? '–' : percent(effect),
    interval === null ? '–' : `${percent(interval[0])} … ${percent(interval[1])}`,
  ];
  return `| ${cells.map(escapeCell).join(' | ')} |`;
}

function headline({ kind, answer, change, service, environment }: GateMessage): string {
  const subject = escapeCell(shorten(`${change} of ${service}, before ${environment}`, 160));
  if (kind === 'progress') return `**Serin: waiting** · ${subject}`;
  return `**Serin: ${answer.allowed ? 'approved' : 'rejected'}** (${answer.verdict ?? 'no verdict'}) · ${subject}`;
}

function footer({ kind, gateId, analysis }: GateMessage, publicUrl: string | null): string {
  const link =
    analysis === null || publicUrl === null ? '' : `[Analysis](${publicUrl}/analyses/${analysis.id})`;
  return [link, kind === 'final' ? markOf(gateId) : ''].filter((part) => part !== '').join(' ');
}

/** Rows of the findings in `room` characters; what is left out is counted. Empty when not even one fits. */
function table(findings: NonNullable<GateMessage['analysis']>['findings'], room: number): string {
  const head = '| metric | verdict | effect | interval |\n|---|---|---|---|';
  const lines = [head];
  let length = head.length;
  for (const [index, finding] of findings.entries()) {
    const rest = findings.length - index - 1;
    const row = rowOf(finding);
    const more = rest === 0 ? 0 : '| … and 999 more | | | |'.length + 1;
    if (length + row.length + 1 + more > room) {
      if (index === 0) return '';
      lines.push(`| … and ${rest + 1} more | | | |`);
      break;
    }
    lines.push(row);
    length += row.length + 1;
  }
  return lines.length === 1 ? '' : lines.join('\n');
}

/**
 * A comment on a gate, at most 1 024 characters of Markdown: what was decided or waited for, why, the findings in a
 * table, and a link. The findings that do not fit are counted.
 */
export function writeComment(message: GateMessage, publicUrl: string | null): string {
  const { answer, analysis } = message;
  const looks = analysis === null || message.kind !== 'progress' ? '' : ` (${analysis.looks} looks)`;
  const reason = `${shorten(answer.reasons.join('; '), reasonLength)}${looks}`;
  const top = `${headline(message)}\n\n${escapeCell(reason)}`;
  const bottom = footer(message, publicUrl);
  const tail = bottom === '' ? '' : `\n\n${bottom}`;
  const rows = table(analysis?.findings ?? [], mostCharacters - top.length - tail.length - 2);
  const whole = `${top}${rows === '' ? '' : `\n\n${rows}`}${tail}`;
  return whole.length <= mostCharacters ? whole : `${shorten(top, mostCharacters - tail.length)}${tail}`;
}
