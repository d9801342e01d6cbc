/** Runs tasks, at most so many at once, in the order of their coming. */
export type Gate = <T>(task: () => Promise<T>) => Promise<T>;

export function createGate(limit: number): Gate {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** Gives what was answered under a key before, or asks. */
export type Memory<Answer> = (key: string, ask: () => Promise<Answer>) => Promise<Answer>;

/**
 * Remembers answers, forgetting the oldest when they come to more than `most` by `size`. What was asked and is not yet
 * answered is not asked twice; what failed is asked again.
 */
export function createMemory<Answer>(most: number, size: (answer: Answer) => number): Memory<Answer> {
  const kept = new Map<string, { readonly answer: Promise<Answer>; size: number }>();
  let total = 0;
  const shrink = (newest: string): void => {
    for (const [key, entry] of kept) {
      if (total <= most || key === newest) return;
      total -= entry.size;
      kept.delete(key);
    }
  };
  return (key, ask) => {
    const known = kept.get(key);
    if (known !== undefined) return known.answer;
    const answer = ask();
    const entry = { answer, size: 0 };
    kept.set(key, entry);
    answer.then(
      (answered) => {
        if (kept.get(key) !== entry) return;
        entry.size = size(answered);
        total += entry.size;
        shrink(key);
      },
      () => kept.delete(key),
    );
    return answer;
  };
}
