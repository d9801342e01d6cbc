import type { JudgedCases, JudgedCounts, JudgeQualityReport, RateOf } from '../../ledger/judge-quality.ts';
import type { JudgedRun } from '../../ledger/judged-run.ts';
import type { components } from '../schema.gen.ts';
import { writeInstant } from '../times.ts';

type Schemas = components['schemas'];

function writeRate(rate: RateOf): Schemas['RateOf'] {
  return rate === null ? null : { ...rate, interval: [...rate.interval] };
}

function writeCounts(counts: JudgedCounts): Schemas['JudgedCounts'] {
  return {
    passed: { ...counts.passed },
    failed: { ...counts.failed },
    inconclusive: counts.inconclusive,
    falsePassRate: writeRate(counts.falsePassRate),
    falseAlarmRate: writeRate(counts.falseAlarmRate),
    failRateWhenFine: writeRate(counts.failRateWhenFine),
    inconclusiveRate: writeRate(counts.inconclusiveRate),
    medianMinutesToFail: counts.medianMinutesToFail,
  };
}

function writeCase(run: JudgedRun): Schemas['JudgedCase'] {
  const { analysisId, changeId, service, environment, dryRun } = run;
  return {
    ...{ analysisId, changeId, service, environment, dryRun },
    concludedAt: writeInstant(run.concludedAt),
    overridden: run.override !== null,
  };
}

function writeCases({ number, count, items }: JudgedCases): Schemas['JudgedCases'] {
  return { number, count, items: items.map(writeCase) };
}

/** The report on the judge with times in RFC 3339. */
export function writeJudgeQuality(report: JudgeQualityReport): Schemas['JudgeQualityReport'] {
  return {
    definition: report.definition,
    from: writeInstant(report.from),
    to: writeInstant(report.to),
    ...writeCounts(report),
    overrides: report.overrides,
    dryRuns: writeCounts(report.dryRuns),
    cases: report.cases === null ? null : report.cases.map(writeCases),
  };
}
