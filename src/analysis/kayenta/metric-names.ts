const longest = 90;

function slug(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.:-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return plain === '' ? 'metric' : plain.slice(0, longest);
}

/** Names that a plan takes for metrics of any name, in their order: distinct, and the name itself where it can be. */
export function planNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const wanted = slug(name);
    let free = wanted;
    for (let count = 2; taken.has(free); count += 1) free = `${wanted}-${count}`;
    taken.add(free);
    return free;
  });
}
