import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of GitHub's REST API that comments go to: no comment is there yet, and commits are of pull request 7. */
export type CommentDouble = {
  readonly url: string;
  readonly posted: { readonly path: string; readonly body: string }[];
  close(): Promise<void>;
};

/** Starts it on the loopback. */
export async function startCommentDouble(): Promise<CommentDouble> {
  const posted: { path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      if (request.method === 'POST') posted.push({ path, body: (JSON.parse(text) as { body: string }).body });
      response.setHeader('content-type', 'application/json');
      response.end(path.endsWith('/pulls') ? '[{"number":7}]' : request.method === 'GET' ? '[]' : '{"id":1}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
