import { randomBytes, randomUUID } from 'node:crypto';
import { migrateUp } from '../db/migrate.ts';
import { writeToken } from './api/tokens.ts';
import { createTokens, type Tokens } from './auth/tokens.ts';
import type { TokenAccess } from './cli/token-access.ts';
import { parseDuration } from './duration.ts';
import { invalidInput } from './errors.ts';
import { readSettings } from './settings.ts';
import { openDatabase } from './store/database.ts';
import { createTokenUnitOfWork } from './store/unit-of-work.ts';

/** What the audit trail calls whoever has the database at hand. */
const by = { name: 'cli' };

function readExpires(text: string | undefined): number | null {
  if (text === undefined) return null;
  const milliseconds = parseDuration(text);
  if (milliseconds !== null) return milliseconds;
  throw invalidInput([
    { path: 'expires', message: `found "${text}"; allowed are durations such as 12h, 90d` },
  ]);
}

function access(tokens: Tokens, close: () => Promise<void>): TokenAccess {
  return {
    create: async ({ name, roles, services = null, expires }) => {
      const order = { name, roles, services, expiresIn: readExpires(expires) };
      const { token, secret } = await tokens.create(order, by);
      return { ...writeToken(token), token: secret };
    },
    list: async () => (await tokens.list()).map(writeToken),
    revoke: async (nameOrId) => writeToken(await tokens.revoke(nameOrId, by)),
    close,
  };
}

/**
 * Tokens in the database that SERIN_DATABASE_URL names, brought up to date first; works beside a running service. To
 * be closed. Rejects with `store_unavailable` when the database is away.
 */
export async function openDirectTokens(
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
): Promise<TokenAccess> {
  const database = openDatabase(readSettings(env).databaseUrl);
  try {
    await migrateUp(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  const unitOfWork = createTokenUnitOfWork(database);
  const tokens = createTokens({ unitOfWork, now, randomBytes, makeId: randomUUID });
  return access(tokens, () => database.close());
}
