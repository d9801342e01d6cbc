import type { Scope } from '../../analysis/run.ts';
import type { SteppedCall } from '../../analysis/stepped-call.ts';
import { type InputIssue, invalidInput } from '../../errors.ts';
import type { Actor } from '../../ledger/actor.ts';
import type { ChangeFacts } from '../../ledger/change.ts';
import { readFacts } from '../analyses/start-request.ts';
import type { components } from '../schema.gen.ts';
import { readDuration } from '../times.ts';

type Body = components['schemas']['FlaggerCall'];
type Metadata = Readonly<Record<string, string>>;
type FactsBody = components['schemas']['ChangeFacts'];

/** A call as the use cases take it, and what concerns Flagger's own protocol. */
export type FlaggerCall = {
  readonly call: SteppedCall;
  readonly phase: Body['phase'];
  /** The webhook is `confirm-promotion`, says its metadata. */
  readonly isPromotion: boolean;
  /** What an `event` webhook tells; `null` otherwise. */
  readonly message: string | null;
};

const ours = ['service', 'environment', 'target', 'template', 'duration', 'interval', 'dryRun'] as const;
const facts = ['version', 'commit', 'artifact', 'url', 'actor', 'kind'] as const;
/** What Flagger adds to the metadata of an `event` webhook. */
const flaggers = ['eventMessage', 'eventType', 'timestamp'] as const;
const known: readonly string[] = [...ours, ...facts, 'deadline', 'gate', ...flaggers];
const scopeKey = /^(canary|baseline)\.(.+)$/;

const kinds = ['normal', 'rollback', 'hotfix'] as const;
const gates = ['traffic', 'promotion'] as const;
const booleans = ['true', 'false'] as const;
const defaultPatience = 3_600_000;

function checkKeys(metadata: Metadata, issues: InputIssue[]): void {
  for (const key of Object.keys(metadata)) {
    if (known.includes(key) || scopeKey.test(key)) continue;
    const allowed = [...known, 'canary.<name>', 'baseline.<name>'].join(', ');
    issues.push({ path: `metadata.${key}`, message: `unknown key; allowed are ${allowed}` });
  }
}

function readWord<Word extends string>(
  metadata: Metadata,
  key: string,
  words: readonly Word[],
  issues: InputIssue[],
): Word | undefined {
  const text = metadata[key];
  const word = words.find((one) => one === text);
  if (text !== undefined && word === undefined)
    issues.push({
      path: `metadata.${key}`,
      message: `found "${text.slice(0, 60)}"; allowed are ${words.join(', ')}`,
    });
  return word;
}

function readTime(metadata: Metadata, key: string, issues: InputIssue[]): number | null {
  const text = metadata[key];
  return text === undefined ? null : readDuration(text, `metadata.${key}`, issues);
}

function readChange(metadata: Metadata, issues: InputIssue[]): Partial<ChangeFacts> {
  const told: FactsBody = {};
  for (const key of facts) {
    const text = metadata[key];
    if (text !== undefined && key !== 'kind') told[key] = text;
  }
  const kind = readWord(metadata, 'kind', kinds, issues);
  return readFacts(kind === undefined ? told : { ...told, kind }, 'metadata.', issues);
}

function readScope(metadata: Metadata, arm: 'canary' | 'baseline'): Scope {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) => {
      const [, which, name = ''] = scopeKey.exec(key) ?? [];
      return which === arm ? [[name, value]] : [];
    }),
  );
}

/** Flagger runs the canary under the target's own name and keeps what it replaces as `<name>-primary`. */
function defaultScopes({ namespace, name }: Body): SteppedCall['scopes']['defaults'] {
  return {
    canary: { namespace, deployment: name },
    baseline: { namespace, deployment: `${name}-primary` },
  };
}

function readStepped(body: Body, metadata: Metadata, by: Actor, issues: InputIssue[]): SteppedCall {
  const { namespace, name, checksum } = body;
  return {
    source: 'flagger',
    ...{ namespace, name, checksum, by },
    service: metadata['service'] ?? null,
    environment: metadata['environment'] ?? null,
    target: metadata['target'] ?? null,
    template: metadata['template'] ?? null,
    change: readChange(metadata, issues),
    duration: readTime(metadata, 'duration', issues),
    interval: readTime(metadata, 'interval', issues),
    dryRun: readWord(metadata, 'dryRun', booleans, issues) === 'true',
    patience: readTime(metadata, 'deadline', issues) ?? defaultPatience,
    scopes: {
      defaults: defaultScopes(body),
      told: { canary: readScope(metadata, 'canary'), baseline: readScope(metadata, 'baseline') },
    },
  };
}

/** The payload of a Flagger webhook, checked by the spec before. Rejects with `invalid_input`. */
export function readCall(body: Body, by: Actor): FlaggerCall {
  const issues: InputIssue[] = [];
  const metadata = body.metadata ?? {};
  checkKeys(metadata, issues);
  const call = readStepped(body, metadata, by, issues);
  const gate = readWord(metadata, 'gate', gates, issues);
  if (issues.length > 0) throw invalidInput(issues);
  return {
    call,
    phase: body.phase,
    isPromotion: gate === 'promotion',
    message: metadata['eventMessage'] ?? null,
  };
}
