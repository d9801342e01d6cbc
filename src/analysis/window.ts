import type { Series } from '../judge/types.ts';
import type { Plan } from './plan.ts';

/** The part of a run that says which points count: the window `(start, end]` under a plan. */
export type Window = {
  readonly start: number;
  readonly end: number;
  readonly plan: Pick<Plan, 'step' | 'interval' | 'delay' | 'warmup'>;
};

/** The first grid point judged: a point stands for the step before it, so that step must begin after the warm-up. */
export function firstPoint({ start, plan }: Window): number {
  return Math.ceil((start + plan.warmup + plan.step) / plan.step) * plan.step;
}

/** The last grid point that may be judged at `now`: measured `delay` ago and not after the window's end. */
export function lastPoint({ end, plan }: Window, now: number): number {
  return Math.floor(Math.min(now - plan.delay, end) / plan.step) * plan.step;
}

/** How many grid points lie in the whole window; 0 when there is none. */
export function plannedSteps(window: Window): number {
  const last = lastPoint(window, Number.MAX_SAFE_INTEGER);
  return Math.max(0, Math.round((last - firstPoint(window)) / window.plan.step) + 1);
}

/** When the last look is due: the window's end plus the time metrics need to arrive. */
export function endsAt({ end, plan }: Window): number {
  return end + plan.delay;
}

/**
 * The first look time after `after`: looks fall each interval from the end of the warm-up, metrics' delay later, and
 * once at the end. `null` when the last look lies at or before `after`.
 */
export function nextLook(window: Window, after: number | null): number | null {
  const origin = window.start + window.plan.warmup + window.plan.delay;
  const last = endsAt(window);
  if (after !== null && after >= last) return null;
  const passed = after === null ? 0 : Math.max(0, Math.floor((after - origin) / window.plan.interval));
  return Math.min(last, origin + (passed + 1) * window.plan.interval);
}

/** All look times after `after` and not after `now`, at most `limit`, oldest first. */
export function dueLooks(window: Window, after: number | null, now: number, limit: number): number[] {
  const looks: number[] = [];
  for (
    let look = nextLook(window, after);
    look !== null && look <= now && looks.length < limit;
    look = nextLook(window, look)
  ) {
    looks.push(look);
  }
  return looks;
}

/**
 * The values of `series` on the grid from `from` to `to` (both included); `null` outside the series. Empty when
 * `to < from`.
 */
export function slice(series: Series | null, from: number, to: number, step: number): (number | null)[] {
  const length = Math.max(0, Math.round((to - from) / step) + 1);
  const offset = series === null ? 0 : Math.round((from - series.start) / step);
  return Array.from({ length }, (_, index) => series?.values[index + offset] ?? null);
}

/** The grid point of the last value of a series; one step before its start when it is empty. */
export function endOf(series: Series): number {
  return series.start + (series.values.length - 1) * series.step;
}

/**
 * Puts freshly read points behind the frozen ones: of `kept`, all but the last `settle` points stay as they were
 * judged, so that late data cannot rewrite past evidence.
 */
export function extend(kept: Series | null, read: Series, settle: number): Series {
  if (kept === null || kept.values.length === 0) return read;
  const frozen = kept.values.slice(0, Math.max(0, kept.values.length - settle));
  const through = kept.start + (frozen.length - 1) * kept.step;
  const fresh = slice(read, through + kept.step, Math.max(endOf(read), endOf(kept)), kept.step);
  return { ...kept, values: [...frozen, ...fresh] };
}

/** The first grid point that is to be read again: the oldest one not frozen, or the window's first. */
export function readFrom(kept: Series | null, first: number, settle: number): number {
  if (kept === null || kept.values.length === 0) return first;
  return kept.start + Math.max(0, kept.values.length - settle) * kept.step;
}
