import { z } from 'zod';
import { SerinError } from '../errors.ts';

/** `hooks.example.com`, `hooks.example.com:8443`, or `*.example.com` for every name below it. */
export const hostPattern = z
  .string()
  .regex(/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/, {
    error: 'allowed are a host in small letters, with a port where it is not the usual one, or *.example.com',
  });

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function matches(url: URL, pattern: string): boolean {
  if (!pattern.startsWith('*.')) return url.host === pattern;
  return url.host.endsWith(pattern.slice(1));
}

/**
 * The address, when Serin may send there: its host stands in `allowed`, it is https (http on loopback alone), and it
 * names no user. Rejects with `forbidden`. What was received from others must pass here before it is called, or Serin
 * could be made to call what only Serin can reach.
 */
export function allowAddress(address: string, allowed: readonly string[]): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  const refuse = (why: string): never => {
    throw new SerinError('forbidden', `Serin does not send to ${url?.host ?? 'what is no address'}: ${why}`);
  };
  if (url === null) return refuse('allowed are https addresses');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback.test(url.hostname)))
    return refuse('allowed are https addresses');
  if (url.username !== '' || url.password !== '') return refuse('it must not name a user');
  if (!allowed.some((pattern) => matches(url, pattern)))
    return refuse(
      `its host is not among ${allowed.join(', ') || 'the allowed hosts, of which there are none'}`,
    );
  return url;
}
