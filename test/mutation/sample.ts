import { createHash } from 'node:crypto';

type Point = { readonly line: number; readonly column: number };

/** What tells a mutant from all others of the same sources; `fileName` from the root of the repository. */
export type Place = {
  readonly fileName: string;
  readonly location: { readonly start: Point; readonly end: Point };
  readonly mutatorName: string;
  readonly replacement: string;
};

/** Which mutants to try: the `share` (0 to 1) of all that `seed` draws. */
export type Sampling = { readonly share: number; readonly seed: number };

/** The path of one of the judge's files from the root of the repository, wherever a copy of it lies. */
export function fromRoot(path: string): string {
  return path.slice(Math.max(0, path.replaceAll('\\', '/').lastIndexOf('src/judge/')));
}

/** A mutant's name, the same in every run over the same sources. */
export function keyOf({ fileName, location: { start, end }, mutatorName, replacement }: Place): string {
  const place = `${fileName}:${start.line}:${start.column}-${end.line}:${end.column}`;
  return `${place} ${mutatorName} ${replacement}`;
}

/**
 * Whether a mutant is drawn: each by itself with probability `share`, by a hash of its name, so that other mutants,
 * their order and the machine make no difference. A smaller share draws part of what a larger one draws.
 */
export function isDrawn({ share, seed }: Sampling, place: Place): boolean {
  const hash = createHash('sha256')
    .update(`${seed} ${keyOf(place)}`)
    .digest();
  return hash.readUInt32BE() < share * 2 ** 32;
}
