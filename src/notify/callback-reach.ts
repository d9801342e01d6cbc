import { BlockList, isIP } from 'node:net';
import { SerinError } from '../errors.ts';
import { allowAddress } from './address.ts';

/** Where callbacks may go: hosts by their names, and networks that the addresses of those may lie in. */
export type Reach = {
  /** The address to call; rejects with `forbidden` for one that is not allowed. */
  allow(address: string): URL;
  /** Whether a name may stand for this address: it is public, or lies in a network that is allowed. */
  admits(ip: string): boolean;
};

/**
 * Addresses that are not of the public internet (https://www.iana.org/assignments/iana-ipv4-special-registry and
 * …/iana-ipv6-special-registry): this machine, private and shared networks, link-local ones with the metadata of
 * clouds, multicast, and forms of IPv6 that stand for an IPv4 address.
 */
const special: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

function family(ip: string): 'ipv4' | 'ipv6' {
  return isIP(ip) === 6 ? 'ipv6' : 'ipv4';
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [ip = '', bits = ''] = network.split('/');
    list.addSubnet(ip, Number(bits), family(ip));
  }
  return list;
}

const specialAddresses = listOf(special);

/** `::ffff:127.0.0.1` is 127.0.0.1. */
function unmap(ip: string): string {
  const [, dotted] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip) ?? [];
  return dotted ?? ip;
}

/**
 * The reach of `allow`. An address written as such (`127.0.0.1:8080`) is allowed by being listed; a name is, and then
 * what it stands for must be public or in a listed network, for whoever owns a name can let it stand for anything.
 */
export function createReach(allow: readonly string[]): Reach {
  const hosts = allow.filter((one) => !one.includes('/'));
  const networks = listOf(allow.filter((one) => one.includes('/')));
  return {
    allow: (address) => allowAddress(address, hosts),
    admits: (ip) => {
      const plain = unmap(ip);
      if (isIP(plain) === 0) return false;
      return networks.check(plain, family(plain)) || !specialAddresses.check(plain, family(plain));
    },
  };
}

const headerName = /^(authorization|x-[a-z0-9-]{1,60})$/i;
const headerValue = /^[\x20-\x7e]{1,1000}$/;
const mostHeaders = 5;

/** Why such a header may not be sent with a callback; `null` when it may. */
export function headerFault(name: string, value: string): string | null {
  if (!headerName.test(name)) return 'allowed are Authorization and names that begin with X-';
  return headerValue.test(value) ? null : 'allowed are 1 to 1000 printable ASCII characters';
}

/** What is wrong with a callback that a caller asks for, each with its path; empty when it may be taken. */
export function callbackFaults(
  callback: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  allow: readonly string[],
): readonly { readonly path: string; readonly message: string }[] {
  const faults: { path: string; message: string }[] = [];
  try {
    createReach(allow).allow(callback.url);
  } catch (error) {
    if (!(error instanceof SerinError)) throw error;
    faults.push({
      path: 'callbackUrl',
      message: `${error.message}; callbacks.allow in the configuration lists hosts`,
    });
  }
  const headers = Object.entries(callback.headers);
  if (headers.length > mostHeaders)
    faults.push({
      path: 'callbackHeaders',
      message: `found ${headers.length}; allowed are up to ${mostHeaders}`,
    });
  for (const [name, value] of headers) {
    const message = headerFault(name, value);
    if (message !== null) faults.push({ path: `callbackHeaders.${name.slice(0, 60)}`, message });
  }
  return faults;
}
