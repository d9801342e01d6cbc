import { invalidInput } from '../../errors.ts';
import type { CanaryScope } from './scope.ts';
import type { NamedAccounts } from './settings.ts';

/** Both sides of a comparison. */
export type ScopePair = { readonly control: CanaryScope; readonly experiment: CanaryScope };

/** What a client of Kayenta asks to have judged. Plain data: it can be written into an id and read back. */
export type CanaryRequest = {
  readonly kind: 'canary' | 'standalone';
  /** `null` when the request does not say; then the config's only one. */
  readonly application: string | null;
  /** A canary config by its id, or in place. */
  readonly config: { readonly id: string } | { readonly body: unknown };
  readonly scopes: Readonly<Record<string, ScopePair>>;
  readonly thresholds: unknown;
  readonly accounts: NamedAccounts;
  readonly parentPipelineExecutionId: string | null;
  /** The body as it came, to be shown again. */
  readonly request: unknown;
};

const usualScope = 'default';

/**
 * The pair that a run compares: of the name that the config's metrics say, for a template `default` or the only one.
 *
 * @param wanted `null` for a template
 * @throws `invalid_input` when there is none, or several for a template
 */
export function choosePair(scopes: CanaryRequest['scopes'], wanted: string | null): ScopePair {
  const names = Object.keys(scopes);
  const only = names.length === 1 ? names[0] : usualScope;
  const name = wanted ?? only ?? usualScope;
  const pair = Object.hasOwn(scopes, name) ? scopes[name] : undefined;
  if (pair !== undefined) return pair;
  throw invalidInput([
    {
      path: 'scopes',
      message: `found ${names.join(', ') || 'none'}; needed is the scope "${name}"${wanted === null ? '' : ', which the metrics of the config are about'}`,
    },
  ]);
}

/** The window of a pair. Both arms are read over the same time. */
export function windowOf({ control, experiment }: ScopePair): {
  readonly start: number;
  readonly end: number;
} {
  const { start, end } = experiment;
  if (control.start !== start || control.end !== end)
    throw invalidInput([
      {
        path: 'scopes',
        message:
          'the control has another window than the experiment; canary and baseline are compared at the same time',
      },
    ]);
  if (end < start)
    throw invalidInput([
      {
        path: 'scopes',
        message: `end ${new Date(end).toISOString()} lies before start ${new Date(start).toISOString()}`,
      },
    ]);
  return { start, end };
}
