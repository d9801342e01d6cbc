/** Runs `task` after a time unless cancelled by calling what it returns. */
export type After = (milliseconds: number, task: () => void) => () => void;

/** The real clock. A pending timer does not keep the process alive. */
export const afterOnClock: After = (milliseconds, task) => {
  const timer = setTimeout(task, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};

/**
 * The result of `work`, or the rejection `late()` when it takes longer than `milliseconds`. The work itself goes on;
 * what becomes of it then is nobody's business.
 */
export function withDeadline<T>(
  work: Promise<T>,
  milliseconds: number,
  after: After,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = after(milliseconds, () => reject(late()));
    work.then(resolve, reject).finally(cancel);
  });
}
