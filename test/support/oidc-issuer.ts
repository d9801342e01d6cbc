import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** Claims as GitHub puts them into the token of a job that deploys from main. */
export const githubClaims = {
  sub: 'repo:octocat/shop:environment:production',
  repository: 'octocat/shop',
  repository_id: '123',
  repository_owner: 'octocat',
  environment: 'production',
  ref: 'refs/heads/main',
  sha: '9f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c',
  event_name: 'push',
  run_id: '42',
  run_attempt: '1',
  actor: 'octocat',
  workflow_ref: 'octocat/shop/.github/workflows/deploy.yml@refs/heads/main',
} as const;

export type Signing = {
  readonly issuer: string;
  readonly audience: string;
  /** Milliseconds. */
  readonly now: number;
  /** Seconds. */
  readonly lifetime?: number;
};

/** A key that signs tokens, and what of it an issuer publishes. */
export type SigningKey = {
  readonly jwk: JWK;
  sign(claims: Readonly<Record<string, unknown>>, signing: Signing): Promise<string>;
};

export async function makeKey(kid: string, alg: 'RS256' | 'ES256' = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey }: { privateKey: CryptoKey; publicKey: CryptoKey } = await generateKeyPair(
    alg,
    { extractable: true },
  );
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: (claims, { issuer, audience, now, lifetime = 300 }) => {
      const seconds = Math.floor(now / 1000);
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg, kid, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + lifetime)
        .sign(privateKey);
    },
  };
}

/** A double of a CI system's token service on loopback: mints for whoever has the request token, and publishes its key. */
export type OidcIssuerDouble = {
  readonly url: string;
  readonly requestUrl: string;
  readonly requestToken: string;
  /** Audiences of the tokens minted, in order. */
  readonly minted: string[];
  /** Changes the claims of the tokens to come. */
  claims(changes: Readonly<Record<string, unknown>>): void;
  /** Seconds that the tokens to come live. */
  lifetime(seconds: number): void;
  stop(): Promise<void>;
};

export async function startOidcIssuer(): Promise<OidcIssuerDouble> {
  const key = await makeKey('k1');
  const requestToken = 'request-token-of-the-runner';
  const minted: string[] = [];
  let claims: Readonly<Record<string, unknown>> = githubClaims;
  let lifetime = 300;
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (pathname === '/.well-known/jwks') return answer(200, { keys: [key.jwk] });
    if (pathname !== '/token' || request.headers.authorization !== `Bearer ${requestToken}`)
      return answer(401, { message: 'Bad credentials' });
    const audience = searchParams.get('audience') ?? 'https://github.com/octocat';
    minted.push(audience);
    const value = await key.sign(claims, { issuer: url, audience, now: Date.now(), lifetime });
    return answer(200, { count: value.length, value });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requestUrl: `${url}/token?api-version=2.0`,
    requestToken,
    minted,
    claims: (changes) => {
      claims = { ...githubClaims, ...changes };
    },
    lifetime: (seconds) => {
      lifetime = seconds;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
