import { timingSafeEqual } from 'node:crypto';
import { hasCode, SerinError } from '../errors.ts';
import type { Authenticator, Refusal } from './authentication.ts';
import type { Caller } from './caller.ts';
import { hashToken, isWellFormed, looksLikeToken } from './token.ts';
import type { Token, TokenStore } from './token-store.ts';

export type TokenCheckDeps = {
  readonly tokens: Pick<TokenStore, 'findByHash' | 'touch'>;
  readonly now: () => number;
  /**
   * For how long an outage is waited out, milliseconds. A token is believed twice as long after it was read last, so that
   * its holder still hears the verdict that ends the waiting.
   */
  readonly outageGrace: () => number;
  /** Rejects with what `late` makes when `work` takes longer than `milliseconds`. */
  readonly withDeadline: <T>(work: Promise<T>, milliseconds: number, late: () => Error) => Promise<T>;
  /** Told when noting the use of a token failed; that is no reason to refuse its holder. */
  readonly onTouchFailed: (error: unknown) => void;
};

/** A token read so long ago is read again, so that a revocation takes effect within seconds. */
const freshMs = 5_000;
/** How long the store may take, well below what a poller waits. */
const readMs = 2_000;
const touchEveryMs = 60_000;
const mostStrangers = 1_000;

type Known = {
  readonly token: Token;
  /** When the store said so. */
  readonly readAt: number;
  /** When the store was asked last, with or without an answer. */
  readonly triedAt: number;
};

const malformed: Refusal = {
  refused: 'malformed',
  message: 'the token has a typing error or is cut off: its checksum does not match',
};

function refusalOf(token: Token, now: number): Refusal | null {
  if (token.revokedAt !== null)
    return { refused: 'revoked', message: `the token "${token.name}" was revoked` };
  if (token.expiresAt === null || now < token.expiresAt) return null;
  const since = new Date(token.expiresAt).toISOString();
  return { refused: 'expired', message: `the token "${token.name}" expired at ${since}` };
}

function callerOf({ name, roles, services }: Token): Caller {
  return { name: `token:${name}`, kind: 'token', roles, services };
}

function isSame(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

/**
 * Remembers tokens that the store did not know, so that an outage does not make them tokens that could not be checked.
 * At most 1 000 are kept; the oldest are forgotten first.
 */
function createStrangers(): {
  note(hash: string): void;
  forget(hash: string): void;
  has(hash: string): boolean;
} {
  const hashes = new Set<string>();
  return {
    note: (hash) => {
      hashes.delete(hash);
      hashes.add(hash);
      const [oldest] = hashes;
      if (hashes.size > mostStrangers && oldest !== undefined) hashes.delete(oldest);
    },
    forget: (hash) => void hashes.delete(hash),
    has: (hash) => hashes.has(hash),
  };
}

/** Reads tokens through a memory of those that exist; several who ask at once share one question. */
function createReader(deps: TokenCheckDeps): (hash: string) => Promise<Token | null> {
  const known = new Map<string, Known>();
  const strangers = createStrangers();
  const asked = new Map<string, Promise<Token | null>>();
  const isBelieved = ({ readAt }: Known): boolean => deps.now() - readAt <= 2 * deps.outageGrace();
  const late = (): Error =>
    new SerinError('store_unavailable', `the token was not checked within ${readMs / 1000}s`);
  const keep = (hash: string, found: Token | null): Token | null => {
    if (found === null || !isSame(found.hash, hash)) {
      known.delete(hash);
      strangers.note(hash);
      return null;
    }
    strangers.forget(hash);
    known.set(hash, { token: found, readAt: deps.now(), triedAt: deps.now() });
    return found;
  };
  const recall = (hash: string, outage: SerinError): Token | null => {
    if (strangers.has(hash)) return null;
    const before = known.get(hash);
    if (before === undefined || !isBelieved(before)) throw outage;
    known.set(hash, { ...before, triedAt: deps.now() });
    return before.token;
  };
  const ask = async (hash: string): Promise<Token | null> => {
    try {
      return keep(hash, await deps.withDeadline(deps.tokens.findByHash(hash), readMs, late));
    } catch (error) {
      if (hasCode(error, 'store_unavailable')) return recall(hash, error);
      throw error;
    }
  };
  return (hash) => {
    const now = deps.now();
    const before = known.get(hash);
    if (before !== undefined && now - before.triedAt < freshMs && isBelieved(before))
      return Promise.resolve(before.token);
    const running = asked.get(hash) ?? ask(hash).finally(() => asked.delete(hash));
    asked.set(hash, running);
    return running;
  };
}

/**
 * Knows the tokens of the store. One that was read is believed for 5 seconds, and while the store is away for twice
 * `outageGrace`; one that was never read is not, and the check rejects with `store_unavailable`. One that the store did not
 * know stays unknown through an outage. Expiry is by this process's clock.
 */
export function createTokenCheck(deps: TokenCheckDeps): Authenticator {
  const read = createReader(deps);
  const touched = new Map<string, number>();
  const noteUse = ({ id, lastUsedAt }: Token, now: number): void => {
    if (now - Math.max(touched.get(id) ?? 0, lastUsedAt ?? 0) < touchEveryMs) return;
    touched.set(id, now);
    deps.tokens.touch(id, now).catch(deps.onTouchFailed);
  };
  return async (credential) => {
    if (!looksLikeToken(credential)) return null;
    if (!isWellFormed(credential)) return malformed;
    const token = await read(hashToken(credential));
    if (token === null) return null;
    const refusal = refusalOf(token, deps.now());
    if (refusal !== null) return refusal;
    noteUse(token, deps.now());
    return callerOf(token);
  };
}
