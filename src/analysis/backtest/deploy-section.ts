import type { DeployRow, DeploySummary, PlanOnDeploy } from './deploy-summary.ts';
import { writeMinutes, writeRate, writeTable, writeTime } from './markdown.ts';
import type { Report } from './report.ts';

function writeSummary(one: DeploySummary): string[] {
  const { toldByJudge } = one;
  return [
    one.plan,
    writeRate(one.caught),
    writeMinutes(one.minutes),
    writeRate(one.missed),
    writeRate(one.falseAlarms),
    writeRate(one.rightPasses),
    toldByJudge.count === 0 ? '–' : `${toldByJudge.failed} of ${toldByJudge.count}`,
  ];
}

function writeOutcome({ outcome, failureClass, toldByJudge }: DeployRow): string {
  const fate = failureClass === null ? outcome : `${outcome}: ${failureClass}`;
  return toldByJudge ? `${fate}, by the judge's own verdict` : fate;
}

function writePlanOn({ reading, minutes, by }: PlanOnDeploy): string {
  if (minutes === null) return reading;
  const guilty = by.length === 0 ? '' : ` by ${by.join(', ')}`;
  return `${reading}${guilty}, minute ${writeMinutes(minutes)}`;
}

function writeRow(row: DeployRow): string[] {
  const kind = row.kind === 'normal' ? '' : ` (${row.kind})`;
  return [
    writeTime(row.startedAt),
    `${row.version ?? row.changeId}${kind}`,
    writeOutcome(row),
    ...row.plans.map(writePlanOn),
  ];
}

function writeMetrics({ plan, metrics }: DeploySummary): string {
  const rows = metrics.map(({ metric, caught, falseAlarms }) => [
    metric,
    String(caught),
    String(falseAlarms),
  ]);
  return `### Metrics under ${plan}\n\n${writeTable(['metric', 'guilty in harmful changes caught', 'guilty of a false alarm'], rows)}`;
}

/** Why a plan failed or could not say: what a person wants to look at. */
function writeReasons(rows: readonly DeployRow[]): string {
  const told = rows.flatMap((row) =>
    row.plans
      .filter(({ reading }) => reading !== 'right pass')
      .map(({ plan, reading, reason }) => [row.version ?? row.changeId, plan, reading, reason]),
  );
  return told.length === 0
    ? ''
    : `### Reasons\n\n${writeTable(['change', 'plan', 'reading', 'reason'], told)}`;
}

/** The part of the report on past deploys; '' when none were asked for. */
export function writeDeploys({ deploys }: Report): string {
  if (deploys === null) return '';
  const head = '## Past deploys\n';
  if (deploys.rows.length === 0)
    return `${head}\nThe ledger has no change of this range that can be judged.\n`;
  const { rows, plans } = deploys;
  const columns = [
    'plan',
    'harmful ones caught (95 %)',
    'median minute',
    'harmful ones passed',
    'harmless ones failed',
    'harmless ones passed',
    'failed again of those the judge had stopped',
  ];
  return [
    head,
    'What each plan would have said of changes whose fate is known. Minutes count from the beginning of the change. Those that the judge itself had stopped are in no rate: that it says the same again proves little.\n',
    writeTable(columns, plans.map(writeSummary)),
    writeTable(
      ['started', 'change', 'what became of it', ...plans.map(({ plan }) => plan)],
      rows.map(writeRow),
    ),
    ...plans.map(writeMetrics),
    writeReasons(rows),
  ]
    .filter((part) => part !== '')
    .join('\n');
}
