import { createHash } from 'node:crypto';

const prefix = 'serin_';
const secretBytes = 32;
const checksumLength = 6;
const form = /^serin_([A-Za-z0-9_-]{43})([0-9a-f]{6})$/;

function checksumOf(secret: string): string {
  return createHash('sha256').update(`${prefix}${secret}`).digest('hex').slice(0, checksumLength);
}

/**
 * A new token: `serin_`, 32 random bytes in base64url, and six hexadecimal digits of checksum, so that scanners for
 * leaked secrets recognise it and a typing error is told from an unknown token without the database.
 *
 * @param randomBytes - a source of that many bytes that nobody can foresee
 */
export function makeToken(randomBytes: (size: number) => Buffer): string {
  const secret = randomBytes(secretBytes).toString('base64url');
  return `${prefix}${secret}${checksumOf(secret)}`;
}

/** Whether a credential claims to be one of our tokens at all. */
export function looksLikeToken(credential: string): boolean {
  return credential.startsWith(prefix);
}

/** Whether the checksum is that of the secret. Anybody can make such a text; it opens nothing by itself. */
export function isWellFormed(credential: string): boolean {
  const match = form.exec(credential);
  return match?.[1] !== undefined && checksumOf(match[1]) === match[2];
}

/**
 * What is kept of a token: its SHA-256 in hexadecimal. A slow hash protects secrets that can be guessed; 256 random
 * bits cannot, and a poller's token is checked all the time (docs/decisions/0011-tokens.md).
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
