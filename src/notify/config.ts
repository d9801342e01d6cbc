import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { durationSchema } from '../duration.ts';
import { booleanLike, strict } from '../parse.ts';
import { allowAddress, hostPattern } from './address.ts';

/** GitHub itself gives up a gate after 30 days, and whatever waits behind it waits as long. */
const longestDeadline = 7 * 86_400_000;
const usualDeadline = 6 * 3_600_000;

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

function isSafe(address: string): boolean {
  try {
    return URL.canParse(address) && allowAddress(address, [new URL(address).host]) !== null;
  } catch {
    return false;
  }
}

/** Environment variables often hold line breaks as `\n`. */
const privateKey = z
  .string()
  .transform((text) => text.replaceAll('\\n', '\n'))
  .refine(isPrivateKey, 'is no RSA private key in PEM; take the file that GitHub gave for the App');

const apiUrl = z
  .string()
  .refine(
    isSafe,
    'allowed are https addresses such as https://api.github.com or https://github.example/api/v3',
  )
  .transform((text) => text.replace(/\/+$/, ''));

/** The section `github` of the configuration: the App by which Serin answers. */
export const githubSchema = strict({
  /** The App's id, or its client id. */
  appId: z.coerce.string().min(1),
  privateKey,
  apiUrl: apiUrl.prefault('https://api.github.com'),
  /** Hosts that callbacks may name; that of `apiUrl` by default. */
  allowedHosts: z.array(hostPattern).optional(),
  deadline: durationSchema
    .refine((value) => value <= longestDeadline, 'allowed are durations up to 7d')
    .default(usualDeadline),
  comments: booleanLike.default(true),
  report: z.enum(['none', 'status', 'check']).default('none'),
}).transform((github) => ({
  ...github,
  allowedHosts: github.allowedHosts ?? [new URL(github.apiUrl).host],
}));

export type GithubConfig = z.output<typeof githubSchema>;
