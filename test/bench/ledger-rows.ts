import type { ChangeKind, FailureClass, Outcome } from '../../src/ledger/change.ts';
import { reportingTime } from '../../src/ledger/fact.ts';
import { createRandom } from '../support/random.ts';

const wanted = process.env['SERIN_BENCH_CHANGES'] ?? '1000000';
if (!/^[1-9]\d{0,7}$/.test(wanted))
  throw new Error(`SERIN_BENCH_CHANGES: found "${wanted}"; allowed is a number of changes`);

/** How much is made, and over what time; all of it follows from the seed. */
export const size = { changes: Number(wanted), services: 300, days: 730, seed: 20_261_127 } as const;
/** The end of what is made. */
export const end = Date.UTC(2026, 10, 27);

const day = 86_400_000;
const hour = 3_600_000;

export type Row = Readonly<Record<string, unknown>>;

type Ending = { outcome: Outcome; failureClass: FailureClass | null };

/** Five in a hundred fail: three are caught, one and a half escape, half a one fails to deploy. */
function endingOf(draw: number): Ending {
  if (draw < 0.03) return { outcome: 'failed', failureClass: 'caught_in_canary' };
  if (draw < 0.045) return { outcome: 'failed', failureClass: 'escaped' };
  if (draw < 0.05) return { outcome: 'failed', failureClass: 'failed_to_deploy' };
  return { outcome: draw < 0.07 ? 'abandoned' : 'succeeded', failureClass: null };
}

function kindOf(draw: number): ChangeKind {
  return draw < 0.03 ? 'hotfix' : draw < 0.07 ? 'rollback' : 'normal';
}

/** Lead times and recoveries are skewed: the median is as said, one in ten takes six times as long. */
function skewed(draw: number, median: number): number {
  return Math.round(median * Math.exp(1.4 * Math.log(draw / (1 - draw)) * 0.57));
}

function attemptsOf(startedAt: number, endedAt: number | null): string {
  return JSON.stringify([{ startedAt, endedAt, result: endedAt === null ? 'open' : 'completed' }]);
}

function describe(number: number, service: string) {
  const hex = number.toString(16).padStart(40, '0');
  return {
    id: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(-12)}`,
    source: 'argo-rollouts',
    external_id: `rollout-of-${service}/${number}`,
    version: `v1.${number}.0`,
    commit: hex,
    artifact: `pkg:oci/${service}@sha256:${hex}${hex.slice(0, 24)}`,
    targets: '[]',
    analysis_ids: '[]',
    verdict_overruled: false,
  };
}

/** Rows of the table of changes, in the order of time; a few services have most of the changes. */
export function* makeRows(): Generator<Row> {
  const random = createRandom(size.seed);
  for (let number = 0; number < size.changes; number += 1) {
    const service = `service-${Math.floor(size.services * random() ** 2)}`;
    const startedAt = Math.floor(end - size.days * day * (1 - (number + random()) / size.changes));
    const ending = endingOf(random());
    const isFailed = ending.outcome === 'failed';
    const finishedAt = ending.outcome === 'abandoned' ? null : startedAt + skewed(random(), 0.4 * hour);
    const outcomeAt = isFailed ? finishedAt : startedAt + day;
    const recovered = isFailed && random() < 0.5 ? (finishedAt ?? startedAt) + skewed(random(), hour) : null;
    const times = { createdAt: startedAt, startedAt, finishedAt, outcomeAt };
    yield {
      ...describe(number, service),
      service,
      environment: random() < 0.9 ? 'production' : 'staging',
      kind: kindOf(random()),
      outcome: ending.outcome,
      failure_class: ending.failureClass,
      attempts: attemptsOf(startedAt, finishedAt),
      attribution: '{"method":"observation","confidence":0.9}',
      created_at: startedAt,
      committed_at: startedAt - skewed(random(), 20 * hour),
      started_at: startedAt,
      finished_at: finishedAt,
      completed_at: finishedAt,
      outcome_at: outcomeAt,
      recovered_at: recovered,
      reported_at: reportingTime({ ...times, outcome: ending.outcome }),
    };
  }
}

/** The incident that a failed change caused; `null` for any other. */
export function incidentOf(change: Row): Row | null {
  if (change['outcome'] !== 'failed') return null;
  const { id, service, environment, outcome_at: openedAt, recovered_at: resolvedAt } = change;
  const link = { version: change['version'], commit: null, artifact: null };
  const state = {
    ...{ serviceKeys: [service], severity: 'major', title: null, url: null, labels: {} },
    ...{ link: { changeId: null, source: null, externalId: null, ...link } },
    ...{ acknowledgedAt: null, ruling: null },
    attribution: { changeId: id, method: 'version', confidence: 0.95 },
  };
  return {
    ...{ id: `incident of ${id}`, source: 'pagerduty', external_id: `incident of ${id}` },
    ...{ service, environment, status: resolvedAt === null ? 'open' : 'resolved' },
    ...{ opened_at: openedAt, resolved_at: resolvedAt, created_at: openedAt },
    ...{ change_id: id, method: 'version', state: JSON.stringify(state) },
  };
}
