import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Counts and times what the service does. Durations are milliseconds; they are exposed in seconds. */
export type Metrics = {
  /** `route` is the template of the path (`/v1/analyses/{id}`), never the path itself. */
  httpRequest(route: string, method: string, status: number, milliseconds: number): void;
  /** A caller was refused; `reason` is a word of a closed set, never the credential. */
  authFailure(reason: string): void;
  /** One look at a run; `outcome` says whether it was judged, lacked data, or failed. */
  look(outcome: 'judged' | 'failed' | 'lost', milliseconds: number): void;
  /** A run concluded with this verdict. */
  verdict(verdict: 'pass' | 'fail' | 'inconclusive'): void;
  /** One query to a metric backend; `outcome` is `ok` or the code of the error. */
  providerRequest(provider: string, outcome: string, milliseconds: number): void;
  /** How late the scheduler is: age of the oldest due look that nobody has begun, 0 when none. */
  schedulerLag(milliseconds: number): void;
  /** Replaces the number of runs in each phase. */
  runs(byPhase: Readonly<Record<string, number>>): void;
  databaseError(operation: string): void;
  /** Replaces the number of messages in each state of the outbox. */
  outboxMessages(byState: Readonly<Record<string, number>>): void;
  /** One attempt to deliver a message; `outcome` is `delivered`, `retried`, `refused`, `expired` or `lost`. */
  outboxDelivery(channel: string, outcome: string): void;
  /** One webhook that was rightly signed; `event` is a word of a closed set. */
  hookEvent(source: string, event: string, outcome: string): void;
  /** How many gates are waited at, and for how long the oldest has been, 0 when none. */
  openGates(count: number, oldestMilliseconds: number): void;
  /** Everything in Prometheus' text format with its content type. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
};

const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const lookSeconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

function createHttpMetrics(registry: Registry): Pick<Metrics, 'httpRequest' | 'authFailure'> {
  const requests = new Counter({
    name: 'serin_http_requests_total',
    help: 'Requests answered, by route, method and class of status.',
    labelNames: ['route', 'method', 'status'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'serin_http_request_duration_seconds',
    help: 'Time until the answer was done, by route and method.',
    labelNames: ['route', 'method'],
    buckets: requestSeconds,
    registers: [registry],
  });
  const failures = new Counter({
    name: 'serin_auth_failures_total',
    help: 'Callers refused, by reason: missing, malformed, unknown, expired, revoked or role.',
    labelNames: ['reason'],
    registers: [registry],
  });
  return {
    authFailure: (reason) => failures.inc({ reason }),
    httpRequest(route, method, status, milliseconds) {
      requests.inc({ route, method, status: `${Math.trunc(status / 100)}xx` });
      duration.observe({ route, method }, milliseconds / 1000);
    },
  };
}

function createAnalysisMetrics(
  registry: Registry,
): Pick<Metrics, 'look' | 'verdict' | 'runs' | 'schedulerLag'> {
  const looks = new Counter({
    name: 'serin_looks_total',
    help: 'Looks at runs, by what came of them.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const lookDuration = new Histogram({
    name: 'serin_look_duration_seconds',
    help: 'Time of a look, queries included.',
    buckets: lookSeconds,
    registers: [registry],
  });
  const verdicts = new Counter({
    name: 'serin_verdicts_total',
    help: 'Concluded runs, by verdict.',
    labelNames: ['verdict'],
    registers: [registry],
  });
  const runs = new Gauge({
    name: 'serin_runs',
    help: 'Runs in each phase.',
    labelNames: ['phase'],
    registers: [registry],
  });
  const lag = new Gauge({
    name: 'serin_scheduler_lag_seconds',
    help: 'Age of the oldest due look that nobody has begun.',
    registers: [registry],
  });
  return {
    look(outcome, milliseconds) {
      looks.inc({ outcome });
      lookDuration.observe(milliseconds / 1000);
    },
    verdict: (verdict) => verdicts.inc({ verdict }),
    runs(byPhase) {
      runs.reset();
      for (const [phase, count] of Object.entries(byPhase)) runs.set({ phase }, count);
    },
    schedulerLag: (milliseconds) => lag.set(milliseconds / 1000),
  };
}

function createDependencyMetrics(registry: Registry): Pick<Metrics, 'providerRequest' | 'databaseError'> {
  const requests = new Counter({
    name: 'serin_provider_requests_total',
    help: 'Queries to metric backends, by provider and outcome.',
    labelNames: ['provider', 'outcome'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'serin_provider_request_duration_seconds',
    help: 'Time of a query to a metric backend, retries included.',
    labelNames: ['provider'],
    buckets: lookSeconds,
    registers: [registry],
  });
  const errors = new Counter({
    name: 'serin_database_errors_total',
    help: 'Failed database operations.',
    labelNames: ['operation'],
    registers: [registry],
  });
  return {
    providerRequest(provider, outcome, milliseconds) {
      requests.inc({ provider, outcome });
      duration.observe({ provider }, milliseconds / 1000);
    },
    databaseError: (operation) => errors.inc({ operation }),
  };
}

function createOutboxMetrics(registry: Registry): Pick<Metrics, 'outboxMessages' | 'outboxDelivery'> {
  const messages = new Gauge({
    name: 'serin_outbox_messages',
    help: 'Messages in the outbox, by state; dead ones were given up.',
    labelNames: ['state'],
    registers: [registry],
  });
  const deliveries = new Counter({
    name: 'serin_outbox_deliveries_total',
    help: 'Attempts to deliver a message, by channel and outcome.',
    labelNames: ['channel', 'outcome'],
    registers: [registry],
  });
  return {
    outboxMessages(byState) {
      for (const [state, count] of Object.entries(byState)) messages.set({ state }, count);
    },
    outboxDelivery: (channel, outcome) => deliveries.inc({ channel, outcome }),
  };
}

function createGateMetrics(registry: Registry): Pick<Metrics, 'hookEvent' | 'openGates'> {
  const events = new Counter({
    name: 'serin_hook_events_total',
    help: 'Webhooks with a right signature, by source, event and what became of them.',
    labelNames: ['source', 'event', 'outcome'],
    registers: [registry],
  });
  const open = new Gauge({
    name: 'serin_gates_open',
    help: 'Gates that somebody waits at.',
    registers: [registry],
  });
  const oldest = new Gauge({
    name: 'serin_gate_oldest_seconds',
    help: 'How long the oldest open gate has been waited at.',
    registers: [registry],
  });
  return {
    hookEvent: (source, event, outcome) => events.inc({ source, event, outcome }),
    openGates(count, oldestMilliseconds) {
      open.set(count);
      oldest.set(oldestMilliseconds / 1000);
    },
  };
}

/**
 * Metrics with a registry of their own, so that two of them (in tests, say) do not share numbers.
 *
 * @param options.process - also measure the process itself (memory, event loop, garbage collection); default true
 */
export function createMetrics(options: { readonly process?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.process !== false) collectDefaultMetrics({ register: registry });
  return {
    ...createHttpMetrics(registry),
    ...createAnalysisMetrics(registry),
    ...createDependencyMetrics(registry),
    ...createOutboxMetrics(registry),
    ...createGateMetrics(registry),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
