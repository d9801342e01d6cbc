// One arm of a deployment, run as a process of its own by sample-services.ts: answers requests late and sometimes
// with an error, as its arguments say, and counts them as prom-client does in any Node service.
import { createServer, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { Counter, Histogram, Registry } from 'prom-client';

/** How an arm behaves. */
export type Behaviour = {
  readonly app: string;
  readonly podTemplateHash: string;
  /** Share of requests answered 500, from 0 to 1. */
  readonly errorRate: number;
  /** Mean time to answer; single requests take from 0.6 to 1.4 times as long. */
  readonly latencyMs: number;
  readonly seed: number;
};

/** What the process tells its parent once it listens. */
export type Listening = { readonly port: number };

/** Mulberry32: 32 bits of state are plenty for some thousand requests, and a seed makes runs alike. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function readBehaviour(): Behaviour {
  const { values } = parseArgs({
    options: {
      app: { type: 'string', default: 'app' },
      'pod-template-hash': { type: 'string', default: 'hash' },
      'error-rate': { type: 'string', default: '0' },
      'latency-ms': { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
    },
  });
  return {
    app: values.app,
    podTemplateHash: values['pod-template-hash'],
    errorRate: Number(values['error-rate']),
    latencyMs: Number(values['latency-ms']),
    seed: Number(values.seed),
  };
}

function serve({ app, podTemplateHash, errorRate, latencyMs, seed }: Behaviour): void {
  const random = seeded(seed);
  const registry = new Registry();
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered.',
    labelNames: ['app', 'pod_template_hash', 'code'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer.',
    labelNames: ['app', 'pod_template_hash'],
    buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 1],
    registers: [registry],
  });

  const work = (response: ServerResponse): void => {
    const labels = { app, pod_template_hash: podTemplateHash };
    const stopClock = durations.startTimer(labels);
    const code = random() < errorRate ? 500 : 200;
    setTimeout(
      () => {
        response.writeHead(code, { 'content-type': 'text/plain' }).end('done');
        requests.inc({ ...labels, code: String(code) });
        stopClock();
      },
      latencyMs * (0.6 + 0.8 * random()),
    );
  };
  const expose = async (response: ServerResponse): Promise<void> => {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  };

  const server = createServer((request, response) => {
    if (request.url === '/metrics') void expose(response);
    else work(response);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null)
      process.send?.({ port: address.port } satisfies Listening);
  });
  // The channel closes when the parent ends, however it ends.
  process.on('disconnect', () => process.exit(0));
}

serve(readBehaviour());
