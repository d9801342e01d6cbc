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

/** What a deferred id asks for, and the short id under which it is kept; `null` for any other id. */
export function readDeferred(
  id: string,
): { readonly request: CanaryRequest; readonly keptAs: string } | null {
  if (!id.startsWith(deferred)) return null;
  const text = Buffer.from(id.slice(deferred.length), 'base64url').toString();
  try {
    const request = JSON.parse(text) as CanaryRequest;
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
