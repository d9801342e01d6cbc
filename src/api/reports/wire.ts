import type { Rates } from '../../ledger/rates.ts';
import type { ChangeFailureReport } from '../../ledger/report.ts';
import type { components } from '../schema.gen.ts';
import { writeInstant } from '../times.ts';

type Schemas = components['schemas'];

/** A change-failure report as it goes over the wire; every other form is made of it. */
export type WrittenReport = Schemas['ChangeFailureReport'];

function writeRates(rates: Rates): Schemas['Rates'] {
  return {
    changes: rates.changes,
    failed: rates.failed,
    escaped: rates.escaped,
    caughtInCanary: rates.caughtInCanary,
    failedToDeploy: rates.failedToDeploy,
    rate: rates.rate,
    interval: rates.interval === null ? null : [...rates.interval],
    enough: rates.enough,
    deploymentsPerDay: rates.deploymentsPerDay,
    leadTimeSeconds: { ...rates.leadTimeSeconds },
    recoverySeconds: { ...rates.recoverySeconds },
    reworkRate: rates.reworkRate,
  };
}

function writeDifference({ difference }: ChangeFailureReport): Schemas['RateDifference'] | null {
  return difference === null ? null : { rate: difference.rate, interval: [...difference.interval] };
}

/** The report with times in RFC 3339. */
export function writeReport(report: ChangeFailureReport): WrittenReport {
  return {
    definition: report.definition,
    from: writeInstant(report.from),
    to: writeInstant(report.to),
    tz: report.tz,
    totals: writeRates(report.totals),
    previous: report.previous === null ? null : writeRates(report.previous),
    difference: writeDifference(report),
    buckets: report.buckets.map((bucket) => ({ start: writeInstant(bucket.start), ...writeRates(bucket) })),
    groups: report.groups.map((group) => ({ key: group.key, ...writeRates(group) })),
    pending: report.pending,
    abandoned: report.abandoned,
    unattributedIncidents: report.unattributedIncidents,
  };
}
