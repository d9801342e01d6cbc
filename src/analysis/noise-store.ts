import type { NoiseProfile } from '../judge/types.ts';

/** Where a metric was measured: noise learned elsewhere says nothing there. `target` `null` is a value like any other. */
export type NoisePlace = {
  readonly service: string;
  readonly environment: string;
  readonly target: string | null;
};

/** What one run told of the noise of one of its metrics. */
export type LearnedNoise = NoisePlace & {
  readonly runId: string;
  readonly changeId: string;
  readonly metric: string;
  /** Tells metrics apart that are measured in different ways, whatever they are called. */
  readonly fingerprint: string;
  /** The run's window, milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly profile: NoiseProfile;
};

/** What runs told of their metrics' noise. Implemented in `store/`. */
export interface NoiseStore {
  /**
   * Keeps what a run told; once for each run and metric. Of each metric in each place the newest 20 that may be
   * recalled are kept, and those between and after them; older ones are dropped.
   */
  keep(learned: readonly LearnedNoise[]): Promise<void>;
  /**
   * What was told of these metrics by runs whose window ended by `before` and whose change is settled and did not
   * fail, newest first. A change that fails later takes what its runs told with it.
   */
  recall(
    place: NoisePlace,
    fingerprints: readonly string[],
    before: number,
  ): Promise<readonly LearnedNoise[]>;
}
