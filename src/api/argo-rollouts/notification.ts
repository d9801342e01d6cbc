import type { RolloutEvent } from '../../analysis/rollout-events.ts';
import { type InputIssue, invalidInput } from '../../errors.ts';
import type { Actor } from '../../ledger/actor.ts';
import type { ChangeFacts } from '../../ledger/change.ts';
import { readFacts } from '../analyses/start-request.ts';
import type { components } from '../schema.gen.ts';
import { parseInstant } from '../times.ts';

type Body = components['schemas']['ArgoEvent'];
type EventType = RolloutEvent['type'];

const byEvent: Readonly<Record<string, EventType>> = {
  'rollout-updated': 'started',
  'rollout-paused': 'paused',
  'rollout-resumed': 'resumed',
  'rollout-completed': 'completed',
  'rollout-aborted': 'aborted',
};
const byOutcome: Readonly<Record<string, EventType>> = Object.fromEntries(
  Object.values(byEvent).map((type) => [type, type]),
);

function look(table: Readonly<Record<string, EventType>>, word: string): EventType | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

function readType(body: Body, issues: InputIssue[]): EventType {
  const [path, word, table] =
    body.outcome === undefined
      ? (['event', body.event, byEvent] as const)
      : (['outcome', body.outcome, byOutcome] as const);
  const type = word === undefined ? undefined : look(table, word);
  if (type !== undefined) return type;
  const allowed = Object.keys(table).join(', ');
  issues.push({
    path,
    message:
      word === undefined ? `is missing; allowed are ${allowed}` : `found "${word}"; allowed are ${allowed}`,
  });
  return 'started';
}

/** `registry:5000/shop/app:v1@sha256:…` has the tag `v1`; what is told by its digest alone has none. */
function readImage(image: string): { readonly tag: string | null; readonly digest: string | null } {
  const [name = '', digest = null] = image.split('@', 2);
  const colon = name.lastIndexOf(':');
  return { tag: colon > name.lastIndexOf('/') ? name.slice(colon + 1) : null, digest };
}

function readVersion(body: Body): Partial<ChangeFacts> {
  const image = body.rollout.images?.[0]?.image;
  const { tag, digest } = image === undefined ? { tag: null, digest: null } : readImage(image);
  const version = tag ?? body.rollout.labels?.['app.kubernetes.io/version'] ?? null;
  return {
    ...(version === null ? {} : { version }),
    ...(digest === null || image === undefined ? {} : { artifact: image }),
  };
}

/** The controller tells no cause with the event itself; the analysis run that ended badly does. */
function readReason(body: Body): string | null {
  if (body.reason !== undefined) return body.reason;
  const bad = (body.analysisRuns ?? []).find(
    ({ phase = '', message }) => message !== undefined && /^(Failed|Error|Inconclusive)$/.test(phase),
  );
  return bad?.message === undefined ? null : `${bad.name ?? 'analysis run'}: ${bad.message}`;
}

/**
 * The body of a notification, checked by the spec before, as the use case takes it. The version is that of `change`,
 * else the tag of the first image, else the label `app.kubernetes.io/version`. Rejects with `invalid_input`.
 */
export function readNotification(body: Body, by: Actor): RolloutEvent {
  const issues: InputIssue[] = [];
  const { uid, revision, namespace = null, name = null } = body.rollout;
  const event: RolloutEvent = {
    source: 'argo-rollouts',
    type: readType(body, issues),
    rollout: { uid, revision, namespace, name },
    at: parseInstant(body.sentAt, 'sentAt', issues),
    service: body.service ?? null,
    environment: body.environment ?? null,
    target: body.target ?? null,
    facts: { ...readVersion(body), ...readFacts(body.change ?? {}, 'change.', issues) },
    reason: readReason(body),
    by,
  };
  if (issues.length > 0) throw invalidInput(issues);
  return event;
}
