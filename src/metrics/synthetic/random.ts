import { createHash } from 'node:crypto';

/** Gives numbers in [0, 1), the same ones for the same seed. */
export type Random = () => number;

/** A generator whose numbers depend on every part of the seed and on nothing else (sfc32 over a SHA-256). */
export function seededRandom(...seed: readonly (string | number)[]): Random {
  const digest = createHash('sha256').update(JSON.stringify(seed)).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)) as [
    number,
    number,
    number,
    number,
  ];
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** A standard normal number (Box and Muller, https://en.wikipedia.org/wiki/Box%E2%80%93Muller_transform). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** Above this mean a rounded normal number is as good as a Poisson one, and much faster. */
const largeMean = 50;

/** A Poisson number of the given mean ≥ 0 (Knuth, The Art of Computer Programming, volume 2, 3.4.1). */
export function poisson(random: Random, mean: number): number {
  if (mean > largeMean) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** How many of `count` ≥ 0 come out at probability `share`, 0–1 (inversion, Devroye 1986, X.4). */
export function binomial(random: Random, count: number, share: number): number {
  if (share > 0.5) return count - binomial(random, count, 1 - share);
  const mean = count * share;
  if (mean > largeMean) {
    const spread = Math.sqrt(mean * (1 - share)) * normal(random);
    return Math.min(count, Math.max(0, Math.round(mean + spread)));
  }
  const wanted = random();
  let chance = (1 - share) ** count;
  let below = chance;
  let found = 0;
  while (below < wanted && found < count) {
    chance *= ((count - found) / (found + 1)) * (share / (1 - share));
    found += 1;
    below += chance;
  }
  return found;
}
