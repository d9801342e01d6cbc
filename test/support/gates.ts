import type { PendingGate } from '../../src/gate/pending-gate.ts';
import { makePolicy, sha } from './github-events.ts';
import { start } from './plans.ts';

/** A gate that was asked at the start, with six hours to answer. */
export function makeGate(changes: Partial<PendingGate> = {}): PendingGate {
  return {
    id: 'g1',
    key: 'github/88/7301/production/412',
    group: 'github/88/7301',
    service: 'checkout',
    environment: 'production',
    change: { commit: sha },
    policy: makePolicy(),
    receiver: { channel: 'github', data: { runId: 7301 } },
    comments: true,
    report: 'none',
    state: 'open',
    analysisId: null,
    told: 0,
    nextTellAt: start,
    nextAt: start,
    createdAt: start,
    deadline: start + 21_600_000,
    closedAt: null,
    revision: 0,
    ...changes,
  };
}
