/** A time by which something must be done, joined with the caller's own wish to stop. */
export type Deadline = {
  /** Aborted when the time is over or the caller stops. */
  readonly signal: AbortSignal;
  /** Milliseconds left, ≥ 0. */
  remaining(): number;
  /** True when the time ran out, false while running or when the caller stopped. */
  isOver(): boolean;
  /** Lets go of the timer and of the caller's signal. To be called always. */
  release(): void;
};

/** Starts a deadline of `milliseconds`. A signal that is aborted already aborts it at once. */
export function startDeadline(milliseconds: number, stop: AbortSignal): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + milliseconds;
  let over = false;
  const onStop = () => controller.abort();
  const timer = setTimeout(() => {
    over = true;
    controller.abort();
  }, milliseconds);
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  return {
    signal: controller.signal,
    remaining: () => Math.max(0, endsAt - performance.now()),
    isOver: () => over,
    release: () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
    },
  };
}
