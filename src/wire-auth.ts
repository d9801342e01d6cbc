import { randomBytes, randomUUID } from 'node:crypto';
import { pendingMigrations } from '../db/migrate.ts';
import { type Catalog, findService } from './analysis/catalog.ts';
import { afterOnClock, withDeadline } from './api/timers.ts';
import {
  type Authentication,
  type Authenticator,
  createAuthentication,
  createSwitch,
} from './auth/authentication.ts';
import type { Role } from './auth/caller.ts';
import { isConfigured } from './auth/config.ts';
import { createConfiguredTokens } from './auth/configured-tokens.ts';
import { createOidc } from './auth/oidc.ts';
import { createOidcAuthenticator } from './auth/oidc-authenticator.ts';
import { createTokenCheck } from './auth/token-check.ts';
import { createTokens, type Tokens } from './auth/tokens.ts';
import type { Config } from './config.ts';
import { hasCode } from './errors.ts';
import { fetchJson } from './fetch-json.ts';
import { isLoopback, type Settings } from './settings.ts';
import type { Database } from './store/database.ts';
import { createTokenUnitOfWork } from './store/unit-of-work.ts';
import type { Logger } from './telemetry/logger.ts';

type AuthGround = {
  readonly settings: Settings;
  /** Whether callers without a credential may come from elsewhere as long as there is none. */
  readonly allowUnauthenticated: boolean;
  readonly database: Database;
  readonly config: () => Config;
  readonly catalog: () => Catalog;
  readonly logger: Logger;
  readonly now: () => number;
};

export type Auth = {
  readonly authentication: Authentication;
  readonly tokens: Tokens;
  /** Under which names callers without a credential may call; `null`: any, for they may come from elsewhere. */
  readonly hostNames: readonly string[] | null;
  /** Whether a credential exists or is configured; `true` also while the database is away and may hold one. */
  mayHaveCredentials(): Promise<boolean>;
};

/** On this machine a caller may do everything; from elsewhere it may not loosen, and without the flag nothing. */
function rolesWhenOff({ settings, allowUnauthenticated }: AuthGround): readonly Role[] {
  if (isLoopback(settings.host)) return ['admin'];
  return allowUnauthenticated ? ['read', 'record', 'gate'] : [];
}

/** A scope is of services, whatever of their names it says. */
function expandScope(services: readonly string[], catalog: Catalog): readonly string[] {
  const all = services.flatMap((name) => {
    const service = findService(catalog, name);
    return service === null ? [name] : [service.name, ...service.aliases];
  });
  return [...new Set(all)];
}

async function holdsToken(database: Database, anyToken: () => Promise<boolean>): Promise<boolean> {
  try {
    const lacksTable = (await pendingMigrations(database)).includes('0005-auth');
    return !lacksTable && (await anyToken());
  } catch (error) {
    if (hasCode(error, 'store_unavailable')) return true;
    throw error;
  }
}

function once<Value, Result>(read: () => Value, make: (value: Value) => Result): () => Result {
  let made: { readonly value: Value; readonly result: Result } | null = null;
  return () => {
    const value = read();
    if (made === null || made.value !== value) made = { value, result: make(value) };
    return made.result;
  };
}

/** Wires who may call: tokens of the configuration, of CI systems, of the database. */
export function wireAuth(ground: AuthGround): Auth {
  const { database, config, catalog, logger, now } = ground;
  const unitOfWork = createTokenUnitOfWork(database);
  const { tokens } = unitOfWork.stores;
  const stored = createTokenCheck({
    tokens,
    now,
    outageGrace: () => config().analysis.outageGrace,
    withDeadline: (work, milliseconds, late) => withDeadline(work, milliseconds, afterOnClock, late),
    onTouchFailed: (error) => logger.warn({ err: error }, 'the use of a token was not noted'),
  });
  const oidc = createOidcAuthenticator(createOidc({ issuers: () => config().auth.oidc, fetchJson, now }));
  const authenticators = once(
    () => config().auth.tokens,
    (configured): readonly Authenticator[] => [createConfiguredTokens(configured), oidc, stored],
  );
  const configured = (): boolean => isConfigured(config().auth);
  return {
    authentication: createAuthentication({
      authenticators,
      ...createSwitch(configured, () => tokens.any()),
      rolesWhenOff: rolesWhenOff(ground),
      expandScope: (services) => expandScope(services, catalog()),
    }),
    hostNames: isLoopback(ground.settings.host) ? [ground.settings.host] : null,
    tokens: createTokens({ unitOfWork, now, randomBytes, makeId: randomUUID }),
    mayHaveCredentials: async () => configured() || (await holdsToken(database, () => tokens.any())),
  };
}
