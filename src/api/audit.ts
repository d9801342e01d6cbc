import { once } from 'node:events';
import { type Request, type Response, Router } from 'express';
import type { AuditFilter, AuditStore, StoredAuditEntry } from '../ledger/audit-store.ts';
import { queryPage, queryRange, queryText, queryWord } from './query.ts';
import type { components } from './schema.gen.ts';
import { writeInstant } from './times.ts';

type ReadAudit = Pick<AuditStore, 'list'>;

const ndjson = 'application/x-ndjson';
/** Entries read at a time for an export. */
const chunk = 200;

function writeEntry(entry: StoredAuditEntry): components['schemas']['AuditEntry'] {
  const { id, at, actor, action, subject, before, after, reason, requestId } = entry;
  return { id, at: writeInstant(at), actor, action, subject, before, after, reason, requestId };
}

function wantsLines(request: Request): boolean {
  const format = queryWord(request, 'format', ['json', 'ndjson'] as const);
  return format === undefined
    ? request.accepts(['application/json', ndjson]) === ndjson
    : format === 'ndjson';
}

function readFilter(request: Request): AuditFilter {
  return {
    subject: queryText(request, 'subject'),
    actor: queryText(request, 'actor'),
    action: queryText(request, 'action'),
    ...queryRange(request),
  };
}

/** Writes one page after the other, no faster than they are read; ends early when the caller has gone. */
async function sendLines(audit: ReadAudit, request: Request, response: Response): Promise<void> {
  const filter = readFilter(request);
  let left = request.query['limit'] === undefined ? Number.POSITIVE_INFINITY : queryPage(request).limit;
  let { cursor } = queryPage(request);
  let page = await audit.list(filter, Math.min(chunk, left), cursor);
  response.setHeader('Content-Type', ndjson);
  while (!response.destroyed) {
    const lines = page.items.map((entry) => `${JSON.stringify(writeEntry(entry))}\n`).join('');
    if (!response.write(lines)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    left -= page.items.length;
    cursor = page.nextCursor;
    if (cursor === null || left <= 0) break;
    page = await audit.list(filter, Math.min(chunk, left), cursor);
  }
  response.end();
}

/** The audit trail. */
export function createAuditRouter(audit: ReadAudit): Router {
  const router = Router();
  router.get('/v1/audit', async (request, response) => {
    if (wantsLines(request)) {
      await sendLines(audit, request, response);
      return;
    }
    const { limit, cursor } = queryPage(request);
    const page = await audit.list(readFilter(request), limit, cursor);
    response.json({ items: page.items.map(writeEntry), nextCursor: page.nextCursor });
  });
  return router;
}
