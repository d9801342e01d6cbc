import type { InputIssue } from '../errors.ts';
import type { Io } from './io.ts';

/** Where the service is, without a trailing slash, and what opens it. */
export type Access = { readonly url: string; readonly token: string | null };

/** `""` counts as absent: a CI job fills flags from variables that may be unset. */
export function given(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

function readUrl(text: string, issues: InputIssue[]): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const good = url !== null && ['http:', 'https:'].includes(url.protocol);
  if (!good) issues.push({ path: '--url', message: 'is not an address; allowed are http://… and https://…' });
  else if (url.username !== '' || url.password !== '')
    issues.push({ path: '--url', message: 'holds a password; give it as --token' });
  else if (url.search !== '' || url.hash !== '')
    issues.push({ path: '--url', message: 'holds a query or fragment; give the address alone' });
  return text.replace(/\/+$/, '');
}

/** Address and token of the flags, else of the environment. What is wrong is added to `issues`. */
export function readAccess(
  flags: { readonly url?: string; readonly token?: string },
  env: Io['env'],
  issues: InputIssue[],
): Access {
  const url = readUrl(given(flags.url) ?? given(env['SERIN_URL']) ?? 'http://127.0.0.1:8080', issues);
  return { url, token: given(flags.token) ?? given(env['SERIN_TOKEN']) ?? null };
}
