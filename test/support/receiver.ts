import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the receiver got it. */
export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** A receiver of callbacks on loopback. */
export type Receiver = {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
};

/** Starts a receiver that answers with `statuses` in order, the last one for ever; `0` hangs up without an answer. */
export async function startReceiver(
  statuses: readonly number[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
    const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200;
    if (status === 0) request.socket.destroy();
    else response.writeHead(status, headers).end('thanks');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
