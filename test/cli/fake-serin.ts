import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Analysis } from '../../src/cli/client.ts';

/** What the fake answers one request with; `drop` closes the socket without an answer. */
export type Reply =
  | { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | { readonly status: number; readonly text: string; readonly headers?: Record<string, string> }
  | 'drop';

/** A request as the fake saw it. */
export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
};

/** A stand-in for the service on a loopback socket: answers by script, the last reply for ever, and notes what it saw. */
export type FakeSerin = { readonly url: string; readonly seen: readonly Seen[]; close(): Promise<void> };

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? null : JSON.parse(text);
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === 'drop') {
    response.destroy();
    return;
  }
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end('text' in reply ? reply.text : JSON.stringify(reply.body));
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

/** Starts a fake that answers the requests by `replies` in order. */
export async function startFakeSerin(replies: readonly Reply[]): Promise<FakeSerin> {
  const seen: Seen[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, authorization: headers.authorization, body: await readBody(request) });
    answer(response, replies[Math.min(seen.length, replies.length) - 1] ?? 'drop');
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const url = await listen(server);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, seen, close };
}

/** An analysis as the API would tell it, with `overrides`. */
export function analysisOf(overrides: Partial<Analysis> = {}): Analysis {
  const analysis: Analysis = {
    id: 'a-1',
    key: 'k',
    attempt: 1,
    service: 'checkout',
    environment: 'production',
    target: null,
    changeId: 'c-1',
    version: 'v1.8.0',
    rollout: null,
    dryRun: false,
    phase: 'running',
    verdict: 'running',
    judgedVerdict: 'running',
    score: 80,
    reason: 'errors: 0.4 % in the canary against 0.5 %',
    evidence: { logE: 0.1, pValue: 1, alpha: 0.05, analysesOfChange: 1 },
    looks: 1,
    createdAt: '2026-11-23T10:00:00.000Z',
    startedAt: '2026-11-23T10:00:00.000Z',
    endsAt: '2026-11-23T10:30:00.000Z',
    nextLookAt: '2026-11-23T10:02:00.000Z',
    concludedAt: null,
    findings: [],
    links: { self: '/v1/analyses/a-1', page: '/analyses/a-1' },
  };
  return { ...analysis, ...overrides };
}

/** A reply with the analysis still open. */
export function running(overrides: Partial<Analysis> = {}): Reply {
  return { status: 200, body: analysisOf(overrides) };
}

/** A reply with the analysis concluded. */
export function concluded(
  verdict: 'pass' | 'fail' | 'inconclusive',
  overrides: Partial<Analysis> = {},
): Reply {
  const over = {
    verdict,
    judgedVerdict: verdict,
    phase: 'concluded',
    concludedAt: '2026-11-23T10:30:30.000Z',
  } as const;
  return { status: 200, body: analysisOf({ ...over, looks: 30, ...overrides }) };
}

/** A problem document. */
export function problem(
  status: number,
  code: string,
  detail: string,
  errors: readonly { path: string; message: string }[] = [],
): Reply {
  return {
    status,
    body: { type: `urn:serin:problem:${code}`, title: code, status, code, detail, errors, requestId: 'r-1' },
  };
}
