import type { GateMessage } from '../../src/gate/messages.ts';
import type { OutboxMessage } from '../../src/notify/outbox-store.ts';
import { sha } from './github-events.ts';
import { makeTaken } from './outbox.ts';

/** A final answer for run 7301: passed. */
export function makeGateMessage(changes: Partial<GateMessage> = {}): GateMessage {
  return {
    kind: 'final',
    gateId: 'g1',
    data: {
      owner: 'shop',
      repository: 'checkout',
      repositoryId: 88,
      installationId: 99,
      runId: 7301,
      environment: 'production',
      sha,
    },
    service: 'checkout',
    environment: 'production',
    change: 'v2',
    answer: {
      allowed: true,
      decision: 'allow',
      verdict: 'pass',
      reasons: ['no metric is worse'],
      analysisId: 'a1',
    },
    analysis: {
      id: 'a1',
      looks: 10,
      startedAt: 0,
      endsAt: 600_000,
      findings: [{ metric: 'errors', verdict: 'pass', effect: 0.0213, interval: [-0.05, 0.09] }],
    },
    report: 'none',
    ...changes,
  };
}

/** The same on its way. */
export function takeGateMessage(
  changes: Partial<GateMessage> = {},
  message: Partial<OutboxMessage> = {},
): OutboxMessage {
  return makeTaken({ channel: 'github', payload: makeGateMessage(changes), ...message });
}
