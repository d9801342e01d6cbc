import type { ChangeReport } from './ledger/changes.ts';
import { seededRandom } from './metrics/synthetic/random.ts';

const day = 86_400_000;
const days = 90;

function makeChange(service: string, number: number, startedAt: number, fate: number): ChangeReport {
  const finishedAt = startedAt + 1_800_000;
  const outcome =
    fate < 0.1
      ? ({ outcome: 'failed', failureClass: 'caught_in_canary' } as const)
      : fate < 0.14
        ? ({ outcome: 'failed', failureClass: 'escaped' } as const)
        : ({ outcome: 'succeeded' } as const);
  return {
    source: 'demo',
    externalId: `${service}/${number}`,
    service,
    environment: 'production',
    targets: [],
    facts: {
      version: `v1.${number}.0`,
      actor: 'demo',
      kind: 'normal',
      committedAt: startedAt - 14_400_000,
      startedAt,
    },
    finishedAt,
    ...outcome,
  };
}

/** About a hundred and fifty made-up changes of two services over the last three months, all of source `demo`. */
export function makeDemoHistory(now: number): ChangeReport[] {
  const random = seededRandom('demo');
  const first = Math.floor(now / day) * day - days * day;
  return ['demo-checkout', 'demo-search'].flatMap((service) => {
    const changes: ChangeReport[] = [];
    for (let at = 0; at < days - 2; at += 1) {
      if (random() < 0.85)
        changes.push(
          makeChange(
            service,
            at + 1,
            first + at * day + Math.floor((9 + 8 * random()) * 3_600_000),
            random(),
          ),
        );
    }
    return changes;
  });
}
