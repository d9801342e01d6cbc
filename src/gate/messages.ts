import type { Finding } from '../judge/types.ts';
import type { GateAnswer } from './answer.ts';

/** What a gate's message says of the analysis it rests on. */
export type AnalysisBrief = {
  readonly id: string;
  readonly looks: number;
  /** Milliseconds. */
  readonly startedAt: number;
  readonly endsAt: number;
  readonly findings: readonly Pick<Finding, 'metric' | 'verdict' | 'effect' | 'interval'>[];
};

/** The payload of a message about a gate; `data` is the receiver's own. */
export type GateMessage = {
  /** `progress`: still waiting · `final`: the answer · `report`: the verdict, left beside the commit. */
  readonly kind: 'progress' | 'final' | 'report';
  readonly gateId: string;
  readonly data: unknown;
  readonly service: string;
  readonly environment: string;
  readonly change: string;
  readonly answer: GateAnswer;
  readonly analysis: AnalysisBrief | null;
  /** How to leave the verdict beside the commit; for `report` alone. */
  readonly report: 'none' | 'status' | 'check';
};
