import { z } from 'zod';
import type { IncidentStatus } from '../../ledger/incident.ts';
import { parseWith } from '../../parse.ts';
import { makeTold, type ReadIncidents, readTags } from './told.ts';

const webhook = z.looseObject({
  action: z.string(),
  alert: z
    .looseObject({
      alertId: z.string(),
      message: z.string().optional(),
      tags: z.array(z.coerce.string()).default([]),
      details: z.record(z.string(), z.coerce.string()).default({}),
      priority: z.string().optional(),
      entity: z.string().optional(),
      createdAt: z.coerce.number().optional(),
      updatedAt: z.coerce.number().optional(),
    })
    .optional(),
});

/** Notes, escalations and changes of words say nothing of whether it still hurts. */
const byAction: Readonly<Record<string, IncidentStatus>> = {
  Create: 'open',
  UnAcknowledge: 'open',
  Acknowledge: 'acknowledged',
  Close: 'resolved',
  Delete: 'dismissed',
};

/** Milliseconds; Opsgenie counts some times in milliseconds and some in nanoseconds. */
function readCount(count: number | undefined): number | null {
  if (count === undefined || !Number.isFinite(count) || count <= 0) return null;
  return Math.round(count > 1e15 ? count / 1e6 : count);
}

/**
 * Webhooks of Opsgenie. Its `updatedAt` counts nanoseconds where `createdAt` counts milliseconds.
 *
 * https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/
 */
export const readOpsgenie: ReadIncidents = (body) => {
  const { action, alert } = parseWith(webhook, body);
  const status = Object.hasOwn(byAction, action) ? byAction[action] : undefined;
  if (status === undefined || alert === undefined) return [];
  const openedAt = readCount(alert.createdAt);
  const at = action === 'Create' ? openedAt : readCount(alert.updatedAt);
  return [
    makeTold(alert.alertId, {
      status,
      at,
      openedAt,
      acknowledgedAt: status === 'acknowledged' ? at : null,
      resolvedAt: status === 'resolved' || status === 'dismissed' ? at : null,
      title: alert.message ?? null,
      severity: alert.priority ?? null,
      labels: { ...readTags(alert.tags), ...alert.details },
      names: alert.entity === undefined ? [] : [alert.entity],
    }),
  ];
};
