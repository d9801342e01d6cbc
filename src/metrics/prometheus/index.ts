import { type ErrorCode, hasCode, SerinError } from '../../errors.ts';
import { defineProvider } from '../definition.ts';
import { createHttpClient, type HttpClient, type ProviderDeps } from '../http.ts';
import type { Provider, QueryRequest } from '../provider.ts';
import { parseTemplate, renderTemplate } from '../template.ts';
import { PrometheusConfig } from './config.ts';
import { joinAnswers, splitGrid } from './grid.ts';
import { joinMembers } from './members.ts';
import { checkPromql, escapePromql } from './promql.ts';
import { ErrorAnswer, RangeAnswer } from './schema.ts';
import { readScrapeInterval } from './scrape-interval.ts';

/** Prometheus and what speaks its HTTP API: Thanos, Mimir, Cortex, VictoriaMetrics. See README.md. */
export const prometheus = defineProvider(PrometheusConfig, createPrometheus);

function createPrometheus(name: string, config: PrometheusConfig, deps: ProviderDeps): Provider {
  const who = `prometheus "${name}"`;
  const client = createHttpClient({ ...config, title: who, name, explain: explainError }, deps);
  const ask = (request: QueryRequest) => askRange(who, client, config, request);
  return {
    name,
    type: 'prometheus',
    checkQuery: checkPromql,
    close: client.close,
    fetch: async (request) => joinAnswers(who, request, await ask(request)),
    fetchMembers: async (request) => joinMembers(who, request, await ask(request)),
    scrapeInterval: (signal) => askScrapeInterval(client, signal),
  };
}

/** The answers for the consecutive parts of the window, one request where it need not be split. */
async function askRange(
  who: string,
  client: HttpClient,
  config: PrometheusConfig,
  request: QueryRequest,
): Promise<readonly RangeAnswer[]> {
  const query = renderTemplate(parseTemplate(request.query), request.variables, escapePromql);
  const answers: RangeAnswer[] = [];
  for (const { from, to } of splitGrid(request, config.maxPoints)) {
    const answer = await client.json({
      method: config.method,
      path: '/api/v1/query_range',
      params: {
        query,
        start: toSeconds(from),
        end: toSeconds(to),
        step: toSeconds(request.step),
        timeout: `${config.timeout}ms`,
      },
      signal: request.signal,
    });
    answers.push(readAnswer(who, answer, client.clean));
  }
  return answers;
}

/** A 2xx answer; some proxies send `status: error` with 200. */
function readAnswer(who: string, answer: unknown, clean: HttpClient['clean']): RangeAnswer {
  const refused = ErrorAnswer.safeParse(answer);
  if (refused.success) {
    const { errorType, error } = refused.data;
    throw new SerinError(codeOfErrorType(errorType), `${who} answered: ${clean(`${errorType}: ${error}`)}`);
  }
  const read = RangeAnswer.safeParse(answer);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw new SerinError(
      'provider_malformed',
      `${who} sent no answer to a range query (at ${where || 'its top'})`,
    );
  }
  const { warnings, infos } = read.data;
  return { ...read.data, warnings: warnings.map(clean), infos: infos.map(clean) };
}

// https://prometheus.io/docs/prometheus/latest/querying/api/ and Prometheus' web/api/v1/api.go.
function codeOfErrorType(errorType: string): ErrorCode {
  if (/^(timeout|canceled|internal|unavailable|server_error)$/.test(errorType)) return 'provider_failed';
  return errorType === 'too_many_requests' ? 'provider_throttled' : 'provider_rejected';
}

function explainError(body: unknown): string | null {
  const read = ErrorAnswer.safeParse(body);
  return read.success ? `${read.data.errorType}: ${read.data.error}` : null;
}

/** `null` when the backend does not offer its configuration or does not show it; an outage rejects. */
async function askScrapeInterval(client: HttpClient, signal: AbortSignal): Promise<number | null> {
  try {
    const answer = await client.json({ method: 'GET', path: '/api/v1/status/config', params: {}, signal });
    return readScrapeInterval(answer);
  } catch (error) {
    const untold = hasCode(
      error,
      'provider_rejected',
      'provider_unauthorized',
      'provider_malformed',
      'provider_too_large',
    );
    if (untold) return null;
    throw error;
  }
}

function toSeconds(milliseconds: number): string {
  return String(milliseconds / 1000);
}
