import type { Call } from './api.ts';

type Attempt = {
  readonly id: number;
  readonly guid: string;
  readonly delivered_at: string;
  readonly status_code: number;
};

/** GitHub keeps deliveries for three days; what is a day old has been answered otherwise by now. */
const lookBack = 86_400_000;
/** A delivery that failed so often fails for a reason that asking does not mend. */
const mostAttempts = 4;
const mostAtOnce = 20;
const mostPages = 3;
/** What Serin refused with these is refused again. */
const hopeless = [400, 403, 413];

function isAttempt(value: unknown): value is Attempt {
  if (typeof value !== 'object' || value === null) return false;
  const {
    id,
    guid,
    delivered_at: at,
    status_code: status,
  } = value as Partial<Record<keyof Attempt, unknown>>;
  return (
    typeof id === 'number' && typeof guid === 'string' && typeof at === 'string' && typeof status === 'number'
  );
}

function cursorOf(link: string | null): string | null {
  const next = /<([^>]+)>; rel="next"/.exec(link ?? '')?.[1];
  return next !== undefined && URL.canParse(next) ? new URL(next).searchParams.get('cursor') : null;
}

async function listRecent(call: Call, since: number): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const { data, link } = await call('GET /app/hook/deliveries', {
      per_page: 100,
      ...(cursor === null ? {} : { cursor }),
    });
    const found = Array.isArray(data) ? data.filter(isAttempt) : [];
    attempts.push(...found);
    cursor = cursorOf(link);
    if (cursor === null || found.some((one) => Date.parse(one.delivered_at) < since)) break;
  }
  return attempts.filter((one) => Date.parse(one.delivered_at) >= since);
}

function isTaken({ status_code: status }: Attempt): boolean {
  return status >= 200 && status < 300;
}

/** The last attempt of each delivery that nobody has taken yet and that may still be, oldest first. */
function findFailed(attempts: readonly Attempt[]): readonly Attempt[] {
  const byDelivery = new Map<string, Attempt[]>();
  for (const one of attempts) byDelivery.set(one.guid, [...(byDelivery.get(one.guid) ?? []), one]);
  return [...byDelivery.values()]
    .filter((tries) => tries.length < mostAttempts && !tries.some(isTaken))
    .map((tries) => tries.reduce((last, one) => (one.delivered_at > last.delivered_at ? one : last)))
    .filter(({ status_code: status }) => !hopeless.includes(status))
    .sort((left, right) => (left.delivered_at < right.delivered_at ? -1 : 1));
}

/**
 * Asks GitHub to deliver again what Serin did not take, for it does not by itself: at most 20 deliveries at a time and
 * three times each. `claim` says whether nobody has asked for that attempt yet. Gives how many were asked for.
 */
export async function redeliver(
  call: Call,
  claim: (attemptId: string) => Promise<boolean>,
  now: number,
): Promise<number> {
  let asked = 0;
  for (const { id } of findFailed(await listRecent(call, now - lookBack)).slice(0, mostAtOnce)) {
    if (!(await claim(String(id)))) continue;
    await call('POST /app/hook/deliveries/{delivery_id}/attempts', { delivery_id: id });
    asked += 1;
  }
  return asked;
}
