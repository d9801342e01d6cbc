import type { components } from '../api/schema.gen.ts';

export type Judgement = components['schemas']['Judgement'];
export type Problem = Omit<components['schemas']['Problem'], 'requestId'>;

/** A body as text, and what to put in place of its `looks`; `null` leaves them. */
export type JudgeTask = { readonly text: string; readonly looks: 'each' | 'last' | null };

/** What became of a body. */
export type JudgeReply =
  | {
      readonly kind: 'judged';
      /** The judgement as JSON on one line, as the service would answer it. */
      readonly text: string;
      readonly verdict: Judgement['verdict'];
    }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Something that nobody foresaw; `stack` is for whoever mends it. */
  | { readonly kind: 'broken'; readonly message: string; readonly stack: string };

/** Judges bodies; several may be asked for at once. Never rejects for what a body holds. */
export type Judges = {
  readonly judge: (task: JudgeTask) => Promise<JudgeReply>;
  readonly close: () => Promise<void>;
};

/** What `serin judge` touches outside itself. */
export type JudgeIo = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The bytes of a file, or of stdin for `-`. Rejects as the file system does. */
  readonly open: (path: string) => AsyncIterable<Uint8Array>;
  /** Resolves when stdout takes more; `false` when nobody reads it any longer. */
  readonly write: (text: string) => Promise<boolean>;
  readonly writeError: (text: string) => void;
  /** Whether stdout is a terminal; only then is it coloured, and a table rather than JSON. */
  readonly isTTY: boolean;
  /** Characters on a line of stdout; `undefined` when it is no terminal. */
  readonly columns: number | undefined;
  /** How many bodies can be worked on at once. */
  readonly cores: number;
  /** One that works in this thread, for a single body; and one with that many threads. */
  readonly openJudges: (threads: 'here' | number) => Promise<Judges>;
  readonly exit: (code: number) => void;
};
