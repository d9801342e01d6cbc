import type { z } from 'zod';
import { invalidInput } from '../../errors.ts';
import type { HostEvent } from '../../gate/intake.ts';
import { readDeployment, readDeploymentStatus } from './deployment.ts';
import { groupOf, readGate } from './gate-request.ts';
import { type GithubHouse, isHosted } from './house.ts';
import { deploymentEvent, deploymentStatusEvent, protectionRule, workflowRunEvent } from './payload.ts';

/** An event as it came: its kind and delivery from the headers, the rest from the body. */
export type RawEvent = { readonly name: string; readonly deliveryId: string; readonly body: unknown };

/** The kinds of events that lead to something; of each other kind nothing is read. */
export const knownEvents = [
  'deployment_protection_rule',
  'deployment',
  'deployment_status',
  'workflow_run',
] as const;

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw invalidInput(read.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })));
}

/**
 * What an event tells; `null` when it concerns nothing here. Rejects with `invalid_input` when a member that is needed
 * is lacking, with `forbidden` when it would have Serin answer elsewhere than where it came from.
 */
export function readEvent(
  { name, deliveryId, body }: RawEvent,
  house: GithubHouse,
  now: number,
): HostEvent | null {
  switch (name) {
    case 'deployment_protection_rule': {
      const event = parse(protectionRule, body);
      const gate = event.action === 'requested' ? readGate(event, deliveryId, house, now) : null;
      return gate === null ? null : { type: 'gate', gate };
    }
    case 'deployment': {
      const deployment = readDeployment(parse(deploymentEvent, body), house);
      return deployment === null ? null : { type: 'deployment', deployment };
    }
    case 'deployment_status': {
      const deployment = readDeploymentStatus(parse(deploymentStatusEvent, body), house);
      return deployment === null ? null : { type: 'deployment', deployment };
    }
    case 'workflow_run': {
      const { action, repository, workflow_run: run } = parse(workflowRunEvent, body);
      return action === 'completed' && isHosted(house, repository.full_name)
        ? { type: 'over', group: groupOf(repository.id, run.id) }
        : null;
    }
    default:
      return null;
  }
}
