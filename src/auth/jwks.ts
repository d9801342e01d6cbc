import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** Fetches a document as JSON; rejects when there is none. */
export type FetchJson = (url: string) => Promise<unknown>;

type Kept = { readonly getKey: JWTVerifyGetKey; readonly fetchedAt: number };

/** Keys older than this are asked for anew. */
const freshFor = 600_000;
/** An issuer that is away must not lock everybody out: its keys of before are trusted for so long. */
const trustedFor = 86_400_000;
/** A token with an unknown key asks anew at most so often, so that nobody can make us ask at will. */
const cooldown = 30_000;

/** An answer that holds no keys is the issuer's fault, and must not look like one of the token. */
function readKeys(found: unknown, url: string): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(found as JSONWebKeySet);
  } catch (error) {
    throw new Error(`${url} holds no set of keys`, { cause: error });
  }
}

/**
 * The keys of one issuer, kept between calls. They are fetched when there are none, when they have grown old and when
 * a token names one that is not among them; while the issuer cannot be reached, those of before are used for a day.
 * The key is given by `kid` and `alg`; rejects when no key was ever fetched, or none fits.
 */
export function createKeys(url: string, fetchJson: FetchJson, now: () => number): JWTVerifyGetKey {
  let kept: Kept | null = null;
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;

  const fetchKeys = async (): Promise<void> => {
    triedAt = now();
    const found = await fetchJson(url);
    kept = { getKey: readKeys(found, url), fetchedAt: now() };
  };
  /** One request at a time, whoever asks. */
  const refresh = (): Promise<void> => {
    fetching ??= fetchKeys().finally(() => {
      fetching = null;
    });
    return fetching;
  };
  const current = async (): Promise<JWTVerifyGetKey> => {
    const age = kept === null ? Number.POSITIVE_INFINITY : now() - kept.fetchedAt;
    const mayAsk = fetching !== null || now() - triedAt >= cooldown;
    if (age > freshFor && (mayAsk || age > trustedFor)) {
      await refresh().catch((error: unknown) => {
        if (age > trustedFor) throw error;
      });
    }
    if (kept === null) throw new Error(`${url} gave no keys`);
    return kept.getKey;
  };
  return async (header, token) => {
    const getKey = await current();
    try {
      return await getKey(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || now() - triedAt < cooldown) throw error;
      await refresh().catch(() => {});
      return (kept ?? { getKey }).getKey(header, token);
    }
  };
}
