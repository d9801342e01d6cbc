import { z } from 'zod';
import type { IncidentStatus } from '../../ledger/incident.ts';
import { parseWith } from '../../parse.ts';
import { makeTold, type ReadIncidents, readTime } from './told.ts';

const reference = z.looseObject({ id: z.string().optional(), summary: z.string().optional() });
const incident = z.looseObject({
  id: z.string(),
  html_url: z.string().optional(),
  title: z.string().optional(),
  status: z.string().optional(),
  created_at: z.string().optional(),
  service: reference.optional(),
  priority: reference.optional(),
  urgency: z.string().optional(),
  resolve_reason: z.looseObject({ type: z.string().optional() }).optional(),
});
const webhook = z.looseObject({
  event: z.looseObject({
    event_type: z.string(),
    resource_type: z.string().optional(),
    occurred_at: z.string().optional(),
    data: z.looseObject({ type: z.string().optional() }),
  }),
});

const byStatus: Readonly<Record<string, IncidentStatus>> = {
  triggered: 'open',
  acknowledged: 'acknowledged',
  resolved: 'resolved',
};

/** An incident that was merged into another hurts there. */
function statusOf({ status = 'triggered', resolve_reason }: z.output<typeof incident>): IncidentStatus {
  if (resolve_reason?.type?.startsWith('merge')) return 'dismissed';
  return Object.hasOwn(byStatus, status) ? (byStatus[status] ?? 'open') : 'open';
}

/** Events about incidents that carry something else (a note, a responder, a workflow) say so by the type of their data. */
function isOfIncident({ event_type, resource_type, data }: z.output<typeof webhook>['event']): boolean {
  return (
    (resource_type ?? 'incident') === 'incident' &&
    (data.type ?? 'incident') === 'incident' &&
    /^incident\.(?!annotated|status_update|custom)/.test(event_type)
  );
}

/**
 * Webhooks of PagerDuty, version 3. Events of anything but incidents tell nothing. The incident's own state counts, not
 * the event's name, for there are events of many names (`incident.priority_updated`); when it was resolved is the time of
 * the event that says so, and not of one that finds it resolved.
 *
 * https://developer.pagerduty.com/docs/webhooks-overview
 */
export const readPagerduty: ReadIncidents = (body) => {
  const { event } = parseWith(webhook, body);
  if (!isOfIncident(event)) return [];
  const data = parseWith(incident, event.data);
  const status = statusOf(data);
  const at = readTime(event.occurred_at);
  return [
    makeTold(data.id, {
      status,
      at,
      openedAt: readTime(data.created_at),
      acknowledgedAt: event.event_type === 'incident.acknowledged' ? at : null,
      resolvedAt: event.event_type === 'incident.resolved' ? at : null,
      title: data.title ?? null,
      severity: data.priority?.summary ?? data.urgency ?? null,
      url: data.html_url ?? null,
      names: [data.service?.summary, data.service?.id].filter((name) => name !== undefined),
    }),
  ];
};
