import type { HttpOptions } from './http-options.ts';

const hidden = '***';

/** Header values shorter than this (a tenant, a flag) are no secret, and striking them out would mangle numbers. */
const shortestHeaderSecret = 4;

/**
 * Makes a function that strikes every secret of `options` out of a text: token, user's password, the encoded
 * credentials and the values of custom headers, also in their URL and JSON spellings.
 */
export function redactor({ auth, headers }: Pick<HttpOptions, 'auth' | 'headers'>): (text: string) => string {
  const secrets = [...authSecrets(auth), ...headerSecrets(headers ?? {})];
  const spellings = new Set(secrets.flatMap(spellingsOf).filter((text) => text !== ''));
  // The longest first, so that a secret inside another leaves no rest behind.
  const ordered = [...spellings].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, secret) => rest.replaceAll(secret, hidden), text);
}

function authSecrets(auth: HttpOptions['auth']): string[] {
  const basic = auth?.basic;
  if (basic === undefined) return [auth?.bearer ?? ''];
  return [basic.password, Buffer.from(`${basic.username}:${basic.password}`).toString('base64')];
}

function headerSecrets(headers: Readonly<Record<string, string>>): string[] {
  return Object.values(headers)
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter((value) => value.length >= shortestHeaderSecret);
}

function spellingsOf(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
}
