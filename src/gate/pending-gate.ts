import type { GatePolicy } from './policy.ts';
import type { ChangeNames } from './same-change.ts';

/** What a channel needs to know to answer; plain data that the gate does not look into. */
export type Receiver = { readonly channel: string; readonly data: unknown };

/** A gate somebody waits at, to be answered later through the outbox. Times in milliseconds. */
export type PendingGate = {
  readonly id: string;
  /** The source's name for it: the same name is the same gate. */
  readonly key: string;
  /** What it is waited in, such as a workflow run; when that is over, nobody waits any more. */
  readonly group: string;
  readonly service: string;
  readonly environment: string;
  readonly change: ChangeNames;
  /** As it was when the gate was asked. */
  readonly policy: GatePolicy;
  readonly receiver: Receiver;
  /** Whether to say how far it is, and how to leave the verdict behind. */
  readonly comments: boolean;
  readonly report: 'none' | 'status' | 'check';
  /** `withdrawn`: nobody waits any more, so nobody is told. */
  readonly state: 'open' | 'allowed' | 'refused' | 'withdrawn';
  readonly analysisId: string | null;
  /** How often its progress was told. */
  readonly told: number;
  readonly nextTellAt: number;
  /** When it is looked at next; `null` when it is closed. */
  readonly nextAt: number | null;
  readonly createdAt: number;
  /** Refused when nothing has answered by then. */
  readonly deadline: number;
  readonly closedAt: number | null;
  /** Counts writes: a write that does not know the newest is refused. */
  readonly revision: number;
};

/** Gates that are waited at. Implemented in `store/`. */
export interface PendingGateStore {
  /** `false` when a gate of that key is there already. */
  insert(gate: PendingGate): Promise<boolean>;
  /** Open gates with `nextAt ≤ now`, longest due first. Several processes may get the same. */
  findDue(now: number, limit: number): Promise<readonly PendingGate[]>;
  findOpenOf(group: string): Promise<readonly PendingGate[]>;
  /** Writes the gate when the stored one is of the revision before; `false`, with nothing written, otherwise. */
  save(gate: PendingGate): Promise<boolean>;
  /** Removes gates that were closed before then; gives how many. */
  forgetClosed(before: number): Promise<number>;
  /** How many are open, and since when the oldest. */
  census(): Promise<{ readonly open: number; readonly oldest: number | null }>;
}
