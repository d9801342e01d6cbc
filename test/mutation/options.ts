import type { StrykerOptions } from '@stryker-mutator/api/core';
import type { Sampling } from './sample.ts';

/** What this folder's plugins are told, beside Stryker's own options. */
export type Told = {
  readonly tests: readonly string[];
  readonly sampling: Sampling;
  /** Names of the only mutants to try; `null` for all. */
  readonly only: readonly string[] | null;
};

/** What the plugins were told. */
export function toldBy(options: StrykerOptions): Told {
  return (options as unknown as { readonly serin: Told }).serin;
}
