export const bucketLengths = ['day', 'week', 'month'] as const;
export type BucketLength = (typeof bucketLengths)[number];

/** A day of the calendar, wherever it is that day; `month` is 1–12. */
type Day = { readonly year: number; readonly month: number; readonly day: number };

/** Reads instants as a time zone's clocks show them. */
type Clock = {
  /** What the clocks show, written as if it were UTC, milliseconds. */
  readonly show: (instant: number) => number;
};

const dayMs = 86_400_000;

/** Making one takes milliseconds. */
const formats = new Map<string, Intl.DateTimeFormat>();
/** A name may be written in many ways, so that there is no end to them. */
const mostFormats = 100;

function findFormat(tz: string): Intl.DateTimeFormat {
  const known = formats.get(tz);
  if (known !== undefined) return known;
  if (formats.size >= mostFormats) formats.clear();
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: tz,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(tz, format);
  return format;
}

/** Whether `tz` names a time zone, such as `Europe/Berlin` or `UTC`. Offsets such as `+02:00` do not: they know no seasons. */
export function isTimeZone(tz: string): boolean {
  if (!/^[A-Za-z]/.test(tz)) return false;
  try {
    findFormat(tz);
    return true;
  } catch {
    return false;
  }
}

function makeClock(tz: string): Clock {
  const format = findFormat(tz);
  const show = (instant: number): number => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
  };
  return { show };
}

function dayOf(shown: number): Day {
  const date = new Date(shown);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Midnight of that day as clocks show it; days beyond a month's end run on into the next. */
function midnight({ year, month, day }: Day): number {
  return Date.UTC(year, month - 1, day);
}

/** The first instant between the two at which clocks show `shown` or later; whole seconds. */
function search(clock: Clock, shown: number, before: number, after: number): number {
  let [low, high] = [Math.floor(before / 1000), Math.ceil(after / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (clock.show(middle * 1000) >= shown) high = middle;
    else low = middle;
  }
  return high * 1000;
}

/**
 * The instant at which clocks show a time, written as if it were UTC. Where they show it twice it is the first of
 * them; where they leave it out, the first instant after.
 */
function instantOf(clock: Clock, shown: number): number {
  const [before, after] = [shown - 1.5 * dayMs, shown + 1.5 * dayMs];
  const candidates = [before, after]
    .map((instant) => shown - (clock.show(instant) - instant))
    .filter((instant) => clock.show(instant) === shown);
  return candidates.length > 0 ? Math.min(...candidates) : search(clock, shown, before, after);
}

function startOfDay(clock: Clock, day: Day): number {
  return instantOf(clock, midnight(day));
}

/** A time zone's clocks: what they show at an instant, written as if it were UTC, and when they show it. */
export function clocksOf(tz: string): {
  readonly show: (instant: number) => number;
  readonly instantOf: (shown: number) => number;
} {
  const clock = makeClock(tz);
  return { show: clock.show, instantOf: (shown) => instantOf(clock, shown) };
}

/** The first day of the bucket that a day is in. Weeks begin on Monday. */
function firstDay(day: Day, length: BucketLength): Day {
  if (length === 'month') return { ...day, day: 1 };
  if (length === 'day') return day;
  const sinceMonday = (new Date(midnight(day)).getUTCDay() + 6) % 7;
  return dayOf(midnight({ ...day, day: day.day - sinceMonday }));
}

function nextDay(day: Day, length: BucketLength): Day {
  if (length === 'month') return dayOf(midnight({ ...day, month: day.month + 1 }));
  return dayOf(midnight({ ...day, day: day.day + (length === 'week' ? 7 : 1) }));
}

/**
 * The instants at which the buckets that overlap [from, to) begin in the time zone `tz`, in order; the first is not
 * after `from`. A bucket ends where the next begins, so that one with a change of clocks is longer or shorter.
 *
 * @param from milliseconds, before `to`
 * @param limit how many at most; `null` when there would be more
 */
export function bucketStarts(
  from: number,
  to: number,
  length: BucketLength,
  tz: string,
  limit: number,
): readonly number[] | null {
  const clock = makeClock(tz);
  const starts: number[] = [];
  let day = firstDay(dayOf(clock.show(from)), length);
  for (let start = startOfDay(clock, day); start < to; start = startOfDay(clock, day)) {
    if (starts.length === limit) return null;
    // A day that a place left out (Samoa, 30 December 2011) begins with the next one.
    if (start !== starts.at(-1)) starts.push(start);
    day = nextDay(day, length);
  }
  return starts;
}
