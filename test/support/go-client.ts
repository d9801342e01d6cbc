import { type Agent, request } from 'node:http';
import { gunzipSync } from 'node:zlib';

export type GoReply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
};

export type GoRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: string;
  /** Beside those that the client sends of its own; it sets no Content-Type of its own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly agent?: Agent;
};

/**
 * One exchange as Go's `net/http` client has it on the wire (observed in test/vectors/flagger.json): its headers, a
 * length and no chunks, gzip understood. Rejects when no whole answer came in time, by default 10 s.
 */
export function goRequest(url: string, options: GoRequest = {}): Promise<GoReply> {
  const { method = 'POST', timeoutMs = 10_000, agent } = options;
  const body = options.body === undefined ? null : Buffer.from(options.body);
  const headers = {
    'User-Agent': 'Go-http-client/1.1',
    ...(body === null ? {} : { 'Content-Length': body.length }),
    ...options.headers,
    'Accept-Encoding': 'gzip',
  };
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers, signal, ...(agent === undefined ? {} : { agent }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const isGzip = response.headers['content-encoding'] === 'gzip';
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: (isGzip ? gunzipSync(bytes) : bytes).toString('utf8'),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}
