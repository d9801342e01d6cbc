import { Router } from 'express';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Drain } from './drain.ts';
import { type After, withDeadline } from './timers.ts';

export type Health = {
  /** Whether the process is up. */
  live(): boolean;
  /** Whether requests can be answered; each check is `ok` or says what is wrong. */
  ready(): Promise<{ readonly ok: boolean; readonly checks: Readonly<Record<string, string>> }>;
};

type HealthDeps = {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly drain: Drain;
  readonly after: After;
  readonly specText: string;
};

const readyDeadline = 5_000;

async function checkReady({
  health,
  drain,
  after,
}: HealthDeps): Promise<Awaited<ReturnType<Health['ready']>>> {
  if (drain.draining) return { ok: false, checks: { shutdown: 'the server is shutting down' } };
  try {
    return await withDeadline(health.ready(), readyDeadline, after, () => new Error('late'));
  } catch {
    return {
      ok: false,
      checks: { server: `the checks failed or took longer than ${readyDeadline / 1000}s` },
    };
  }
}

/** Health, readiness, metrics and the API's description. */
export function createHealthRouter(deps: HealthDeps): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    const ok = deps.health.live();
    response.status(ok ? 200 : 503).json({ ok });
  });
  router.get('/readyz', async (_request, response) => {
    const { ok, checks } = await checkReady(deps);
    response.status(ok ? 200 : 503).json({ ok, checks });
  });
  router.get('/metrics', async (_request, response) => {
    const { contentType, text } = await deps.metrics.expose();
    response.setHeader('Content-Type', contentType);
    response.end(text);
  });
  router.get('/openapi.yaml', (_request, response) => {
    response.setHeader('Content-Type', 'application/yaml');
    response.end(deps.specText);
  });
  return router;
}
