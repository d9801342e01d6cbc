import { type Called, callWebhook, type Payload, type Webhook } from './flagger.ts';

/**
 * A canary under Flagger's progressive strategy: what `scheduler.go` does with webhooks at each tick, and in which
 * order. A model from reading, not from running it.
 */
export type CanarySpec = {
  readonly name: string;
  readonly namespace: string;
  readonly checksum: string;
  readonly stepWeight: number;
  readonly maxWeight: number;
  /** Failed checks that lead to a rollback. */
  readonly threshold: number;
  readonly hooks: {
    readonly rollout?: Webhook;
    readonly confirmTrafficIncrease?: Webhook;
    readonly confirmPromotion?: Webhook;
    readonly rollback?: Webhook;
    readonly postRollout?: Webhook;
  };
  readonly metadata: Readonly<Record<string, string>>;
};

export type Canary = {
  readonly weight: () => number;
  readonly failedChecks: () => number;
  readonly phase: () => 'Progressing' | 'WaitingPromotion' | 'Succeeded' | 'Failed';
  /** What its events said, in order. */
  readonly events: readonly string[];
  /** What happens each `analysis.interval`. */
  tick(): Promise<void>;
};

type State = {
  weight: number;
  failedChecks: number;
  phase: 'Progressing' | 'WaitingPromotion' | 'Succeeded' | 'Failed';
};

const passed: Called = { pass: true, message: '', attempts: 0, status: null };

/** Begins a canary; nothing is called before the first tick. */
export function createCanary(spec: CanarySpec): Canary {
  const state: State = { weight: 0, failedChecks: 0, phase: 'Progressing' };
  const events: string[] = [];
  const { hooks, metadata, name, namespace, checksum } = spec;

  const call = (
    webhook: Webhook | undefined,
    phase: string,
    more: Payload['metadata'] = {},
  ): Promise<Called> =>
    webhook === undefined
      ? Promise.resolve(passed)
      : callWebhook(webhook, { name, namespace, phase, checksum, metadata: { ...metadata, ...more } });

  const end = async (phase: 'Succeeded' | 'Failed'): Promise<void> => {
    state.phase = phase;
    state.weight = 0;
    const { pass, message } = await call(hooks.postRollout, phase);
    if (!pass) events.push(`post-rollout: ${message}`);
  };

  /** True when it was rolled back. */
  const mayRollBack = async (): Promise<boolean> => {
    if (hooks.rollback !== undefined && (await call(hooks.rollback, state.phase)).pass) {
      events.push('rolled back by its webhook');
      await end('Failed');
      return true;
    }
    if (state.failedChecks < spec.threshold) return false;
    events.push(`rolled back after ${state.failedChecks} failed checks`);
    await end('Failed');
    return true;
  };

  /** False when the tick ends with a failed check. */
  const analyse = async (): Promise<boolean> => {
    if (state.weight === 0) return true;
    const { pass, message } = await call(hooks.rollout, 'Progressing');
    if (pass) return true;
    state.failedChecks += 1;
    events.push(`rollout: ${message}`);
    return false;
  };

  const raise = async (): Promise<void> => {
    const { pass, message } = await call(hooks.confirmTrafficIncrease, 'Progressing');
    if (pass) state.weight = Math.min(spec.maxWeight, state.weight + spec.stepWeight);
    else events.push(`confirm-traffic-increase: ${message}`);
  };

  const promote = async (): Promise<void> => {
    const { pass, message } = await call(hooks.confirmPromotion, 'Progressing', { gate: 'promotion' });
    if (pass) return end('Succeeded');
    events.push(`confirm-promotion: ${message}`);
    state.phase = 'WaitingPromotion';
  };

  return {
    weight: () => state.weight,
    failedChecks: () => state.failedChecks,
    phase: () => state.phase,
    events,
    tick: async () => {
      if (state.phase === 'Succeeded' || state.phase === 'Failed') return;
      if (await mayRollBack()) return;
      if (await analyse()) await (state.weight < spec.maxWeight ? raise() : promote());
    },
  };
}
