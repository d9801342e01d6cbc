import type { OidcIssuer, OidcRule } from './oidc-config.ts';

/** What a token says, after its signature was found good. */
export type Claims = Readonly<Record<string, unknown>>;

/** Which rule a token meets, or a sentence about why it meets none. */
export type Authorisation =
  | { readonly ok: true; readonly rule: OidcRule }
  | { readonly ok: false; readonly reason: string };

/** A claim as text; `null` when it is not told, or no plain value. */
export function claimOf(claims: Claims, name: string): string | null {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : null;
}

function meets(pattern: string, value: string | null): boolean {
  if (value === null) return false;
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}

/** The claim in which a system tells what started the job, and the values that mean somebody else's proposal. */
const proposals = {
  github: {
    claim: 'event_name',
    foreign: /^pull_request/,
    reason:
      'it can run code that somebody outside proposes in a fork, with the rights of this repository. Gate the deployment after the merge',
  },
  gitlab: {
    claim: 'pipeline_source',
    foreign: /^(external_pull|merge)_request_event$/,
    reason: 'it runs code that is only proposed. Gate the deployment after the merge',
  },
} as const;

/** Why a job that runs proposed code is refused by a rule that does not ask for it by name; `null` when it is not. */
function refuseProposal({ type }: OidcIssuer, rule: OidcRule, claims: Claims): string | null {
  if (type === 'other') return null;
  const { claim, foreign, reason } = proposals[type];
  if (rule.claims[claim] !== undefined) return null;
  const event = claimOf(claims, claim);
  if (event === null) return `the token does not say by ${claim} what started the job`;
  if (!foreign.test(event)) return null;
  return `the job was started by ${event}: ${reason}, or name ${claim}: ${event} in the rule if it is meant`;
}

function write(value: string | null): string {
  return value === null ? 'nothing' : `"${value.replace(/\p{C}/gu, ' ').slice(0, 200)}"`;
}

/** The claims of the rule that the token does not meet. */
function misses(rule: OidcRule, claims: Claims): string[] {
  return Object.entries(rule.claims)
    .filter(([name, pattern]) => !meets(pattern, claimOf(claims, name)))
    .map(([name]) => name);
}

/**
 * The first rule of the issuer all of whose claims the token meets. `sub` is never taken apart: its form can be
 * changed by whoever owns the repository. The sentence of a refusal tells what the token says, which its bearer knows
 * already, and not what the rules ask.
 */
export function authorise(issuer: OidcIssuer, claims: Claims): Authorisation {
  let reason: string | null = null;
  let nearest: string[] | null = null;
  for (const rule of issuer.rules) {
    const missed = misses(rule, claims);
    if (missed.length > 0) {
      nearest = nearest === null || missed.length < nearest.length ? missed : nearest;
      continue;
    }
    const refusal = refuseProposal(issuer, rule, claims);
    if (refusal === null) return { ok: true, rule };
    reason ??= refusal;
  }
  const found = (nearest ?? []).map((name) => `${name} ${write(claimOf(claims, name))}`).join(', ');
  return { ok: false, reason: reason ?? `no rule of auth.oidc for ${issuer.issuer} allows ${found}` };
}
