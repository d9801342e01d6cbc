/** Names one stream of random numbers: the seed of the calibration, the row and the run. Each is a 32-bit integer. */
export type StreamName = { readonly seed: number; readonly row: number; readonly run: number };

/** Rounds thrown away until every bit of the name has reached every bit of the state. */
const warmUp = 20;

/**
 * A stream of even fractions in the open interval (0, 1), on a lattice of 2⁻³²: sfc32 (Doty-Humphrey, PractRand). Its
 * state has room for the whole name and a counter, so that two names never give the same stream, as they may where a
 * seed has but 32 bits and a calibration millions of runs.
 */
export function createStream({ seed, row, run }: StreamName): () => number {
  let [a, b, c, counter] = [seed | 0, row | 0, run | 0, 1];
  const next = (): number => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return ((word >>> 0) + 0.5) / 4_294_967_296;
  };
  for (let round = 0; round < warmUp; round++) next();
  return next;
}

/** A word as a 32-bit integer (FNV-1a, over UTF-16 code units). */
export function numberOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < word.length; index++)
    hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
