import { z } from 'zod';
import type { IncidentStatus } from '../../ledger/incident.ts';
import { parseWith } from '../../parse.ts';
import { makeTold, type ReadIncidents, readTags } from './told.ts';

const webhook = z.looseObject({
  id: z.coerce.string(),
  cycleKey: z.coerce.string().optional(),
  transition: z.string(),
  title: z.string().optional(),
  priority: z.string().optional(),
  scope: z.string().optional(),
  tags: z.string().default(''),
  link: z.string().optional(),
  date: z.coerce.number().optional(),
});

/** A warning, and data that is missing, hurt nobody yet. */
const byTransition: Readonly<Record<string, IncidentStatus>> = {
  Triggered: 'open',
  'Re-Triggered': 'open',
  Recovered: 'resolved',
};

/** Seconds or milliseconds since the epoch, as the template has it. */
function readDate(date: number | undefined): number | null {
  if (date === undefined || !Number.isFinite(date) || date <= 0) return null;
  return Math.round(date < 1e11 ? date * 1000 : date);
}

/**
 * Webhooks of a Datadog monitor, by the payload that docs/incidents.md gives. `$ALERT_CYCLE_KEY` is the same from
 * the trigger to the recovery.
 *
 * https://docs.datadoghq.com/integrations/webhooks/
 */
export const readDatadog: ReadIncidents = (body) => {
  const told = parseWith(webhook, body);
  const status = Object.hasOwn(byTransition, told.transition) ? byTransition[told.transition] : undefined;
  if (status === undefined) return [];
  const at = readDate(told.date);
  const scope = told.scope?.split(',') ?? [];
  return [
    makeTold(told.cycleKey ?? `${told.id}/${told.scope ?? ''}`, {
      status,
      at,
      openedAt: told.transition === 'Triggered' ? at : null,
      resolvedAt: status === 'resolved' ? at : null,
      // The end of a warning is called the same.
      ...(status === 'resolved' ? { withoutBeginning: true } : {}),
      title: told.title ?? null,
      severity: told.priority ?? null,
      url: told.link ?? null,
      labels: { ...readTags(scope), ...readTags(told.tags.split(',')) },
    }),
  ];
};
