type Output = { write(text: string): unknown; readonly columns?: number | undefined };

/** Everything a command touches outside itself but files, so that a test can be the outside. */
export type Io = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether stderr is a terminal; only then is a line written over and coloured. */
  readonly isTTY: boolean;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds. */
  readonly now: () => number;
  /** Rejects when `signal` aborts. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
  /** What is piped in; lacking where there is nothing. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /**
   * From the call on, the first signal to end aborts instead of ending the process, the second ends it; lacking where
   * no signals come.
   */
  readonly interrupted?: () => AbortSignal;
  /** Notes the exit code; the process ends by itself when its work is done. */
  readonly exit: (code: number) => void;
};
