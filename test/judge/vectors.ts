import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** One reference value, computed with numpy, scipy, statsmodels or R. */
export type VectorCase = {
  readonly id: string;
  readonly fn: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly relTol: number;
  readonly absTol: number;
};

function read(name: string): VectorCase[] {
  const text = readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { cases: VectorCase[] }).cases;
}

/** The cases of one function, of both rounds of reference values; fails when there are none. */
export function casesOf(fn: string): VectorCase[] {
  const cases = [...read('statistics'), ...read('statistics-2')].filter((one) => one.fn === fn);
  assert.ok(cases.length > 0, `no reference values for ${fn}`);
  return cases;
}

/** Fails unless `actual` is as close to the reference value as its case demands. */
export function assertClose(
  actual: number,
  expected: number,
  { relTol, absTol, id }: Pick<VectorCase, 'relTol' | 'absTol' | 'id'>,
): void {
  const distance = Math.abs(actual - expected);
  assert.ok(distance <= absTol + relTol * Math.abs(expected), `${id}: ${actual} is not ${expected}`);
}
