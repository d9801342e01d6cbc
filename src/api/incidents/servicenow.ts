import { z } from 'zod';
import type { IncidentStatus } from '../../ledger/incident.ts';
import { parseWith } from '../../parse.ts';
import { makeTold, type ReadIncidents, readTime } from './told.ts';

const webhook = z.looseObject({
  table: z.string().default('incident'),
  sys_id: z.string(),
  number: z.string().optional(),
  state: z.coerce.string(),
  short_description: z.string().optional(),
  priority: z.coerce.string().optional(),
  cmdb_ci: z.string().optional(),
  business_service: z.string().optional(),
  environment: z.string().optional(),
  opened_at: z.string().optional(),
  resolved_at: z.string().optional(),
  closed_at: z.string().optional(),
  sys_updated_on: z.string().optional(),
  url: z.string().optional(),
});

/** By the number of the state and by its name, for business rules send either. */
const byState: Readonly<Record<string, IncidentStatus>> = {
  '1': 'open',
  new: 'open',
  '2': 'acknowledged',
  'in progress': 'acknowledged',
  '3': 'acknowledged',
  'on hold': 'acknowledged',
  '6': 'resolved',
  resolved: 'resolved',
  '7': 'resolved',
  closed: 'resolved',
  '8': 'dismissed',
  canceled: 'dismissed',
};

/**
 * Incidents of ServiceNow, by the payload that docs/incidents.md gives; its times are UTC. Other tables tell nothing.
 *
 * https://www.servicenow.com/docs/bundle/zurich-it-service-management/page/product/incident-management/concept/c_IncidentManagementStateModel.html
 */
export const readServicenow: ReadIncidents = (body) => {
  const told = parseWith(webhook, body);
  const status = byState[told.state.trim().toLowerCase()];
  if (told.table !== 'incident' || status === undefined) return [];
  const resolvedAt = readTime(told.resolved_at) ?? readTime(told.closed_at);
  return [
    makeTold(told.sys_id, {
      status,
      at: readTime(told.sys_updated_on) ?? (status === 'resolved' ? resolvedAt : null),
      openedAt: readTime(told.opened_at),
      resolvedAt: status === 'resolved' ? resolvedAt : null,
      title: told.short_description ?? told.number ?? null,
      severity: told.priority ?? null,
      url: told.url ?? null,
      labels: told.environment === undefined ? {} : { environment: told.environment },
      names: [told.business_service, told.cmdb_ci].filter((name) => name !== undefined),
    }),
  ];
};
