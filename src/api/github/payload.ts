import { z } from 'zod';

/**
 * What is read of GitHub's events. Members not named here are let through: GitHub adds some without notice, and
 * what is optional in one edition is lacking in another.
 */
const repository = z.looseObject({
  id: z.number().int(),
  name: z.string(),
  full_name: z.string(),
  owner: z.looseObject({ login: z.string() }),
});
const common = {
  action: z.string().optional(),
  repository,
  installation: z.looseObject({ id: z.number().int() }).optional(),
};

const deployment = z.looseObject({
  id: z.number().int(),
  sha: z.string(),
  ref: z.string().optional(),
  task: z.string().optional(),
  environment: z.string(),
  /** An object, or a text that may be one. */
  payload: z.unknown().optional(),
  creator: z.looseObject({ login: z.string() }).optional(),
});

const workflowRun = z.looseObject({
  id: z.number().int(),
  run_attempt: z.number().int().default(1),
  html_url: z.string().optional(),
});

export const protectionRule = z.looseObject({
  ...common,
  environment: z.string(),
  sha: z.string().optional(),
  deployment_callback_url: z.string(),
  /** Lacking where GitHub makes no deployment for the job. */
  deployment: z
    .looseObject({ id: z.number().int(), sha: z.string().optional(), payload: z.unknown().optional() })
    .optional(),
});

export const deploymentEvent = z.looseObject({ ...common, deployment, workflow_run: workflowRun.optional() });

export const deploymentStatusEvent = z.looseObject({
  ...common,
  deployment,
  deployment_status: z.looseObject({
    state: z.string(),
    created_at: z.string(),
    log_url: z.string().optional(),
    target_url: z.string().optional(),
  }),
  workflow_run: workflowRun.optional(),
});

export const workflowRunEvent = z.looseObject({ ...common, workflow_run: workflowRun });

export type ProtectionRule = z.output<typeof protectionRule>;
export type DeploymentEvent = z.output<typeof deploymentEvent>;
export type DeploymentStatusEvent = z.output<typeof deploymentStatusEvent>;

/** What a deployment carries along, such as `{"service": "checkout"}`; a text that is no object carries nothing. */
export function readCarried(payload: unknown): Readonly<Record<string, unknown>> {
  if (typeof payload === 'object' && payload !== null) return payload as Record<string, unknown>;
  if (typeof payload !== 'string') return {};
  try {
    const read: unknown = JSON.parse(payload);
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
