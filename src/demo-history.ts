import type { ChangeReport } from './ledger/changes.ts';

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

/** The n-th of fractions that spread evenly, the same each time: the demo looks alike whenever it is run. */
function spread(n: number, irrational: number): number {
  return (n * irrational) % 1;
}

function makeService(service: string, offset: number, first: number): ChangeReport[] {
  const numbers = Array.from({ length: days - 2 }, (_, at) => at).filter(
    (at) => spread(at + offset, Math.SQRT2) < 0.85,
  );
  return numbers.map((at) => {
    const hour = 9 + 8 * spread(at + offset, Math.E);
    return makeChange(
      service,
      at + 1,
      first + at * day + Math.floor(hour * 3_600_000),
      spread(at + offset, Math.PI),
    );
  });
}

/** About a hundred and fifty made-up changes of two services over the last three months, all of source `demo`. */
export function makeDemoHistory(now: number): ChangeReport[] {
  const first = Math.floor(now / day) * day - days * day;
  return [...makeService('demo-checkout', 1, first), ...makeService('demo-search', 1001, first)];
}
