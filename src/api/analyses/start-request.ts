import type { Rollout } from '../../analysis/run.ts';
import type { StartRequest } from '../../analysis/runs.ts';
import { type InputIssue, invalidInput } from '../../errors.ts';
import type { Actor } from '../../ledger/actor.ts';
import type { ChangeFacts } from '../../ledger/change.ts';
import type { components } from '../schema.gen.ts';
import { parseInstant, readDuration } from '../times.ts';

type StartBody = components['schemas']['StartAnalysis'];
type FactsBody = components['schemas']['ChangeFacts'];
/** A request as the use case takes it, and how long its caller would wait, milliseconds. */
export type ReadStart = { readonly request: StartRequest; readonly wait: number };

function readUrl(url: string, path: string, issues: InputIssue[]): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    issues.push({ path, message: `found "${url.slice(0, 60)}"; allowed are http and https addresses` });
  return url;
}

/** The facts that a body tells of a change; what it does not tell is left out. Faults go to `issues` under `at`. */
export function readFacts(body: FactsBody, at: string, issues: InputIssue[]): Partial<ChangeFacts> {
  const { committedAt, startedAt, url, ...plain } = body;
  return {
    ...plain,
    ...(url === undefined ? {} : { url: readUrl(url, `${at}url`, issues) }),
    ...(committedAt === undefined
      ? {}
      : { committedAt: parseInstant(committedAt, `${at}committedAt`, issues) }),
    ...(startedAt === undefined ? {} : { startedAt: parseInstant(startedAt, `${at}startedAt`, issues) }),
  };
}

function readRollout(body: StartBody['rollout'], issues: InputIssue[]): Rollout | null {
  if (body?.uid === undefined && body?.revision === undefined) return null;
  const { uid, revision, namespace = null, name = null } = body;
  if (uid !== undefined && revision !== undefined) return { uid, revision, namespace, name };
  const missing = uid === undefined ? 'uid' : 'revision';
  issues.push({ path: `rollout.${missing}`, message: 'is missing; uid and revision go together' });
  return null;
}

function readOptional(
  text: string | undefined,
  path: string,
  issues: InputIssue[],
  read: (text: string, path: string, issues: InputIssue[]) => number,
): number | null {
  return text === undefined ? null : read(text, path, issues);
}

/** Whether a caller may ask for it is for the use case to say, which knows the configuration. */
function readCallbacks(
  { callbackUrl: url, callbackHeaders }: StartBody,
  issues: InputIssue[],
): Pick<StartRequest, 'callbacks'> {
  if (url !== undefined)
    return { callbacks: [{ channel: 'callback', data: { url, headers: callbackHeaders ?? {} } }] };
  if (callbackHeaders !== undefined)
    issues.push({ path: 'callbackHeaders', message: 'is given without callbackUrl' });
  return {};
}

/** The body of a start, checked by the spec before, as the use case takes it. Rejects with `invalid_input`. */
export function readStart(body: StartBody, polled: boolean, by: Actor): ReadStart {
  const issues: InputIssue[] = [];
  const request: StartRequest = {
    key: body.key ?? null,
    service: body.service,
    environment: body.environment,
    target: body.target ?? null,
    change: readFacts(body.change ?? {}, 'change.', issues),
    rollout: readRollout(body.rollout, issues),
    template: body.template ?? null,
    plan: body.plan ?? null,
    canary: body.canary ?? null,
    baseline: body.baseline ?? null,
    start: readOptional(body.start, 'start', issues, parseInstant),
    end: readOptional(body.end, 'end', issues, parseInstant),
    duration: readOptional(body.duration, 'duration', issues, readDuration),
    interval: readOptional(body.interval, 'interval', issues, readDuration),
    dryRun: body.dryRun ?? false,
    polled,
    by,
    ...readCallbacks(body, issues),
  };
  const wait = readOptional(body.wait, 'wait', issues, readDuration) ?? 0;
  if (issues.length === 0 && request.start !== null && request.end !== null && request.end <= request.start)
    issues.push({ path: 'end', message: `found ${body.end}; it must be after start, ${body.start}` });
  if (issues.length > 0) throw invalidInput(issues);
  return { request, wait };
}
