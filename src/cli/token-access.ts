import type { components } from '../api/schema.gen.ts';

export type TokenOrder = components['schemas']['TokenOrder'];
export type Token = components['schemas']['Token'];
export type NewToken = components['schemas']['NewToken'];

/** Where tokens are kept, reached over HTTP or directly. All reject with a SerinError. */
export type TokenAccess = {
  create(order: TokenOrder): Promise<NewToken>;
  list(): Promise<readonly Token[]>;
  revoke(nameOrId: string): Promise<Token>;
  close(): Promise<void>;
};

/** Opens the database that the environment names; the command line itself reaches no database. */
export type OpenTokens = () => Promise<TokenAccess>;
