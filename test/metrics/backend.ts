import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Received = {
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
};

export type Reply = (response: ServerResponse, request: Received) => void;

/** A metric backend on the loopback whose answers the test chooses. */
export type Backend = {
  readonly url: string;
  readonly host: string;
  readonly requests: Received[];
  /** Says how to answer from now on; several replies are given in turn, the last for ever. */
  answer(...replies: Reply[]): void;
  close(): Promise<void>;
};

export async function startBackend(tls?: { key: string; cert: string }): Promise<Backend> {
  const requests: Received[] = [];
  let replies: Reply[] = [sendText(200, '{}')];
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    readAll(request, (body) => {
      const received = toReceived(request, body);
      requests.push(received);
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      reply?.(response, received);
    });
  };
  const server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    requests,
    answer: (...next) => {
      replies = next;
    },
    close: () => closeServer(server),
  };
}

export function sendText(status: number, text: string | Buffer, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, headers);
    response.end(status === 204 || status === 304 ? undefined : text);
  };
}

export function sendJson(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return sendText(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

/** Never answers; the connection stays open until the client lets go. */
export const hang: Reply = () => {};

/** Promises more than it sends, then drops the connection. */
export const breakOff: Reply = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"status":"succ', () => response.destroy());
};

export const dropConnection: Reply = (response) => {
  response.destroy();
};

function readAll(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => done(Buffer.concat(chunks).toString()));
}

function toReceived(request: IncomingMessage, body: string): Received {
  const url = new URL(request.url ?? '/', 'http://backend');
  const method = request.method ?? '';
  const params = method === 'POST' ? new URLSearchParams(body) : url.searchParams;
  return { method, path: url.pathname, params, headers: request.headers };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
