/** A set of keys has some kilobytes. */
const mostBytes = 262_144;
const deadline = 5_000;

/** The document at an address of the configuration, as JSON. Follows no redirect; rejects with an error for people. */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(deadline),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new Error(`${url} answered more than ${mostBytes} bytes`);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
