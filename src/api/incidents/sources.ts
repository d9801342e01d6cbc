import type { Request } from 'express';
import { incidentSourceNames } from '../../auth/config.ts';
import type { Scheme } from '../../auth/webhook.ts';
import { readAlertmanager } from './alertmanager.ts';
import { readDatadog } from './datadog.ts';
import { readGeneric } from './generic.ts';
import { readJira } from './jira.ts';
import { readOpsgenie } from './opsgenie.ts';
import { readPagerduty } from './pagerduty.ts';
import { readServicenow } from './servicenow.ts';
import type { ReadIncidents } from './told.ts';

type IncidentSourceName = (typeof incidentSourceNames)[number];

/** A source of incidents: how it proves who it is, where the configuration says nothing else, and what it sends. */
export type IncidentSource = {
  readonly scheme: (request: Request) => Scheme;
  /** Name of the header with its signature, where it is not that of the scheme. */
  readonly header?: string | undefined;
  readonly read: ReadIncidents;
};

/** Basic where the sender uses it, else the secret as a bearer. */
function schemeOfHeader(request: Request): Scheme {
  return /^basic /i.test(request.get('Authorization') ?? '') ? 'basic' : 'bearer';
}

/** Grafana signs since version 12; before, and where that is not set up, it can send a bearer or a password. */
function schemeOfGrafana(request: Request): Scheme {
  if (request.get('X-Grafana-Alerting-Timestamp') !== undefined) return 'timestamped-hex-hmac';
  return request.get('X-Grafana-Alerting-Signature') === undefined ? schemeOfHeader(request) : 'hex-hmac';
}

function schemeOfGeneric(request: Request): Scheme {
  return request.get('webhook-signature') === undefined ? schemeOfHeader(request) : 'standard-webhooks';
}

/** Every source that is spoken to, by the last segment of its path. */
export const incidentSources = {
  alertmanager: { scheme: schemeOfHeader, read: readAlertmanager },
  grafana: { scheme: schemeOfGrafana, header: 'x-grafana-alerting-signature', read: readAlertmanager },
  pagerduty: { scheme: () => 'pagerduty', read: readPagerduty },
  opsgenie: { scheme: schemeOfHeader, read: readOpsgenie },
  datadog: { scheme: schemeOfHeader, read: readDatadog },
  jira: { scheme: () => 'hex-hmac', read: readJira },
  servicenow: { scheme: schemeOfHeader, read: readServicenow },
  generic: { scheme: schemeOfGeneric, read: readGeneric },
} as const satisfies Readonly<Record<IncidentSourceName, IncidentSource>>;

/** The source of that name. The spec has refused any other before. */
export function sourceNamed(name: string): readonly [IncidentSourceName, IncidentSource] {
  const found = incidentSourceNames.find((one) => one === name);
  if (found === undefined) throw new Error(`there is no incident source ${name}`);
  return [found, incidentSources[found]];
}
