import { clocksOf } from './calendar.ts';

/** The fields of a cron expression; `L` is the last day of a month. All of them must hold. */
export type Cron = {
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly dayOfMonth: readonly (number | string)[];
  /** 1–12. */
  readonly month: readonly number[];
  /** 0 (Sunday) – 6. */
  readonly dayOfWeek: readonly (number | string)[];
};

const dayMs = 86_400_000;
/** 29 February may be eight years away. */
const mostDays = 3000;

/** Whether a day of the calendar is one of those; `midnight` is written as if it were UTC. */
function isOnDay(cron: Cron, midnight: number): boolean {
  const date = new Date(midnight);
  const isLast = new Date(midnight + dayMs).getUTCDate() === 1;
  return (
    cron.month.includes(date.getUTCMonth() + 1) &&
    cron.dayOfWeek.includes(date.getUTCDay()) &&
    (cron.dayOfMonth.includes(date.getUTCDate()) || (isLast && cron.dayOfMonth.includes('L')))
  );
}

/**
 * The first instant after `after` (milliseconds) at which the clocks of `tz` show a time of the expression; `null` when
 * there is none. A time that clocks show twice is due once, the first time; one that they leave out, right after.
 */
export function nextDue(cron: Cron, tz: string, after: number): number | null {
  const clocks = clocksOf(tz);
  const minutes = cron.hour
    .flatMap((hour) => cron.minute.map((minute) => hour * 60 + minute))
    .sort((left, right) => left - right);
  // The day before too: where clocks went back at midnight its times may lie ahead.
  const first = Math.floor(clocks.show(after) / dayMs) * dayMs - dayMs;
  for (let day = 0; day < mostDays; day += 1) {
    const midnight = first + day * dayMs;
    if (!isOnDay(cron, midnight)) continue;
    for (const minute of minutes) {
      const instant = clocks.instantOf(midnight + minute * 60_000);
      if (instant > after) return instant;
    }
  }
  return null;
}
