import { createVerify, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { headersOf } from './github-events.ts';

/** One call that the double answered. */
export type GithubCall = {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly status: number;
};

/** An attempt to deliver an event, as GitHub lists it. */
export type HookDelivery = {
  readonly id: number;
  readonly guid: string;
  readonly delivered_at: string;
  readonly status_code: number;
  readonly event: string;
};

type Token = {
  readonly repositories: readonly number[];
  readonly permissions: Readonly<Record<string, string>>;
};
type Reply = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};
type Asked = {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly body: Record<string, unknown>;
};

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

/** The App's private key, in the form in which GitHub gives it. */
export const appKey = privateKey;
export const appId = '31337';

const mostReports = 10;
const mostCharacters = 1024;

function decode(part: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** What is wrong with the App's token; `null`: nothing. */
function checkJwt(jwt: string): string | null {
  const [header, claims, signature] = jwt.split('.');
  const verifier = createVerify('RSA-SHA256').update(`${header}.${claims}`);
  if (!verifier.verify(publicKey, Buffer.from(signature ?? '', 'base64url'))) return 'wrong signature';
  const { iss, iat, exp } = decode(claims);
  if (decode(header)['alg'] !== 'RS256' || String(iss) !== appId) return 'wrong issuer or algorithm';
  const now = Date.now() / 1000;
  if (Number(exp) <= now || Number(exp) > now + 600) return 'exp is past, or more than ten minutes ahead';
  return Number(iat) > now ? 'iat is ahead' : null;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

const notFound: Reply = { status: 404, body: { message: 'Not Found' } };
const nothingPending: Reply = {
  status: 422,
  body: { message: 'No pending deployment requests to approve or reject' },
};

/** What is wrong with a report or an answer; `null`: nothing. */
function checkReview({ environment_name: environment, comment }: Record<string, unknown>): Reply | null {
  if (typeof environment !== 'string' || typeof comment !== 'string')
    return { status: 422, body: { message: 'Invalid request' } };
  return Array.from(comment).length > mostCharacters
    ? { status: 422, body: { message: 'comment is too long (maximum is 1024 characters)' } }
    : null;
}

/**
 * GitHub's API as far as Serin speaks to it, on the loopback, with GitHub's own limits: ten reports and one answer a
 * deployment, 1 024 characters a comment, tokens for an hour, for one repository and for what was asked.
 */
export async function startGithub() {
  const calls: GithubCall[] = [];
  const tokens = new Map<string, Token>();
  const reports = new Map<string, number>();
  const answers: { readonly key: string; readonly state: string; readonly comment: string }[] = [];
  const statuses: Record<string, unknown>[] = [];
  const checks: Record<string, unknown>[] = [];
  const forced = new Map<string, Reply[]>();
  let deliveries: readonly HookDelivery[] = [];
  const redelivered: number[] = [];
  /** Runs whose answer is taken, but whose connection breaks on the way back. */
  const cut = new Set<string>();

  function tokenOf({ request }: Asked): Token | null {
    return tokens.get((request.headers.authorization ?? '').replace(/^token /, '')) ?? null;
  }

  function mayNot(asked: Asked, permission: string, level: string): Reply | null {
    const token = tokenOf(asked);
    if (token === null) return { status: 401, body: { message: 'Bad credentials' } };
    const granted = token.permissions[permission];
    return granted === level || granted === 'write'
      ? null
      : { status: 403, body: { message: 'Resource not accessible by integration' } };
  }

  function asApp({ request }: Asked): Reply | null {
    const fault = checkJwt((request.headers.authorization ?? '').replace(/^bearer /i, ''));
    return fault === null ? null : { status: 401, body: { message: fault } };
  }

  function giveToken(asked: Asked): Reply {
    const refused = asApp(asked);
    if (refused !== null) return refused;
    const token = `ghs_${tokens.size + 1}`;
    const { repository_ids: repositories = [], permissions = {} } = asked.body as {
      repository_ids?: number[];
      permissions?: Record<string, string>;
    };
    tokens.set(token, { repositories, permissions });
    return {
      status: 201,
      body: { token, expires_at: new Date(Date.now() + 3_600_000).toISOString(), permissions },
    };
  }

  function takeReport(key: string): Reply {
    const count = (reports.get(key) ?? 0) + 1;
    if (count > mostReports) return { status: 422, body: { message: 'Too many status reports' } };
    reports.set(key, count);
    return { status: 204 };
  }

  function review(asked: Asked, run: string): Reply {
    const { environment_name: environment, state, comment } = asked.body;
    const refused = mayNot(asked, 'deployments', 'write') ?? checkReview(asked.body);
    if (refused !== null) return refused;
    const key = `${run}/${environment}`;
    if (answers.some((one) => one.key === key)) return nothingPending;
    if (state === undefined) return takeReport(key);
    answers.push({ key, state: String(state), comment: String(comment) });
    return { status: 204 };
  }

  function listAnswers(asked: Asked, run: string): Reply {
    const given = answers
      .filter(({ key }) => key.startsWith(`${run}/`))
      .map(({ key, state, comment }) => ({
        state,
        comment,
        environments: [{ id: 1, name: key.slice(run.length + 1) }],
        user: { login: 'serin[bot]', type: 'Bot' },
      }));
    return mayNot(asked, 'actions', 'read') ?? { status: 200, body: given };
  }

  function leave(asked: Asked, permission: string, list: Record<string, unknown>[]): Reply {
    const refused = mayNot(asked, permission, 'write');
    if (refused !== null) return refused;
    list.push(asked.body);
    return { status: 201, body: { id: list.length } };
  }

  type Route = readonly [RegExp, (asked: Asked, part: string) => Reply];
  const at = '/repos/shop/checkout';
  const routes: readonly Route[] = [
    [/^POST \/app\/installations\/99\/access_tokens$/, giveToken],
    [new RegExp(`^GET ${at}/installation$`), (asked) => asApp(asked) ?? { status: 200, body: { id: 99 } }],
    [/^GET \/app\/hook\/deliveries$/, (asked) => asApp(asked) ?? { status: 200, body: deliveries }],
    [/^POST \/app\/hook\/deliveries\/(\d+)\/attempts$/, redeliver],
    [new RegExp(`^POST ${at}/actions/runs/(\\d+)/deployment_protection_rule$`), review],
    [new RegExp(`^GET ${at}/actions/runs/(\\d+)/approvals$`), listAnswers],
    [new RegExp(`^POST ${at}/statuses/[0-9a-f]+$`), (asked) => leave(asked, 'statuses', statuses)],
    [new RegExp(`^POST ${at}/check-runs$`), (asked) => leave(asked, 'checks', checks)],
    [
      new RegExp(`^GET ${at}/commits/[0-9a-f]+/check-runs$`),
      (asked) => mayNot(asked, 'checks', 'read') ?? { status: 200, body: { check_runs: checks } },
    ],
  ];

  function redeliver(asked: Asked, id: string): Reply {
    const refused = asApp(asked);
    if (refused === null) redelivered.push(Number(id));
    return refused ?? { status: 202, body: {} };
  }

  function answer(asked: Asked): Reply {
    const wanted = `${asked.request.method} ${asked.path.split('?', 1)[0]}`;
    for (const [pattern, reply] of routes) {
      const match = pattern.exec(wanted);
      if (match !== null) return reply(asked, match[1] ?? '');
    }
    return notFound;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const body = await readJson(request);
    const run = /runs\/(\d+)\/deployment_protection_rule$/.exec(path)?.[1] ?? '';
    const isFinal = body['state'] !== undefined;
    const reply = (isFinal ? forced.get(run)?.shift() : undefined) ?? answer({ request, path, body });
    calls.push({ method: request.method ?? '', path, body, status: reply.status });
    if (isFinal && cut.delete(run)) {
      response.destroy();
      return;
    }
    response.writeHead(reply.status, { 'Content-Type': 'application/json', ...reply.headers });
    response.end(reply.status === 204 ? undefined : JSON.stringify(reply.body ?? {}));
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    host: `127.0.0.1:${port}`,
    calls,
    answers,
    statuses,
    checks,
    redelivered,
    /** Tokens that were given, with what each may do. */
    tokens: () => [...tokens.values()],
    /** Takes all tokens back before their time. */
    revoke: () => tokens.clear(),
    /** What the next answers for that run are answered instead, one after the other. */
    force: (run: number, ...replies: readonly Reply[]) => void forced.set(String(run), [...replies]),
    /** Cuts the connection after the answer for that run was taken. */
    cutAfterAnswer: (run: number) => void cut.add(String(run)),
    listDeliveries: (list: readonly HookDelivery[]) => {
      deliveries = list;
    },
    /** How many calls there were to report or answer, and were taken. */
    taken: (kind: 'progress' | 'final') =>
      calls.filter(
        ({ path, status, body }) =>
          path.endsWith('/deployment_protection_rule') &&
          status === 204 &&
          (body['state'] !== undefined) === (kind === 'final'),
      ),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export type GithubDouble = Awaited<ReturnType<typeof startGithub>>;

/** Delivers an event to Serin as GitHub does. */
export async function deliver(
  serinUrl: string,
  event: string,
  body: unknown,
  options: { readonly secret: string; readonly deliveryId: string },
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const text = JSON.stringify(body);
  const response = await fetch(`${serinUrl}/v1/hooks/github`, {
    method: 'POST',
    headers: headersOf(event, text, options),
    body: text,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
