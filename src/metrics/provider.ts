import type { Series } from '../judge/types.ts';

/** Variables of one query, already resolved: `service`, `scope.pod_template_hash`, `step` … to their values. */
export type QueryVariables = Readonly<Record<string, string>>;

/** What to ask a backend for: one query over the grid points `from, from + step … to` (both ends included). */
export type QueryRequest = {
  /** The query in the provider's language, with `{{variables}}` not yet filled in. */
  readonly query: string;
  readonly variables: QueryVariables;
  /** Which arm the query is for; real backends select by the variables alone. */
  readonly arm: 'canary' | 'baseline';
  /** First grid point, milliseconds, a multiple of `step`. */
  readonly from: number;
  /** Last grid point, milliseconds, ≥ `from`, a multiple of `step`. */
  readonly to: number;
  /** Milliseconds. */
  readonly step: number;
  /** Aborts the request; the call then rejects. */
  readonly signal: AbortSignal;
};

export type QueryAnswer = {
  /** Exactly the grid asked for; `null` where the backend has nothing. An empty answer is all `null`, no error. */
  readonly series: Series;
  /**
   * Grid points, milliseconds, at which the backend answered something that is no number (NaN, an infinity). They are
   * `null` in the series like absent ones, but tell something else: that the query could not be computed there.
   */
  readonly notNumbers: readonly number[];
  /** What the backend warned of; empty when nothing. */
  readonly warnings: readonly string[];
};

export type Labels = Readonly<Record<string, string>>;

/** One of the series that a query gave, told apart from the others by its labels. */
export type Member = Pick<QueryAnswer, 'series' | 'notNumbers'> & { readonly labels: Labels };

export type MembersAnswer = {
  /** No two have the same labels; each on exactly the grid asked for. Empty where the backend has nothing. */
  readonly members: readonly Member[];
  readonly warnings: readonly string[];
};

/** The most series that `fetchMembers` takes; a query that gives more is `provider_too_large`. */
export const mostMembers = 200;

/**
 * A metric backend. It returns a series over a window; it never judges and never sleeps (retries are the business
 * of `http.ts`). It rejects with a SerinError whose code starts with `provider_`, or is `invalid_input` where a
 * variable's value cannot be used; the message holds no secret.
 */
export type Provider = {
  readonly name: string;
  readonly type: string;
  /** The one series of the query; one that gives several is `provider_ambiguous`. */
  fetch(request: QueryRequest): Promise<QueryAnswer>;
  /** All series of the query, as of one that is grouped by a label; one without labels is a member like any other. */
  fetchMembers(request: QueryRequest): Promise<MembersAnswer>;
  /** Fails with `invalid_input` when the query has an unknown variable or cannot be of this language. No I/O. */
  checkQuery(query: string, variableNames: readonly string[]): void;
  /** Lets go of sockets; the provider is not used afterwards. */
  close(): void;
  /** The backend's own scrape or write interval in milliseconds, `null` when it cannot be told. */
  scrapeInterval(signal: AbortSignal): Promise<number | null>;
};
