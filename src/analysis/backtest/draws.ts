/** Gives fractions in [0, 1), the same ones for the same seed. */
export type Random = () => number;

/** A small seeded generator (Mulberry32 by Tommy Ettinger); the seed is hashed by FNV-1a. */
export function seededRandom(seed: string): Random {
  let state = 0x811c9dc5;
  for (let index = 0; index < seed.length; index += 1)
    state = Math.imul(state ^ seed.charCodeAt(index), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A standard normal number (Box and Muller 1958, Ann. Math. Stat. 29:610). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** From here on a rounded normal number does as well, and takes no longer for large numbers. */
const large = 50;

/** A Poisson number of the given mean ≥ 0 (Knuth, The Art of Computer Programming, volume 2, 3.4.1). */
export function drawPoisson(random: Random, mean: number): number {
  if (mean > large) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** How many of `trials` (≥ 0, rounded) succeed with the given probability each. */
export function drawBinomial(random: Random, trials: number, probability: number): number {
  const whole = Math.round(trials);
  if (whole > large) {
    const spread = Math.sqrt(whole * probability * (1 - probability));
    return Math.min(whole, Math.max(0, Math.round(whole * probability + spread * normal(random))));
  }
  let count = 0;
  for (let trial = 0; trial < whole; trial += 1) if (random() < probability) count += 1;
  return count;
}
