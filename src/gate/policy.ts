/**
 * Which analysis answers for a gate. A gate stands before a change reaches `environment`, so what is asked is either
 * what became of the same change in `judgedIn` (`staging`), or an analysis of the canary that is out in the gate's own
 * environment (`canary`).
 */
export type GatePolicy = {
  readonly environment: string;
  readonly judges: 'staging' | 'canary';
  /** The environment whose analyses answer; for `canary` the gate's own. */
  readonly judgedIn: string;
  /** How old a verdict may be, milliseconds; `null`: only of what was under way when the gate was asked, or later. */
  readonly maxAge: number | null;
  /** What an inconclusive verdict does. */
  readonly onInconclusive: 'refuse' | 'allow';
};

/** For environments nobody configured a gate for: a verdict on the same change there, whoever had it judged. */
export function defaultPolicy(environment: string): GatePolicy {
  return {
    environment,
    judges: 'canary',
    judgedIn: environment,
    maxAge: 86_400_000,
    onInconclusive: 'refuse',
  };
}
