import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callWebhook } from './flagger.ts';

type Vector = {
  readonly status: number;
  readonly delay_ms: number;
  readonly retries: number;
  readonly timeout: string;
  readonly attempts: number;
  readonly pass: boolean;
  readonly error_text_in_flagger_event: string;
  readonly wire: string;
};

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/flagger.json', import.meta.url), 'utf8'),
) as readonly Vector[];

/** What the replies of the vectors said; a reply without a body says nothing. */
const said = 'canary error rate 5.1% vs baseline 0.4% (p=0.0003)';
const payload = {
  name: 'podinfo',
  namespace: 'test',
  phase: 'Progressing',
  checksum: '85d557f47b',
  metadata: { token: 't' },
};

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A request as the vectors write it: headers by name, but for those that name the server and the connection. */
function writeWire(request: IncomingMessage, body: string): string {
  const headers: string[] = [];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(index, index + 2);
    if (!/^(host|connection)$/i.test(name)) headers.push(`${name}: ${value}`);
  }
  return `${request.method} ${request.url} | ${headers.sort().join('; ')} | ${body}`;
}

describe("the model of Flagger's webhook call", () => {
  let server: Server;
  let vector: Vector;
  let seen: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      void readText(request).then((body) => {
        seen.push(writeWire(request, body));
        const isTarget = request.url === '/elsewhere';
        const status = isTarget ? 200 : vector.status;
        setTimeout(() => {
          response.writeHead(status, status === 302 ? { Location: '/elsewhere' } : {});
          response.end(said);
        }, vector.delay_ms);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  vectors.forEach((one, index) => {
    const { status, retries, timeout, delay_ms } = one;
    it(`does as Flagger did: ${index}, ${status} with ${retries} retries after ${delay_ms} ms`, async () => {
      vector = one;
      seen = [];
      const { port } = server.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}/flagger/rollout`;
      const options = timeout === '' ? {} : { timeoutMs: Number.parseInt(timeout, 10) * 1000 };

      const called = await callWebhook({ url, retries, ...options }, payload);

      assert.equal(called.pass, one.pass);
      assert.equal(called.attempts, one.status === 302 ? 1 : one.attempts);
      assert.equal(seen.length, one.attempts);
      assert.equal(seen[0], one.wire);
      const expected = one.error_text_in_flagger_event.replace('http://server/flagger/rollout', url);
      if (delay_ms === 0) assert.equal(called.message, expected);
      else assert.ok(called.message.startsWith(expected.slice(0, expected.indexOf(': '))));
    });
  });
});
