import type { Request } from 'express';
import { SerinError } from '../errors.ts';

/** Where the pages that may call without a credential come from. */
export type OwnPages = {
  /** Where people reach the server; `null` when not known. */
  readonly publicUrl: string | null;
  /** Names besides those of the loopback under which it may be called so; `null`: any name. */
  readonly hostNames: readonly string[] | null;
};

/** Why a call is refused: the reason for the counter, and the error for the caller. */
export type ForeignPage = { readonly reason: 'host' | 'origin'; readonly error: SerinError };

const safeMethods = ['GET', 'HEAD', 'OPTIONS'];
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function parse(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null;
}

function found(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function checkHost(host: string, { publicUrl, hostNames }: OwnPages): SerinError | null {
  if (hostNames === null) return null;
  const name = parse(`http://${host}`)?.hostname;
  const ours = [...hostNames, ...(publicUrl === null ? [] : [new URL(publicUrl).hostname])];
  if (name !== undefined && (loopback.test(name) || ours.includes(name))) return null;
  return new SerinError(
    'forbidden',
    `Host: found ${found(host)}; without a credential allowed are localhost, 127.0.0.1, [::1] and the host of SERIN_PUBLIC_URL`,
  );
}

/** The port counts: another program on the same machine serves pages of its own. */
function isOwnOrigin(origin: string, host: string, { publicUrl }: OwnPages): boolean {
  const from = parse(origin);
  if (from === null || from.host === '') return false;
  return (
    from.host === parse(`${from.protocol}//${host}`)?.host || from.origin === parse(publicUrl ?? '')?.origin
  );
}

function checkOrigin(request: Request, host: string, pages: OwnPages): SerinError | null {
  if (safeMethods.includes(request.method)) return null;
  const origin = request.get('Origin');
  if (origin !== undefined && !isOwnOrigin(origin, host, pages))
    return new SerinError(
      'forbidden',
      `Origin: found ${found(origin)}; without a credential only pages of Serin itself may change anything`,
    );
  if (request.get('Sec-Fetch-Site') !== 'cross-site') return null;
  return new SerinError(
    'forbidden',
    'Sec-Fetch-Site: found "cross-site"; without a credential only pages of Serin itself may change anything',
  );
}

/**
 * Tells a call that a page of somebody else made, in the browser of a person who can reach Serin. It has all the rights
 * of a caller without a credential, so a name that was bent to our address (DNS rebinding) is refused, and so is every
 * write from another origin. Programs send neither header, and are not concerned. `null`: nothing speaks against it.
 */
export function findForeignPage(request: Request, pages: OwnPages): ForeignPage | null {
  const host = request.get('Host') ?? '';
  const wrongHost = checkHost(host, pages);
  if (wrongHost !== null) return { reason: 'host', error: wrongHost };
  const wrongOrigin = checkOrigin(request, host, pages);
  return wrongOrigin === null ? null : { reason: 'origin', error: wrongOrigin };
}
