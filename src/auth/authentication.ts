import { anonymousCaller, type Caller, type Role } from './caller.ts';

/** Why a credential opens nothing. */
export const refusalReasons = [
  'missing',
  'malformed',
  'unknown',
  'expired',
  'revoked',
  /** A token of a CI system that is no good. */
  'signature',
  /** One that is good, and that no rule lets in. */
  'rule',
] as const;
export type Refusal = {
  readonly refused: (typeof refusalReasons)[number];
  /** One sentence for its holder. */
  readonly message: string;
};

/**
 * Knows one kind of credential: the caller, why it is refused, or `null` when it is none of that kind or nobody's.
 * Rejects with `store_unavailable` when it cannot tell.
 */
export type Authenticator = (credential: string) => Promise<Caller | Refusal | null>;

export type AuthenticationDeps = {
  /** Asked in this order; read anew each time, for the configuration may change. */
  readonly authenticators: () => readonly Authenticator[];
  /** Whether any credential exists or is configured. Rejects with `store_unavailable` while that is not known. */
  readonly isOn: () => Promise<boolean>;
  /** Told when somebody showed a token that exists: access control is on then, also while the store is away. */
  readonly onTokenSeen: () => void;
  /** What callers without a credential may do as long as access control is off. */
  readonly rolesWhenOff: readonly Role[];
  /** All names, aliases too, of the services of a scope. */
  readonly expandScope: (services: readonly string[]) => readonly string[];
};

/** Tells who asks. */
export type Authentication = {
  /** Rejects with `store_unavailable` when it cannot be told. `null`: no credential was given. */
  identify(credential: string | null): Promise<Caller | Refusal>;
};

const missing: Refusal = {
  refused: 'missing',
  message:
    'a credential is needed: send a token as "Authorization: Bearer …"; `serin token create` makes one',
};
const unknown: Refusal = { refused: 'unknown', message: 'the credential is not known here' };

/** A typing error proves no token. */
function isMalformed(found: Caller | Refusal): boolean {
  return isRefusal(found) && found.refused === 'malformed';
}

/** Whether a caller was refused. */
export function isRefusal(found: Caller | Refusal): found is Refusal {
  return 'refused' in found;
}

/**
 * The credential decides once access control is on. As long as it is off, no credential is known to anybody, and callers
 * that always send one (Argo's templates, paths with a token) are as anonymous as those that send none; only one of our
 * own that is damaged is refused even then.
 */
export function createAuthentication(deps: AuthenticationDeps): Authentication {
  const widen = (caller: Caller): Caller =>
    caller.services === null ? caller : { ...caller, services: deps.expandScope(caller.services) };
  const know = async (credential: string): Promise<Caller | Refusal> => {
    for (const authenticator of deps.authenticators()) {
      const found = await authenticator(credential);
      if (found === null) continue;
      if (!isMalformed(found)) deps.onTokenSeen();
      return isRefusal(found) ? found : widen(found);
    }
    return unknown;
  };
  return {
    identify: async (credential) => {
      const found = credential === null ? missing : await know(credential);
      const isStrange = found === missing || found === unknown;
      if (!isStrange || deps.rolesWhenOff.length === 0 || (await deps.isOn())) return found;
      return anonymousCaller(deps.rolesWhenOff);
    },
  };
}

/**
 * Tells whether access control is on: it is as soon as anything is `configured` or a token exists, and a token that
 * was seen once is never forgotten, for rows are never removed.
 */
export function createSwitch(
  configured: () => boolean,
  anyToken: () => Promise<boolean>,
): Pick<AuthenticationDeps, 'isOn' | 'onTokenSeen'> {
  let seen = false;
  return {
    isOn: async () => {
      if (!seen && configured()) return true;
      seen ||= await anyToken();
      return seen;
    },
    onTokenSeen: () => {
      seen = true;
    },
  };
}
