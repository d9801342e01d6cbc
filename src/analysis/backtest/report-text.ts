import { formatDuration } from '../../duration.ts';
import { writeDeploys } from './deploy-section.ts';
import { writeHarmless } from './harmless-section.ts';
import { writeDuration, writeScope, writeShare, writeTable, writeTime } from './markdown.ts';
import type { Report } from './report.ts';

function describeArms({ subject: { harmless } }: Report): string {
  if (harmless === null) return 'those of each change';
  if (harmless.offset === 0)
    return `canary ${writeScope(harmless.canary)} against baseline ${writeScope(harmless.baseline)}, at the same time`;
  return `${writeScope(harmless.baseline)} against itself ${formatDuration(harmless.offset)} earlier`;
}

function describeWindows({ subject: { harmless } }: Report): string {
  if (harmless === null) return 'none';
  const { planned, busy, quiet } = harmless;
  const left =
    busy === null
      ? 'none left out, for the ledger was not asked for deploys'
      : `${busy} left out, with a change under way then or within ${writeDuration(quiet)} before`;
  return `${planned} planned; ${left}`;
}

function writeHead(report: Report): string {
  const { subject, plans } = report;
  const rows = [
    ['range', `${writeTime(subject.from)} – ${writeTime(subject.to)}`],
    ['arms', describeArms(report)],
    ['harmless windows', describeWindows(report)],
    ...plans.map(({ label, fingerprint, duration, step, alpha }) => [
      'plan',
      `${label} (${fingerprint}): ${formatDuration(duration)} in steps of ${formatDuration(step)}, ${alpha === null ? "Kayenta's rule" : `alpha ${writeShare(alpha)} a run`}`,
    ]),
  ];
  return `# Backtest of ${subject.service} in ${subject.environment}\n\n${writeTable(['', ''], rows)}`;
}

function writeLeftOut({ skipped, unread }: Report): string {
  if (skipped.length === 0 && unread.length === 0) return '';
  const rows = [
    ...skipped.map(({ version, changeId, why }) => [`change ${version ?? changeId}`, why]),
    ...unread.map(({ start, plan, reason }) => [
      `${writeTime(start)} under ${plan}`,
      `could not be read: ${reason}`,
    ]),
  ];
  return `## Left out\n\n${writeTable(['what', 'why'], rows)}`;
}

const offsetLimits =
  '- One population was held against itself at another time. What both arms of a real run share (load, time of day, ' +
  'neighbours) does not cancel here, so that there are more false alarms than with two populations side by side: ' +
  'as a rule the rate is an upper bound, and it is no measure of the plan where traffic changes from day to day.';

const sideBySideLimits =
  '- The arms are two populations that ran side by side. A lasting difference between them (another zone, older ' +
  'machines) is in every window, and fails windows that a real canary among the same machines would not.';

function writeLimits({ subject: { harmless, harm }, deploys }: Report): string {
  const common = [
    '- A rate is that of the windows judged. Windows of one week are alike, more than the intervals know: another week may differ.',
    '- What is read today is what arrived by now; a run sees each step within a few steps of its end, and keeps what it saw.',
  ];
  const aboutHarmless =
    harmless === null
      ? []
      : [
          harmless.offset === 0 ? sideBySideLimits : offsetLimits,
          '- That a window is harmless means that no change is known there. An incident of another origin counts as a false alarm.',
          '- Few false alarms alone say nothing for a plan: one that never fails has none. Read the passes and what is caught beside them.',
        ];
  const aboutHarm =
    harm === null
      ? []
      : ['- Harm that was put in is of one size and kind, from one moment on; real harm is not so regular.'];
  const aboutDeploys =
    deploys === null
      ? []
      : [
          '- What became of a change is what the ledger says. Harm that nobody noticed counts as none, and a change that was stopped early has no more data than until then.',
        ];
  return [
    '## What these numbers can tell\n',
    ...common,
    ...aboutHarmless,
    ...aboutHarm,
    ...aboutDeploys,
    '',
  ].join('\n');
}

/** The report for people, in Markdown. The same report gives the same text. */
export function writeMarkdown(report: Report): string {
  const stopped = report.complete ? '' : '**Stopped before the end: only part of the windows was judged.**\n';
  return [
    writeHead(report),
    stopped,
    writeHarmless(report),
    writeDeploys(report),
    writeLeftOut(report),
    writeLimits(report),
  ]
    .filter((part) => part !== '')
    .join('\n');
}
