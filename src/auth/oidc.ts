import { decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Caller } from './caller.ts';
import { createKeys, type FetchJson } from './jwks.ts';
import { authorise, type Claims, claimOf } from './oidc-claims.ts';
import type { OidcIssuer } from './oidc-config.ts';

/**
 * What a token of a CI system comes to. `foreign`: it is no such token, or of an issuer that nobody configured.
 * `refused`: it is one, and no good. `forbidden`: it is good, and no rule lets it in. `unknown`: its issuer's keys
 * cannot be had, so that nothing can be said of it.
 */
export type OidcResult =
  | {
      readonly kind: 'caller';
      readonly caller: Caller;
      /** For the audit trail: `run_id 123, actor octocat, ref refs/heads/main`. */
      readonly detail: string;
    }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'refused' | 'forbidden' | 'unknown'; readonly reason: string };

export type OidcDeps = {
  /** Read at each call, for the configuration may be read anew. */
  readonly issuers: () => readonly OidcIssuer[];
  readonly fetchJson: FetchJson;
  /** Milliseconds. */
  readonly now: () => number;
};

/** Public keys only, and those that CI systems sign with. */
const algorithms = ['RS256', 'ES256'];
/** Seconds by which clocks may differ. */
const clockTolerance = 5;
/** A token is a kilobyte or two. */
const longestToken = 16_384;

/** The `iss` of what looks like a token, only to look it up among the issuers configured; `null` when it is none. */
function issuerOf(credential: string): string | null {
  if (credential.length > longestToken || credential.split('.').length !== 3) return null;
  try {
    return decodeJwt(credential).iss ?? null;
  } catch {
    return null;
  }
}

/** Claims that tell in the audit trail who did it: job, person and place. */
const told: Readonly<Record<OidcIssuer['type'], readonly string[]>> = {
  github: ['run_id', 'run_attempt', 'actor', 'ref', 'environment', 'workflow_ref'],
  gitlab: ['pipeline_id', 'job_id', 'user_login', 'ref', 'environment'],
  other: ['sub'],
};
const names: Readonly<Record<OidcIssuer['type'], string>> = {
  github: 'repository',
  gitlab: 'project_path',
  other: 'sub',
};

/** Text of a token is kept on one line and short, for it goes into logs and pages. */
function tidy(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, ' ').slice(0, 200);
}

function nameCaller({ issuer, type }: OidcIssuer, claims: Claims): string {
  return `oidc:${new URL(issuer).host}:${tidy(claimOf(claims, names[type]) ?? 'unnamed')}`;
}

function describe({ type }: OidcIssuer, claims: Claims): string {
  return told[type]
    .flatMap((name) => {
      const value = claimOf(claims, name);
      return value === null ? [] : [`${name} ${tidy(value)}`];
    })
    .join(', ');
}

const sentences: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'the token has expired; mint a new one for each call, they live for minutes',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is not that of its issuer',
  ERR_JWKS_NO_MATCHING_KEY: 'it is signed with a key that its issuer does not publish',
  ERR_JOSE_ALG_NOT_ALLOWED: `it is signed in another way than ${algorithms.join(' or ')}`,
};

function explain(error: errors.JOSEError, { audience }: OidcIssuer): string {
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud')
    return `its audience is another one; ask for ${audience.join(' or ')}`;
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim ${error.claim} is not good`;
  return sentences[error.code] ?? 'it is malformed';
}

async function verify(
  credential: string,
  issuer: OidcIssuer,
  keys: JWTVerifyGetKey,
  now: number,
): Promise<OidcResult> {
  try {
    const { payload } = await jwtVerify(credential, keys, {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms,
      clockTolerance,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'iat'],
    });
    const authorisation = authorise(issuer, payload);
    if (!authorisation.ok) return { kind: 'forbidden', reason: authorisation.reason };
    const { roles, services } = authorisation.rule;
    return {
      kind: 'caller',
      caller: { name: nameCaller(issuer, payload), kind: 'oidc', roles, services },
      detail: describe(issuer, payload),
    };
  } catch (error) {
    if (error instanceof errors.JOSEError)
      return {
        kind: 'refused',
        reason: `the token of ${issuer.issuer} is refused: ${explain(error, issuer)}`,
      };
    return { kind: 'unknown', reason: `the keys of ${issuer.issuer} cannot be fetched` };
  }
}

/**
 * Tells callers by the tokens that CI systems mint for their jobs. The issuer is looked up among those configured,
 * with the address of its keys; nothing of a token is believed before its signature was found good.
 */
export function createOidc(deps: OidcDeps): (credential: string) => Promise<OidcResult> {
  const byUrl = new Map<string, JWTVerifyGetKey>();
  const keysOf = ({ jwksUrl }: OidcIssuer): JWTVerifyGetKey => {
    const known = byUrl.get(jwksUrl) ?? createKeys(jwksUrl, deps.fetchJson, deps.now);
    byUrl.set(jwksUrl, known);
    return known;
  };
  return async (credential) => {
    const named = issuerOf(credential);
    const issuer = deps.issuers().find((one) => one.issuer === named);
    if (issuer === undefined) return { kind: 'foreign' };
    return verify(credential, issuer, keysOf(issuer), deps.now());
  };
}
