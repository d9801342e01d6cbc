import { createHmac } from 'node:crypto';
import type { GithubHouse } from '../../src/api/github/house.ts';
import type { GatePolicy } from '../../src/gate/policy.ts';

/** Commit of all events made here. */
export const sha = '9f1c6a20d2b84f0f8a4ff2b0a5c8e6f1d3b7a901';

export const repository = { id: 88, name: 'checkout', full_name: 'shop/checkout', owner: { login: 'shop' } };

export function makePolicy(changes: Partial<GatePolicy> = {}): GatePolicy {
  return {
    environment: 'production',
    judges: 'staging',
    judgedIn: 'staging',
    maxAge: 86_400_000,
    onInconclusive: 'refuse',
    ...changes,
  };
}

/** One service, `checkout`, in `shop/checkout`, with a gate before production. */
export function makeGithubHouse(changes: Partial<GithubHouse> = {}): GithubHouse {
  return {
    services: [{ name: 'checkout', repository: 'shop/checkout', gates: [makePolicy()] }],
    allowedHosts: ['api.github.com'],
    deadline: 21_600_000,
    comments: true,
    report: 'none',
    ...changes,
  };
}

type Members = Readonly<Record<string, unknown>>;

/** A job that waits for `production` in run 7301. */
export function makeProtectionRule(changes: Members = {}): Members {
  return {
    action: 'requested',
    environment: 'production',
    event: 'push',
    sha,
    ref: 'refs/heads/main',
    deployment_callback_url:
      'https://api.github.com/repos/shop/checkout/actions/runs/7301/deployment_protection_rule',
    deployment: { id: 412, sha, ref: 'main', task: 'deploy', environment: 'production', payload: {} },
    pull_requests: [],
    repository,
    organization: { login: 'shop', id: 7 },
    installation: { id: 99 },
    sender: { login: 'ada' },
    ...changes,
  };
}

/** Deployment 412 to production, by run 7301. */
export function makeDeployment(changes: Members = {}, deployment: Members = {}): Members {
  return {
    action: 'created',
    deployment: {
      id: 412,
      sha,
      ref: 'main',
      task: 'deploy',
      payload: {},
      environment: 'production',
      creator: { login: 'ada' },
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      ...deployment,
    },
    workflow: { id: 5 },
    workflow_run: {
      id: 7301,
      run_attempt: 1,
      html_url: 'https://github.com/shop/checkout/actions/runs/7301',
    },
    repository,
    installation: { id: 99 },
    sender: { login: 'ada' },
    ...changes,
  };
}

/** A state of deployment 412, at that time of the status; the deployment itself was touched much later. */
export function makeDeploymentStatus(
  state: string,
  at: string,
  deployment: Members = {},
  changes: Members = {},
): Members {
  const event = makeDeployment(changes, { updated_at: '2026-03-01T00:00:00Z', ...deployment });
  return {
    ...event,
    deployment_status: { id: 9, state, environment: 'production', created_at: at, updated_at: at },
  };
}

export function sign(body: string | Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** The headers of a delivery, signed with `secret`. */
export function headersOf(
  event: string,
  body: string,
  { secret, deliveryId }: { readonly secret: string; readonly deliveryId: string },
): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/044aadd',
    'X-GitHub-Event': event,
    'X-GitHub-Delivery': deliveryId,
    'X-GitHub-Hook-ID': '31',
    'X-Hub-Signature-256': sign(body, secret),
  };
}
