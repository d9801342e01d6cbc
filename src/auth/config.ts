import { z } from 'zod';
import { durationSchema } from '../duration.ts';
import { strict } from '../parse.ts';
import { roles } from './caller.ts';
import { schemes } from './webhook.ts';

/** Who may send signed webhooks; each has its secrets under its own name. */
export const webhookSources = [
  'github',
  'gitlab',
  'jenkins',
  'cdevents',
  'alertmanager',
  'grafana',
  'pagerduty',
  'opsgenie',
  'datadog',
  'jira',
  'servicenow',
  'generic',
] as const;
export type WebhookSource = (typeof webhookSources)[number];

const secret = z.string().min(8, 'a secret has at least 8 characters');

const webhook = strict({
  /** Several while one takes over from another. */
  secrets: z.array(secret).min(1, 'is empty; give at least one secret, or leave the source out'),
  /** How the source signs, where it leaves the choice; else its own way. */
  scheme: z.enum(schemes).optional(),
  /** Name of the header with the signature, where it can be chosen. */
  header: z.string().min(1).optional(),
  /** Name of the header with the time, for `timestamped-hex-hmac`. */
  timestampHeader: z.string().min(1).optional(),
  /** How far a timestamp may lie off, milliseconds; 5 minutes by default. */
  tolerance: durationSchema.optional(),
});

const token = strict({
  name: z.string().min(1).max(100),
  roles: z.array(z.enum(roles)).min(1),
  services: z.array(z.string().min(1)).min(1).optional(),
  /** The secret itself, by `${NAME}` or `${file:/path}`. */
  token: z.string().min(32, 'a token has at least 32 characters'),
});

/** The section `auth` of the configuration. */
export const authSchema = strict({
  webhooks: strict(
    Object.fromEntries(webhookSources.map((source) => [source, webhook.optional()])) as Record<
      WebhookSource,
      z.ZodOptional<typeof webhook>
    >,
  ).prefault({}),
  tokens: z.array(token).default([]),
});

export type AuthConfig = z.output<typeof authSchema>;
export type WebhookConfig = z.output<typeof webhook>;

/** Whether anything is configured that tells callers apart: access control is on then. */
export function isConfigured({ webhooks, tokens }: AuthConfig): boolean {
  return tokens.length > 0 || Object.values(webhooks).some((one) => one !== undefined);
}
