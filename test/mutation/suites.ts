import { globSync } from 'tinyglobby';

/** Tests of simulations take seconds each and find what the others find; those of the calibration try no judge. */
const leftOut = ['**/*simulation.test.ts', 'test/judge/calibration/**'];

/** Slow ones come last, for the first test that fails ends it. */
const isSlow = (file: string): boolean => /properties|every-kind|trajectory|relations|borders/.test(file);

function filesOf(patterns: readonly string[]): string[] {
  const files = globSync([...patterns], { ignore: leftOut });
  return files.sort((a, b) => Number(isSlow(a)) - Number(isSlow(b)) || (a < b ? -1 : 1));
}

/** The part of the judge a source file belongs to: its folder. */
export function partOf(file: string): string {
  const [folder, inner] = file.replace(/^src\/judge\//, '').split('/');
  return inner === undefined ? 'judge' : (folder ?? 'judge');
}

const folders: Readonly<Record<string, readonly string[]>> = {
  statistics: ['test/judge/statistics/*.test.ts', 'test/reference/*.test.ts'],
  kayenta: ['test/judge/kayenta/*.test.ts'],
};

/**
 * The tests that mirror a part: they find most mutants, and in little time. What is judged step by step is tried by the
 * tests of judgements too, without the slow ones.
 */
export function ownTests(part: string): string[] {
  const own = folders[part];
  if (own !== undefined) return filesOf(own);
  return filesOf(['test/judge/*.test.ts', 'test/judge/sequential/*.test.ts']).filter((file) => !isSlow(file));
}

/** Every test of the judge. */
export function allTests(): string[] {
  return filesOf(['test/judge/**/*.test.ts', 'test/reference/**/*.test.ts']);
}
