import { type Checker, type CheckResult, CheckStatus } from '@stryker-mutator/api/check';
import type { Mutant, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, tokens } from '@stryker-mutator/api/plugin';
import { type Told, toldBy } from './options.ts';
import { fromRoot, isDrawn, keyOf, type Place } from './sample.ts';

/** A mutant as the results name it: they count lines and columns from 1, here they are counted from 0. */
function placeOf({ fileName, location: { start, end }, mutatorName, replacement }: Mutant): Place {
  const next = ({ line, column }: typeof start) => ({ line: line + 1, column: column + 1 });
  return {
    fileName: fromRoot(fileName),
    location: { start: next(start), end: next(end) },
    mutatorName,
    replacement,
  };
}

/** Stryker knows no samples: what is not to be tried is refused as if it did not compile, which no score counts. */
export class SamplingChecker implements Checker {
  static readonly inject = tokens(commonTokens.options);
  readonly #told: Told;
  readonly #only: ReadonlySet<string> | null;

  constructor(options: StrykerOptions) {
    this.#told = toldBy(options);
    this.#only = this.#told.only === null ? null : new Set(this.#told.only);
  }

  async init(): Promise<void> {}

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, this.#check(mutant)]));
  }

  /** All in one message instead of one each. */
  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }

  #check(mutant: Mutant): CheckResult {
    const place = placeOf(mutant);
    const wanted = isDrawn(this.#told.sampling, place) && (this.#only?.has(keyOf(place)) ?? true);
    return wanted
      ? { status: CheckStatus.Passed }
      : { status: CheckStatus.CompileError, reason: 'not to be tried' };
  }
}
