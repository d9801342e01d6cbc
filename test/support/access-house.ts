import { randomBytes, randomUUID } from 'node:crypto';
import { type App, createApp } from '../../src/app.ts';
import type { Role } from '../../src/auth/caller.ts';
import { createTokens, type TokenOrder, type Tokens } from '../../src/auth/tokens.ts';
import { parseConfig } from '../../src/config.ts';
import { readSettings } from '../../src/settings.ts';
import { createTokenUnitOfWork } from '../../src/store/unit-of-work.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { TestDatabase } from './databases.ts';

const config = parseConfig(
  `
providers: { synthetic: { type: synthetic } }
templates:
  - name: http-service
    duration: 30m
    metrics: [{ name: errors, kind: ratio, provider: synthetic, events: errors, total: requests }]
services:
  - { name: checkout, aliases: [shop/checkout], template: http-service }
  - { name: search, template: http-service }
`,
  { env: {}, readFile: () => '' },
);

/** The whole service over a database, with a clock that a test may put forward, and tokens by name. */
export type AccessHouse = {
  readonly app: App;
  readonly address: string;
  readonly tokens: Tokens;
  /** Makes a token of that name and gives its secret. */
  makeToken(name: string, role: Role, changes?: Partial<TokenOrder>): Promise<string>;
  /** Asks with a credential, or without one (`null`); a body makes it a POST. */
  call(path: string, secret: string | null, body?: unknown): Promise<Response>;
  pass(milliseconds: number): void;
  now(): number;
};

/** Starts it; stop `app` and close the database afterwards. */
export async function openAccessHouse(opened: TestDatabase): Promise<AccessHouse> {
  let passed = 0;
  const now = (): number => Date.now() + passed;
  const settings = { ...readSettings({}), port: 0, databaseUrl: opened.url };
  const logger = createLogger('silent');
  const app = createApp({ settings, config, version: '0.0.0', now, logger });
  const address = await app.listen();
  const unitOfWork = createTokenUnitOfWork(opened.database);
  const tokens = createTokens({ unitOfWork, now, randomBytes, makeId: randomUUID });
  return {
    app,
    address,
    tokens,
    makeToken: async (name, role, changes = {}) => {
      const order = { name, roles: [role], services: null, expiresIn: null, ...changes };
      return (await tokens.create(order, { name: 'test' })).secret;
    },
    call: (path, secret, body) =>
      fetch(`${address}${path}`, {
        headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      }),
    pass: (milliseconds) => {
      passed += milliseconds;
    },
    now,
  };
}
