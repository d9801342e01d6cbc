import type { Role } from './caller.ts';

/** A token as it is kept: everything but the secret. Times are integer milliseconds. */
export type Token = {
  readonly id: string;
  /** No two tokens that are not revoked share a name. */
  readonly name: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  readonly roles: readonly Role[];
  /** `null`: all services. */
  readonly services: readonly string[] | null;
  readonly createdAt: number;
  readonly createdBy: string;
  /** `null`: never. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** To the minute; `null` until it was used. */
  readonly lastUsedAt: number | null;
};

/** Tokens. Rows are never removed. Implemented in `store/`; rejects with `store_unavailable`. */
export interface TokenStore {
  /** `false` when a token that is not revoked has that name. */
  insert(token: Token): Promise<boolean>;
  findByHash(hash: string): Promise<Token | null>;
  /** Newest first, the revoked and expired ones too. */
  list(): Promise<readonly Token[]>;
  /** By id, else by name, one that is not revoked before others; `null` when there is none. */
  find(nameOrId: string): Promise<Token | null>;
  /** `false` when it was revoked before. */
  revoke(id: string, at: number): Promise<boolean>;
  /** Never moves `lastUsedAt` back. */
  touch(id: string, at: number): Promise<void>;
  /** Whether there is any token, of whatever state. */
  any(): Promise<boolean>;
}
