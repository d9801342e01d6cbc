import type { Callback } from './analysis/run.ts';
import type { Config } from './config.ts';
import { invalidInput } from './errors.ts';
import { callbackFaults } from './notify/callback-reach.ts';

type CallbackData = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** Refuses callbacks that callers may not ask for, before anything is started; the other channels are no business of theirs. */
export function checkCallbacks(callbacks: readonly Callback[], { callbacks: { allow } }: Config): void {
  const faults = callbacks
    .filter(({ channel }) => channel === 'callback')
    .flatMap(({ data }) => callbackFaults(data as CallbackData, allow));
  if (faults.length > 0) throw invalidInput(faults);
}
