import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseWith } from './parse.ts';
import { logLevels } from './telemetry/logger.ts';

/** Where and how the process runs; everything that is not about judging. */
export type Settings = {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly logLevel: (typeof logLevels)[number];
  /** Where people and callers reach Serin, without a trailing slash; `null`: addresses stay relative. */
  readonly publicUrl: string | null;
  readonly configPath: string | null;
};

const listen = z.string().transform((text, context) => {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match !== null && port <= 65_535)
    return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : (match[2] ?? '')), port };
  context.addIssue({
    code: 'custom',
    message: `found "${text}"; allowed is an address and a port, such as 127.0.0.1:8080 or [::1]:8080`,
  });
  return z.NEVER;
});

const environment = z.object({
  SERIN_LISTEN: listen.prefault('127.0.0.1:8080'),
  SERIN_DATABASE_URL: z.string().default('sqlite:./data/serin.db'),
  SERIN_LOG_LEVEL: z.enum(logLevels).default('info'),
  SERIN_PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'allowed is an http or https address' }).optional(),
  SERIN_CONFIG: z.string().optional(),
});

/** Reads the environment; an empty variable counts as not set. Rejects with `invalid_input` naming the variable. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.entries(env).filter(([key, value]) => key.startsWith('SERIN_') && value !== ''),
  );
  const read = parseWith(environment, given);
  const fallback = existsSync('serin.yaml') ? 'serin.yaml' : null;
  return {
    ...read.SERIN_LISTEN,
    databaseUrl: read.SERIN_DATABASE_URL,
    logLevel: read.SERIN_LOG_LEVEL,
    publicUrl: read.SERIN_PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    configPath: read.SERIN_CONFIG ?? fallback,
  };
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
