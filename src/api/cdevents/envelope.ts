import type { Request } from 'express';
import { type InputIssue, invalidInput } from '../../errors.ts';
import { dropAbsent } from '../members.ts';

type Members = Readonly<Record<string, unknown>>;

/** One CDEvent, taken out of its CloudEvent; `path` is where it stands in the body (`""`, `data`, `[2].data`). */
export type Delivered = { readonly event: Members; readonly path: string };

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readBase64(text: string): unknown {
  try {
    return dropAbsent(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
  } catch {
    return null;
  }
}

function dataOf(envelope: Members): unknown {
  const { data, data_base64: encoded } = envelope;
  return data === undefined && typeof encoded === 'string' ? readBase64(encoded) : data;
}

/** A structured CloudEvent: its attributes beside `data`. */
function unwrap(envelope: unknown, at: string, issues: InputIssue[]): Delivered[] {
  const path = at === '' ? 'data' : `${at}.data`;
  const event = isObject(envelope) ? dataOf(envelope) : undefined;
  if (isObject(event)) return [{ event, path }];
  issues.push({ path, message: 'is missing; a CloudEvent carries a CDEvent as JSON object' });
  return [];
}

/**
 * The CDEvents of a request in any mode of CloudEvents over HTTP: binary (`ce-…` headers, the body is the event),
 * structured, or a batch. What is in the body tells them apart, for not every producer sets the Content-Type. A bare
 * CDEvent is taken as well. Rejects with `invalid_input`.
 */
export function readEnvelope(request: Request): readonly Delivered[] {
  const body: unknown = request.body;
  const issues: InputIssue[] = [];
  const found = Array.isArray(body)
    ? body.flatMap((one, index) => unwrap(one, `[${index}]`, issues))
    : isObject(body) && body['specversion'] !== undefined && request.get('ce-specversion') === undefined
      ? unwrap(body, '', issues)
      : isObject(body)
        ? [{ event: body, path: '' }]
        : [];
  if (issues.length > 0) throw invalidInput(issues);
  return found;
}
