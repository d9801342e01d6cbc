import { lookup as resolve } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Reach } from '../callback-reach.ts';

/** What a receiver answered. */
export type Reply = { readonly status: number; readonly retryAfter: string | undefined };

export type Post = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
};

/** The name of a host stands for an address that Serin does not send to. */
export class OutOfReach extends Error {}

/**
 * Resolves a name and lets only addresses in reach through. The connection is made to the very addresses that were
 * looked at, so that a name cannot stand for something else a moment later (DNS rebinding).
 */
export function guardLookup(reach: Reach, lookup: typeof resolve = resolve): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const good = addresses.filter(({ address }) => reach.admits(address));
      const [first] = good;
      if (first === undefined) {
        const message = `${hostname} stands for an address that is not public and in no network of callbacks.allow`;
        return callback(new OutOfReach(message), '');
      }
      return options.all === true ? callback(null, good) : callback(null, first.address, first.family);
    });
  };
}

/** Posts once, without following redirects and reading the answer's body away. Rejects when there is no answer. */
export function post({ url, headers, body, signal }: Post, reach: Reach): Promise<Reply> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((settle, reject) => {
    const options = { method: 'POST', headers, signal, agent: false, lookup: guardLookup(reach) };
    const outgoing = send(url, options, (answer) => {
      settle({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] });
      // Nothing of it is needed; a receiver that sends for ever is not listened to.
      answer.destroy();
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
