import { z } from 'zod';
import { parseWith } from '../../parse.ts';
import { makeTold, type ReadIncidents, readTime, type ToldIncident } from './told.ts';

const labels = z.record(z.string(), z.coerce.string()).default({});
const alert = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels,
  annotations: labels,
  startsAt: z.string(),
  endsAt: z.string().optional(),
  generatorURL: z.string().optional(),
  dashboardURL: z.string().optional(),
  panelURL: z.string().optional(),
  fingerprint: z.string().optional(),
});
const webhook = z.looseObject({
  commonLabels: labels,
  commonAnnotations: labels,
  externalURL: z.string().optional(),
  alerts: z.array(alert).max(5000),
});

type Alert = z.output<typeof alert>;
type Webhook = z.output<typeof webhook>;

/** Without a fingerprint the labels tell alerts apart, as they do for Prometheus. */
function nameOf({ fingerprint, labels: own, startsAt }: Alert): string {
  const sorted = Object.entries(own).sort(([left], [right]) => (left < right ? -1 : 1));
  return `${fingerprint ?? JSON.stringify(sorted)}/${startsAt}`;
}

function readAlert(one: Alert, { commonLabels, commonAnnotations, externalURL }: Webhook): ToldIncident {
  const all = { ...commonLabels, ...one.labels };
  const notes = { ...commonAnnotations, ...one.annotations };
  const isOver = one.status === 'resolved';
  const openedAt = readTime(one.startsAt);
  // While it fires, `endsAt` is when it would be forgotten without further news.
  const resolvedAt = isOver ? readTime(one.endsAt) : null;
  return makeTold(nameOf(one), {
    status: isOver ? 'resolved' : 'open',
    at: isOver ? resolvedAt : openedAt,
    openedAt,
    resolvedAt,
    title: notes['summary'] ?? all['alertname'] ?? notes['description'] ?? null,
    severity: all['severity'] ?? null,
    url: one.panelURL ?? one.dashboardURL ?? one.generatorURL ?? externalURL ?? null,
    labels: all,
  });
}

/**
 * Webhooks of Alertmanager (version 4) and of Grafana's alerting, which has the same form with a few more members. An
 * alert that fires anew is another incident: it is told by its fingerprint and its beginning.
 *
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export const readAlertmanager: ReadIncidents = (body) => {
  const told = parseWith(webhook, body);
  return told.alerts.map((one) => readAlert(one, told));
};
