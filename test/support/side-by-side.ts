/**
 * Plays something once for each of `names`, all at the same time, when the first is asked for; whoever asks later gets
 * what it came to. So that tests of several databases wait together instead of one after the other.
 */
export function sideBySide<Name extends string, Result>(
  names: readonly Name[],
  play: (name: Name) => Promise<Result>,
): (name: Name) => Promise<Result> {
  let begun: ReadonlyMap<Name, Promise<Result>> | null = null;
  const begin = (): ReadonlyMap<Name, Promise<Result>> =>
    new Map(
      names.map((name) => {
        const played = play(name);
        // Its own test is told of a failure; until that comes it must not end the process.
        played.catch(() => undefined);
        return [name, played];
      }),
    );
  return async (name) => {
    begun ??= begin();
    const played = begun.get(name);
    if (played === undefined) throw new Error(`nothing is played for ${name}`);
    return played;
  };
}
