import { z } from 'zod';
import type { IncidentStatus } from '../../ledger/incident.ts';
import { parseWith } from '../../parse.ts';
import { makeTold, type ReadIncidents, readTags, readTime, type ToldIncident } from './told.ts';

const named = z.looseObject({ name: z.string().optional() });
const issue = z.looseObject({
  key: z.string(),
  self: z.string().optional(),
  fields: z.looseObject({
    summary: z.string().optional(),
    issuetype: named.optional(),
    priority: named.optional(),
    resolution: named.optional(),
    status: z
      .looseObject({ statusCategory: z.looseObject({ key: z.string().optional() }).optional() })
      .optional(),
    created: z.string().optional(),
    resolutiondate: z.string().optional(),
    labels: z.array(z.string()).default([]),
    components: z.array(named).default([]),
    project: z.looseObject({ key: z.string().optional() }).optional(),
  }),
});
const webhook = z.looseObject({
  webhookEvent: z.string(),
  timestamp: z.coerce.number().optional(),
  issue: issue.optional(),
});

type Issue = z.output<typeof issue>;

const byCategory: Readonly<Record<string, IncidentStatus>> = {
  new: 'open',
  undefined: 'open',
  indeterminate: 'acknowledged',
  done: 'resolved',
};

function statusOf(webhookEvent: string, { fields }: Issue): IncidentStatus {
  const isNone = /^(duplicate|won't do|declined|cancell?ed)$/i.test(fields.resolution?.name ?? '');
  if (webhookEvent === 'jira:issue_deleted' || isNone) return 'dismissed';
  return byCategory[fields.status?.statusCategory?.key ?? 'new'] ?? 'open';
}

/** Jira of one's own may lie below a path, which the address of its API has, too. */
function pageOf({ key, self }: Issue): string | null {
  if (self === undefined || !URL.canParse(self)) return null;
  const { origin, pathname } = new URL(self);
  const [below = ''] = pathname.split('/rest/api/');
  return `${origin}${below}/browse/${encodeURIComponent(key)}`;
}

function readIssue(webhookEvent: string, at: number | null, one: Issue): ToldIncident {
  const { fields, key } = one;
  const status = statusOf(webhookEvent, one);
  const components = fields.components.flatMap(({ name }) => name ?? []);
  return makeTold(key, {
    status,
    at,
    openedAt: readTime(fields.created),
    resolvedAt: status === 'resolved' ? readTime(fields.resolutiondate) : null,
    title: fields.summary ?? null,
    severity: fields.priority?.name ?? null,
    url: pageOf(one),
    labels: readTags(fields.labels),
    names: [
      ...components,
      ...fields.labels,
      ...(fields.project?.key === undefined ? [] : [fields.project.key]),
    ],
  });
}

/**
 * Webhooks of Jira about issues whose type is an incident's by its name; others tell nothing. Whether it still hurts is
 * told by the category of its status, which every workflow has.
 *
 * https://developer.atlassian.com/cloud/jira/platform/webhooks/
 */
export const readJira: ReadIncidents = (body) => {
  const { webhookEvent, timestamp, issue: one } = parseWith(webhook, body);
  if (one === undefined || !/^jira:issue_(created|updated|deleted)$/.test(webhookEvent)) return [];
  if (!/incident/i.test(one.fields.issuetype?.name ?? '')) return [];
  return [readIssue(webhookEvent, timestamp === undefined ? null : Math.round(timestamp), one)];
};
