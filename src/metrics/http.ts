import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { setTimeout as sleepFor } from 'node:timers/promises';
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { type Deadline, startDeadline } from '../deadline.ts';
import { formatDuration } from '../duration.ts';
import { type ErrorCode, SerinError } from '../errors.ts';
import { cutWords, judgeBody, readBody, wordsOf } from './http-body.ts';
import type { HttpOptions } from './http-options.ts';
import { connectionProblem, type Problem, statusProblem } from './http-problem.ts';
import { type Attempt, withRetries } from './http-retry.ts';
import { redactor } from './redact.ts';

/** What a provider is given from outside. */
export type ProviderDeps = {
  /** Told of every attempt of every request, for metrics. */
  readonly onRequest?: (event: RequestEvent) => void;
  /** Uniform in [0, 1), spreads retries; default: the platform's. */
  readonly random?: () => number;
  /** Waits between retries; default: real time. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

export type RequestEvent = {
  readonly provider: string;
  readonly outcome: 'ok' | ErrorCode;
  readonly seconds: number;
};

/** A read. `params` go into the address of a GET and as a form into a POST. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST';
  /** Below the provider's `url`, such as `/api/v1/query_range`. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

export type HttpClient = {
  /**
   * The JSON of a 2xx answer. Requests are reads and so are repeated where that may help, all within one deadline.
   * Rejects with a `provider_…` SerinError that holds no secret, or with the signal's own SerinError.
   */
  json(request: HttpRequest): Promise<unknown>;
  /** The backend's own words (of a warning, of an error in a 2xx answer) without secrets, in one short line. */
  clean(words: string): string;
  /** Closes idle connections. */
  close(): void;
};

type ClientOptions = HttpOptions & {
  /** The provider as a person knows it, `prometheus "main"`. */
  readonly title: string;
  /** The provider's configured name, for `onRequest`. */
  readonly name: string;
  /** Largest body in bytes after unpacking; default 10 MiB. */
  readonly maxBytes?: number;
  /** Finds the backend's own error message in a JSON body that came with an error status. */
  readonly explain: (body: unknown) => string | null;
};

const defaultMaxBytes = 10 * 1024 * 1024;

/** Makes the HTTP client of one provider; nobody else speaks HTTP to a metric backend. */
export function createHttpClient(options: ClientOptions, deps: ProviderDeps): HttpClient {
  const agents = createAgents(options.ca);
  const means = { random: deps.random ?? Math.random, sleep: deps.sleep ?? realSleep };
  const redact = redactor(options);
  const clean = (words: string) => cutWords(redact(words));
  const send = createSend(options, agents, clean);
  return {
    clean,
    json: async (request) => {
      const deadline = startDeadline(options.timeout, request.signal);
      const attempt = () => observed(() => send(request, deadline), options.name, deps.onRequest);
      try {
        return await withRetries(attempt, deadline, means);
      } catch (error) {
        throw deadline.signal.aborted ? stopped(options, request, deadline) : error;
      } finally {
        deadline.release();
      }
    },
    close: () => {
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

type Send = (request: HttpRequest, deadline: Deadline) => Promise<Attempt<unknown>>;

/** One attempt: sends, reads, classifies. Resolves also when it fails. */
function createSend(options: ClientOptions, agents: Agents, clean: (words: string) => string): Send {
  const { host } = new URL(options.url);
  const who = `${options.title} at ${host}`;
  const limit = options.maxBytes ?? defaultMaxBytes;
  const instance = createInstance(options, agents);
  return async (request, deadline) => {
    try {
      const response = await instance.request<Readable>(toAxios(options.url, request, deadline.signal));
      const body = await readBody(response.data, limit);
      if (deadline.signal.aborted) return { problem: final(stopped(options, request, deadline)) };
      if (response.status >= 200 && response.status < 300) return judgeBody(who, body, limit);
      const words = clean(wordsOf(body, options.explain));
      const header = (name: string) => headerOf(response, name);
      return { problem: statusProblem(who, { status: response.status, header, words, host }) };
    } catch (failure) {
      if (deadline.signal.aborted) return { problem: final(stopped(options, request, deadline)) };
      return { problem: connectionProblem(who, failure) };
    }
  };
}

type Agents = { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };

function createAgents(ca: string | undefined): Agents {
  const keepAlive = { keepAlive: true, maxSockets: 16 };
  return {
    httpAgent: new HttpAgent(keepAlive),
    httpsAgent: new HttpsAgent(ca === undefined ? keepAlive : { ...keepAlive, ca }),
  };
}

/** Redirects are not followed, for they would carry credentials elsewhere; proxies of the environment are not used. */
function createInstance(options: ClientOptions, agents: Agents): AxiosInstance {
  return axios.create({
    ...agents,
    headers: { accept: 'application/json', 'accept-encoding': 'gzip', ...headersOf(options) },
    maxRedirects: 0,
    proxy: false,
    responseType: 'stream',
    transformResponse: (data: unknown) => data,
    validateStatus: () => true,
  });
}

function headersOf({ auth, headers }: ClientOptions): Record<string, string> {
  const fixed = { 'user-agent': 'serin', ...headers };
  if (auth?.bearer !== undefined) return { ...fixed, authorization: `Bearer ${auth.bearer}` };
  if (auth?.basic === undefined) return fixed;
  const pair = Buffer.from(`${auth.basic.username}:${auth.basic.password}`).toString('base64');
  return { ...fixed, authorization: `Basic ${pair}` };
}

function toAxios(
  url: string,
  { method, path, params }: HttpRequest,
  signal: AbortSignal,
): AxiosRequestConfig {
  const address = `${url.replace(/\/+$/, '')}${path}`;
  const encoded = new URLSearchParams(params).toString();
  if (method === 'GET') return { method, url: encoded === '' ? address : `${address}?${encoded}`, signal };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method, url: address, data: encoded, headers, signal };
}

function headerOf(response: AxiosResponse, name: string): string | undefined {
  const value: unknown = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The caller's own reason if it is one of ours, else a timeout. */
function stopped(options: ClientOptions, { signal }: HttpRequest, deadline: Deadline): SerinError {
  if (signal.reason instanceof SerinError) return signal.reason;
  const who = `${options.title} at ${new URL(options.url).host}`;
  const why = deadline.isOver()
    ? `within ${formatDuration(options.timeout)}`
    : 'before the request was stopped';
  return new SerinError('provider_timeout', `${who} did not answer ${why}`);
}

function final(error: SerinError): Problem {
  return { error, retry: false, retryAfter: 0 };
}

async function observed(
  attempt: () => Promise<Attempt<unknown>>,
  provider: string,
  onRequest: ProviderDeps['onRequest'],
): Promise<Attempt<unknown>> {
  const startedAt = performance.now();
  const result = await attempt();
  const seconds = (performance.now() - startedAt) / 1000;
  onRequest?.({ provider, outcome: 'value' in result ? 'ok' : result.problem.error.code, seconds });
  return result;
}

async function realSleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleepFor(milliseconds, undefined, { signal });
}
