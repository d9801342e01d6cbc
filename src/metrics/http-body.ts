import type { Readable } from 'node:stream';
import { SerinError } from '../errors.ts';
import { bodyProblem, type Problem } from './http-problem.ts';
import type { Attempt } from './http-retry.ts';

const wordsLimit = 200;

class BodyTooLarge extends Error {}

/**
 * Reads a body of at most `limit` bytes (after unpacking) as UTF-8 and stops reading there. Gives back the failure
 * instead of throwing it: of an answer with an error status, a broken body is of no interest.
 */
export async function readBody(stream: Readable, limit: number): Promise<string | Error> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw new BodyTooLarge();
      chunks.push(chunk);
    }
    return new TextDecoder().decode(Buffer.concat(chunks));
  } catch (failure) {
    return failure instanceof Error ? failure : new Error('not an error');
  }
}

/** What the body of a 2xx answer is worth: its JSON, or why there is none. */
export function judgeBody(who: string, body: string | Error, limit: number): Attempt<unknown> {
  if (body instanceof BodyTooLarge)
    return { problem: final('provider_too_large', `${who} ${tooLarge(limit)}`) };
  if (body instanceof Error) return { problem: bodyProblem(who, body) };
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return { problem: final('provider_malformed', `${who} sent ${describe(body)} where JSON was expected`) };
  }
}

/** The backend's own error message out of a body: by `explain` of JSON, or the plain text; '' for HTML and none. */
export function wordsOf(body: string | Error, explain: (json: unknown) => string | null): string {
  if (body instanceof Error) return '';
  try {
    return explain(JSON.parse(body)) ?? '';
  } catch {
    return isHtml(body) ? '' : body.trim();
  }
}

/** One line of at most 200 characters. */
export function cutWords(words: string): string {
  const line = words.replace(/\s+/g, ' ');
  return line.length > wordsLimit ? `${line.slice(0, wordsLimit - 1)}…` : line;
}

function final(code: 'provider_too_large' | 'provider_malformed', message: string): Problem {
  return { error: new SerinError(code, message), retry: false, retryAfter: 0 };
}

function tooLarge(limit: number): string {
  return `sent more than ${Math.floor(limit / 1024)} KiB; does the query aggregate into one series?`;
}

/** Never quotes the body: a page may hold anything. */
function describe(body: string): string {
  if (body.trim() === '') return 'an empty body';
  if (isHtml(body)) return 'an HTML page (a login page? check the provider’s `url`)';
  return /^\s*[[{]/.test(body) ? 'broken or truncated JSON' : 'a text';
}

function isHtml(body: string): boolean {
  return /^\s*</.test(body);
}
