import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { components } from '../../../src/api/schema.gen.ts';
import { type GoReply, goRequest } from '../../support/go-client.ts';

type Answer = components['schemas']['ArgoAnswer'];

/** How Argo Rollouts assesses one measurement, and the metric as a whole. */
export type Phase = 'Successful' | 'Failed' | 'Inconclusive' | 'Error';

export type Measurement = {
  /** When the answer had come, milliseconds. */
  readonly at: number;
  readonly phase: Phase;
  /** `null` on Error. */
  readonly answer: Answer | null;
  /** What went wrong; `null` unless on Error. */
  readonly message: string | null;
};

/** An analysis run of Argo Rollouts with one web metric. */
export type ArgoRun = {
  readonly startedAt: number;
  readonly measurements: readonly Measurement[];
  /** Resolves when the metric is Successful, Failed, Inconclusive or Error. */
  readonly finished: Promise<Phase>;
  /** The newest answer; `null` before the first. */
  last(): Answer | null;
  /** Asks once more, as the controller would in a later step with the same arguments. */
  ask(): Promise<Answer>;
};

/** What the analysis template says of the metric. */
export type WebMetric = {
  readonly url: string;
  /** Every value a string, for Argo's templating makes them so. */
  readonly jsonBody: JsonBody;
  readonly intervalMs: number;
  readonly count: number;
  readonly consecutiveErrorLimit: number;
};

export type JsonBody = { readonly [name: string]: string | JsonBody };

/** The wait before the next try after an error, whatever the metric's interval is (`DefaultErrorRetryInterval`). */
const errorRetryMs = 10_000;
const timeoutMs = 10_000;

/** POSTs as Go's client does for a web metric with a `jsonBody`, which is compact JSON. */
function post(url: string, jsonBody: JsonBody, agent: Agent): Promise<GoReply> {
  const headers = { 'Content-Type': 'application/json' };
  return goRequest(url, { body: JSON.stringify(jsonBody), headers, timeoutMs, agent });
}

const verdicts: readonly string[] = ['running', 'pass', 'fail', 'inconclusive'];

/** What Serin promises of every answer: 200, one JSON object under 2 KB, a verdict. */
function readAnswer({ status, text }: GoReply): Answer {
  assert.equal(status, 200, `the hook answered ${status}: ${text}`);
  assert.ok(Buffer.byteLength(text) < 2048, `the answer has ${Buffer.byteLength(text)} bytes`);
  const answer: unknown = JSON.parse(text);
  assert.ok(typeof answer === 'object' && answer !== null && !Array.isArray(answer), `no object: ${text}`);
  assert.ok('verdict' in answer && verdicts.includes(String(answer.verdict)), `no verdict: ${text}`);
  return answer as Answer;
}

/** `failureCondition: result.verdict == "fail"` goes before `successCondition: result.verdict == "pass"`. */
function assess({ verdict }: Answer): Phase {
  if (verdict === 'fail') return 'Failed';
  return verdict === 'pass' ? 'Successful' : 'Inconclusive';
}

/** Rejects only for an answer that breaks Serin's promise; no answer at all is a measurement with phase Error. */
async function measure({ url, jsonBody }: WebMetric, agent: Agent): Promise<Measurement> {
  let reply: GoReply;
  try {
    reply = await post(url, jsonBody, agent);
  } catch (error) {
    return { at: Date.now(), phase: 'Error', answer: null, message: String(error) };
  }
  const answer = readAnswer(reply);
  return { at: Date.now(), phase: assess(answer), answer, message: null };
}

/** Where the metric stands: `consecutiveSuccessLimit: 1`, `failureLimit: 0`, `inconclusiveLimit` as large as `count`. */
function assessMetric(measurements: readonly Measurement[], metric: WebMetric): Phase | null {
  const last = measurements.at(-1)?.phase;
  if (last === 'Failed' || last === 'Successful') return last;
  const errors = measurements.length - 1 - measurements.findLastIndex(({ phase }) => phase !== 'Error');
  if (errors > metric.consecutiveErrorLimit) return 'Error';
  return measurements.filter(({ phase }) => phase !== 'Error').length >= metric.count ? 'Inconclusive' : null;
}

async function poll(metric: WebMetric, measurements: Measurement[], agent: Agent): Promise<Phase> {
  for (;;) {
    const measurement = await measure(metric, agent);
    measurements.push(measurement);
    const phase = assessMetric(measurements, metric);
    if (phase !== null) return phase;
    await pause(measurement.phase === 'Error' ? errorRetryMs : metric.intervalMs, undefined, { ref: false });
  }
}

/** Begins to poll as Argo Rollouts does. */
export function startArgoRun(metric: WebMetric): ArgoRun {
  const agent = new Agent({ keepAlive: true });
  const measurements: Measurement[] = [];
  const finished = poll(metric, measurements, agent);
  // Whoever awaits it is told; until then a failure must not end the process.
  finished.catch(() => undefined);
  return {
    startedAt: Date.now(),
    measurements,
    finished,
    last: () => measurements.findLast(({ answer }) => answer !== null)?.answer ?? null,
    ask: async () => readAnswer(await post(metric.url, metric.jsonBody, agent)),
  };
}
