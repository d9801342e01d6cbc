import { type InputIssue, invalidInput } from '../../errors.ts';
import type { CanaryRequest, ScopePair } from './canary-request.ts';

/** One scope of a standalone analysis; times in milliseconds. */
export type StandaloneScope = {
  readonly scopeName: string;
  readonly controlScope: string;
  readonly controlLocation: string | null;
  readonly controlOffsetInMinutes: number;
  readonly experimentScope: string;
  readonly experimentLocation: string | null;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly step: number;
  readonly extendedScopeParams: Readonly<Record<string, string>>;
};

/** A standalone analysis as it is asked for. */
export type StandaloneTerms = {
  readonly scopes: readonly StandaloneScope[];
  readonly lifetimeDurationMins: number | null;
  readonly beginAfterMins: number;
  readonly lookbackMins: number;
};

const minute = 60_000;

function refuseWhatIsNotDone({ scopes, lookbackMins }: StandaloneTerms): void {
  const issues: InputIssue[] = [];
  if (scopes.length === 0) issues.push({ path: 'scopes', message: 'at least one scope is needed' });
  if (lookbackMins > 0)
    issues.push({
      path: 'lookbackMins',
      message: `found ${lookbackMins}; the window grows from its start and does not slide: leave it out`,
    });
  scopes.forEach(({ controlOffsetInMinutes }, index) => {
    if (controlOffsetInMinutes !== 0)
      issues.push({
        path: `scopes[${index}].controlOffsetInMinutes`,
        message: `found ${controlOffsetInMinutes}; canary and baseline are compared at the same time: leave it out`,
      });
  });
  if (issues.length > 0) throw invalidInput(issues);
}

/** As in Kayenta the first scope's times hold for all; an end that is given wins over a lifetime. */
function windowOf(terms: StandaloneTerms, now: number): { readonly start: number; readonly end: number } {
  const [first] = terms.scopes;
  const begin = first?.startTime ?? now;
  const shift = first?.endTime === null || first?.endTime === undefined ? terms.beginAfterMins * minute : 0;
  const start = begin + shift;
  const end =
    first?.endTime ??
    (terms.lifetimeDurationMins === null ? null : start + terms.lifetimeDurationMins * minute);
  if (end === null)
    throw invalidInput([
      {
        path: 'lifetimeDurationMins',
        message: 'is missing; give it, or endTimeIso in the scope, to say how long the analysis lasts',
      },
    ]);
  if (end <= start)
    throw invalidInput([
      { path: 'scopes[0].endTimeIso', message: 'lies before the start; nothing is left to be judged' },
    ]);
  return { start, end };
}

function pairOf(scope: StandaloneScope, { start, end }: { start: number; end: number }): ScopePair {
  const common = { start, end, step: scope.step, extendedScopeParams: scope.extendedScopeParams };
  return {
    control: { ...common, scope: scope.controlScope, location: scope.controlLocation },
    experiment: { ...common, scope: scope.experimentScope, location: scope.experimentLocation },
  };
}

/**
 * The scopes of a standalone analysis over all of its lifetime. One run looks at each interval of its plan, so Kayenta's
 * own intervals are not needed, and no remainder of the lifetime is left out.
 *
 * @throws `invalid_input` for sliding windows, shifted controls and lifetimes that are not told
 */
export function standaloneScopes(terms: StandaloneTerms, now: number): CanaryRequest['scopes'] {
  refuseWhatIsNotDone(terms);
  const window = windowOf(terms, now);
  return Object.fromEntries(terms.scopes.map((scope) => [scope.scopeName, pairOf(scope, window)]));
}
