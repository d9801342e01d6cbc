/** Named texts of a canary config that its queries refer to. */
export type Templates = Readonly<Record<string, string>>;

/** A query of a canary config in the language of one of our providers. */
export type TranslatedQuery = {
  /** Type of the provider that understands it. */
  readonly type: string;
  /** With `{{variables}}`. */
  readonly query: string;
  /** Labels that tell its series apart; empty when it gives one. */
  readonly groups: readonly string[];
};
