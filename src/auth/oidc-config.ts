import { z } from 'zod';
import { strict } from '../parse.ts';

/** The systems whose tokens are known well enough to say which claims make a rule safe. */
export const issuerTypes = ['github', 'gitlab', 'other'] as const;
export type IssuerType = (typeof issuerTypes)[number];

/** The claim by which a project is known for good: names can be given up and taken by somebody else. */
const identityClaims: Readonly<Record<IssuerType, string | null>> = {
  github: 'repository_id',
  gitlab: 'project_id',
  other: null,
};

/**
 * Claims whose pattern may end in `*`. A star elsewhere would span separators that a branch name may hold
 * (`o/r/.github/workflows/*@refs/heads/main` matches a workflow of the branch `x@refs/heads/main`).
 */
const patternClaims = ['ref', 'environment', 'workflow_ref', 'job_workflow_ref', 'ci_config_ref_uri'];

const name = z.string().min(1).max(300);
/** Claims are compared as text: GitLab tells booleans as strings, and YAML makes an id a number. */
const claimText = z
  .union([z.string(), z.number(), z.boolean()])
  .transform(String)
  .pipe(z.string().min(1).max(500));

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** https everywhere: who can change an answer on its way could hand in keys of his own. Loopback has no way. */
const address = z.string().refine(
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)));
  },
  { message: 'allowed are https addresses, and http on loopback' },
);

const rule = strict({
  /** All must match. */
  claims: z.record(name, claimText),
  roles: z.array(z.enum(['read', 'record', 'gate', 'admin'])).min(1, { message: 'is empty; name a role' }),
  /** Left out: all services. */
  services: z.array(name).min(1, { message: 'is empty; name a service, or leave it out for all' }).optional(),
});

const issuer = strict({
  issuer: address,
  type: z.enum(issuerTypes).optional(),
  jwksUrl: address.optional(),
  audience: z.union([name, z.array(name).min(1)]),
  rules: z.array(rule).min(1, { message: 'is empty; without a rule nobody is let in' }),
});

type Written = z.output<typeof issuer>;

/** One issuer that is trusted, and what its tokens allow. */
export type OidcIssuer = {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  readonly type: IssuerType;
  readonly jwksUrl: string;
  readonly audience: readonly string[];
  readonly rules: readonly OidcRule[];
};
export type OidcRule = {
  readonly claims: Readonly<Record<string, string>>;
  readonly roles: readonly ('read' | 'record' | 'gate' | 'admin')[];
  /** `null`: all. */
  readonly services: readonly string[] | null;
};

function guessType(written: string): IssuerType | null {
  const { hostname, pathname } = new URL(written);
  if (/^token\.actions\.([\w-]+\.)?(githubusercontent|ghe)\.com$/.test(hostname)) return 'github';
  if (pathname === '/_services/token') return 'github';
  return hostname === 'gitlab.com' ? 'gitlab' : null;
}

/** Where the issuer of that type is known to publish its keys. Made of the configuration, never of a token. */
function defaultJwksUrl(type: IssuerType, written: string): string | null {
  const base = written.replace(/\/+$/, '');
  if (type === 'github') return `${base}/.well-known/jwks`;
  return type === 'gitlab' ? `${base}/oauth/discovery/keys` : null;
}

type Report = (path: readonly (string | number)[], message: string) => void;

function checkPattern(claim: string, value: string): string | null {
  if (!value.includes('*')) return null;
  if (!patternClaims.includes(claim))
    return `found a * in "${value}"; a pattern is allowed in ${patternClaims.join(', ')} only`;
  if (value === '*') return 'found "*", which asks for nothing; leave the claim out';
  return value.indexOf('*') === value.length - 1
    ? null
    : `found "${value}"; a * is allowed at the end only, for a branch name may hold any separator`;
}

function checkRules(written: Written, type: IssuerType, report: Report): void {
  const identity = identityClaims[type];
  written.rules.forEach(({ claims }, index) => {
    if (identity !== null && claims[identity] === undefined)
      report(
        ['rules', index, 'claims', identity],
        'is missing; without it any project of this issuer is let in, and names can change hands',
      );
    if (Object.keys(claims).length === 0)
      report(['rules', index, 'claims'], 'is empty; any token of this issuer would be let in');
    for (const [claim, value] of Object.entries(claims)) {
      const fault = checkPattern(claim, value);
      if (fault !== null) report(['rules', index, 'claims', claim], fault);
    }
  });
}

/** The section `auth.oidc` for one issuer: defaults filled in, rules that would let in strangers refused. */
const oidcIssuer = issuer.transform((written, context): OidcIssuer => {
  const report: Report = (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
  const type = written.type ?? guessType(written.issuer);
  if (type === null) {
    report(['type'], `is missing; for this issuer name one of ${issuerTypes.join(', ')}`);
    return z.NEVER;
  }
  checkRules(written, type, report);
  const jwksUrl = written.jwksUrl ?? defaultJwksUrl(type, written.issuer);
  if (jwksUrl === null) {
    report(['jwksUrl'], 'is missing; an issuer of type other needs the address of its keys');
    return z.NEVER;
  }
  return {
    issuer: written.issuer,
    type,
    jwksUrl,
    audience: [written.audience].flat(),
    rules: written.rules.map((one) => ({ ...one, services: one.services ?? null })),
  };
});

/** The section `auth.oidc` of the configuration. An issuer may stand there once. */
export const oidcSchema = z.array(oidcIssuer).superRefine((issuers, context) => {
  issuers.forEach((one, index) => {
    if (issuers.findIndex(({ issuer: other }) => other === one.issuer) < index)
      context.addIssue({
        code: 'custom',
        path: [index, 'issuer'],
        message: `found "${one.issuer}" twice; put the rules of an issuer into one entry`,
      });
  });
});
