import { createHash, randomUUID } from 'node:crypto';
import { hasCode } from '../../errors.ts';
import type { KayentaThresholds } from '../../judge/kayenta/config.ts';
import type { CanaryRequest } from './canary-request.ts';
import { parseThresholds } from './thresholds.ts';

const separator = '_';
const deferred = 'later_';
/** Of an id in a URL; a longer one might not come back whole. */
const longest = 6_000;

/** A new id. The thresholds are part of it, so that even without the database a poll can be told something. */
export function newExecutionId({ pass, marginal }: KayentaThresholds): string {
  return [randomUUID(), pass, marginal].join(separator);
}

/**
 * An id that is the request itself, for when it cannot be stored: whoever asks for it later starts it. `null` when the
 * request is too long for that.
 */
export function deferredId(request: CanaryRequest): string | null {
  const id = `${deferred}${Buffer.from(JSON.stringify(request)).toString('base64url')}`;
  return id.length <= longest ? id : null;
}

type Loose = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScope(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { scope, location, start, end, step, extendedScopeParams: params } = value;
  const texts = isObject(params) ? [scope, location ?? '', ...Object.values(params)] : [null];
  return (
    texts.every((text) => typeof text === 'string') &&
    [start, end, step ?? 1].every((number) => Number.isSafeInteger(number))
  );
}

/** An id comes from outside, whoever wrote it: it must have the shape of a request, as the spec has it. */
function isRequest(value: unknown): value is CanaryRequest {
  if (!isObject(value) || !isObject(value['scopes']) || !isObject(value['accounts'])) return false;
  const { kind, application, config, scopes, accounts, parentPipelineExecutionId: parent } = value;
  const names = [application, parent, ...Object.values(accounts)];
  const pairs = Object.values(scopes);
  return (
    kind === 'canary' &&
    isObject(config) &&
    typeof config['id'] === 'string' &&
    names.every((name) => name === null || typeof name === 'string') &&
    pairs.every((pair) => isObject(pair) && isScope(pair['control']) && isScope(pair['experiment']))
  );
}

/** What a deferred id asks for, and the short id under which it is kept; `null` for any other id. */
export function readDeferred(
  id: string,
): { readonly request: CanaryRequest; readonly keptAs: string } | null {
  if (!id.startsWith(deferred)) return null;
  const text = Buffer.from(id.slice(deferred.length), 'base64url').toString();
  try {
    const request: unknown = JSON.parse(text);
    if (!isRequest(request)) return null;
    const keptAs = createHash('sha256').update(id).digest('hex').slice(0, 32);
    return deferredId(request) === id ? { request, keptAs } : null;
  } catch {
    return null;
  }
}

/** The thresholds of an execution by its id alone; `null` when the id is none of ours. */
export function thresholdsOfId(id: string): KayentaThresholds | null {
  const request = readDeferred(id)?.request;
  const [, pass, marginal] = id.split(separator);
  try {
    if (request !== undefined) return parseThresholds(request.thresholds);
    if (pass === undefined || marginal === undefined) return null;
    return parseThresholds({ pass: Number(pass), marginal: Number(marginal) });
  } catch (error) {
    if (hasCode(error, 'invalid_input')) return null;
    throw error;
  }
}
