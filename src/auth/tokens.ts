import { type InputIssue, invalidInput, SerinError } from '../errors.ts';
import { roles as knownRoles, type Role } from './caller.ts';
import { hashToken, makeToken } from './token.ts';
import type { Token, TokenStore } from './token-store.ts';

/** What the audit trail is told of a token. */
type TokenEntry = {
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: { readonly type: string; readonly id: string };
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly requestId: string | null;
};

type Stores = {
  readonly tokens: TokenStore;
  readonly audit: { append(entry: TokenEntry): Promise<void> };
};

/** Tokens and the audit trail over one database. */
export type TokenUnitOfWork = {
  readonly stores: Stores;
  transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
};

/** Who hands out or takes back a token. */
type By = { readonly name: string; readonly requestId?: string | null | undefined };

export type TokenOrder = {
  readonly name: string;
  readonly roles: readonly Role[];
  /** `null`: all services. */
  readonly services: readonly string[] | null;
  /** From now, milliseconds; `null`: never. */
  readonly expiresIn: number | null;
};

/** Handing out, listing and taking back tokens. All reject with a SerinError. */
export type Tokens = {
  /** The secret is told this once and kept nowhere. `conflict` when the name is taken. */
  create(order: TokenOrder, by: By): Promise<{ readonly token: Token; readonly secret: string }>;
  /** Newest first, revoked and expired ones too. */
  list(): Promise<readonly Token[]>;
  /** Harmless when it is revoked already. `not_found` when there is none of that name or id. */
  revoke(nameOrId: string, by: By): Promise<Token>;
};

export type TokensDeps = {
  readonly unitOfWork: TokenUnitOfWork;
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  readonly makeId: () => string;
};

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,99}$/;
const leastLife = 60_000;

function checkOrder({ name, roles, services, expiresIn }: TokenOrder): void {
  const issues: InputIssue[] = [];
  if (!nameForm.test(name))
    issues.push({
      path: 'name',
      message: `found ${JSON.stringify(name.slice(0, 60))}; allowed are letters, digits and . _ : @ / - (at most 100)`,
    });
  if (roles.length === 0)
    issues.push({ path: 'roles', message: `is empty; allowed are ${knownRoles.join(', ')}` });
  for (const [index, role] of roles.entries())
    if (!knownRoles.includes(role))
      issues.push({
        path: `roles[${index}]`,
        message: `found "${role}"; allowed are ${knownRoles.join(', ')}`,
      });
  if (services !== null && services.length === 0)
    issues.push({ path: 'services', message: 'is empty; leave it out for all services' });
  if (services !== null && roles.includes('admin'))
    issues.push({ path: 'services', message: 'is given beside the role admin, which is of all services' });
  if (expiresIn !== null && expiresIn < leastLife)
    issues.push({ path: 'expires', message: `found ${expiresIn} ms; at least a minute is needed` });
  if (issues.length > 0) throw invalidInput(issues);
}

/** What the audit trail says of a token: nothing that leads to its secret. */
function describe({ name, roles, services, expiresAt }: Token): object {
  return { name, roles, services, expiresAt };
}

function entryOf(action: string, token: Token, by: By, at: number): TokenEntry {
  return {
    at,
    actor: by.name,
    action,
    subject: { type: 'token', id: token.id },
    before: action === 'token.create' ? null : describe(token),
    after: action === 'token.create' ? describe(token) : null,
    reason: null,
    requestId: by.requestId ?? null,
  };
}

async function create(deps: TokensDeps, order: TokenOrder, by: By): ReturnType<Tokens['create']> {
  checkOrder(order);
  const now = deps.now();
  const secret = makeToken(deps.randomBytes);
  const token: Token = {
    id: deps.makeId(),
    name: order.name,
    hash: hashToken(secret),
    roles: [...new Set(order.roles)],
    services: order.services === null ? null : [...new Set(order.services)],
    createdAt: now,
    createdBy: by.name,
    expiresAt: order.expiresIn === null ? null : now + order.expiresIn,
    revokedAt: null,
    lastUsedAt: null,
  };
  await deps.unitOfWork.transaction(async ({ tokens, audit }) => {
    if (!(await tokens.insert(token)))
      throw new SerinError(
        'conflict',
        `a token named "${token.name}" is there already; revoke it first, or choose another name`,
      );
    await audit.append(entryOf('token.create', token, by, now));
  });
  return { token, secret };
}

function revoke({ unitOfWork, now }: TokensDeps, nameOrId: string, by: By): Promise<Token> {
  return unitOfWork.transaction(async ({ tokens, audit }) => {
    const token = await tokens.find(nameOrId);
    if (token === null) throw new SerinError('not_found', `there is no token "${nameOrId}"`);
    const at = now();
    if (token.revokedAt !== null || !(await tokens.revoke(token.id, at)))
      return (await tokens.find(token.id)) ?? token;
    await audit.append(entryOf('token.revoke', token, by, at));
    return { ...token, revokedAt: at };
  });
}

/** Joins the use cases around tokens. */
export function createTokens(deps: TokensDeps): Tokens {
  return {
    create: (order, by) => create(deps, order, by),
    list: () => deps.unitOfWork.stores.tokens.list(),
    revoke: (nameOrId, by) => revoke(deps, nameOrId, by),
  };
}
