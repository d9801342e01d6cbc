import { isIP } from 'node:net';
import { z } from 'zod';
import { strict } from '../parse.ts';
import { hostPattern } from './address.ts';

function isNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Networks of addresses, such as `10.20.0.0/16`, that hosts with an allowed name may lie in though they are private. */
const network = z.string().refine(isNetwork, {
  message:
    'allowed are a host, such as ci.example.com or *.ci.example.com, or a network such as 10.20.0.0/16',
});

/** The section `callbacks` of the configuration: where verdicts may be sent on a caller's word, and what signs them. */
export const callbacksSchema = strict({
  allow: z.array(z.union([hostPattern, network])).default([]),
  /** The first signs; the others stand here while receivers change over. */
  secrets: z.array(z.string().min(16, 'a secret has at least 16 characters')).default([]),
}).refine(({ allow, secrets }) => allow.length === 0 || secrets.length > 0, {
  path: ['secrets'],
  message: 'is empty; callbacks are signed, so that a receiver knows who tells it a verdict',
});

export type CallbackConfig = z.output<typeof callbacksSchema>;
