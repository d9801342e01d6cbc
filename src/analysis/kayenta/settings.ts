/** What an account that Kayenta's clients name stands for. */
export type KayentaAccount = {
  readonly name: string;
  /** Type of the backend as clients are told; `null`: the provider's. */
  readonly type: string | null;
  /** Where its canaries run; `null`: the service's own environment. */
  readonly environment: string | null;
  /** Which configured provider it asks; `null`: the one of that name, else the only one of the type that is needed. */
  readonly provider: string | null;
};

/** The configuration as the Kayenta facade sees it. */
export type KayentaSettings = {
  readonly accounts: readonly KayentaAccount[];
  /** Configured providers. */
  readonly providers: readonly { readonly name: string; readonly type: string }[];
  /** What judges canary configs that name Kayenta's own judge. */
  readonly judge: 'kayenta' | 'sequential';
  /** When the configuration was read, milliseconds: the age of its templates. */
  readonly since: number;
};

/** The accounts that a request names; `null` where it names none. */
export type NamedAccounts = {
  readonly metrics: string | null;
  readonly configuration: string | null;
  readonly storage: string | null;
};
