import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import {
  assessPoll,
  assessStart,
  findConfig,
  type KayentaMetric,
  type KayentaReply,
  lookupPath,
  type Measurement,
  startBody,
  startPath,
} from '../support/argo-kayenta.ts';
import { vectorsFile } from './vectors-folder.ts';

type Replies = Readonly<Record<string, { readonly status: number; readonly body: unknown }>>;
type Vector = {
  readonly id: string;
  readonly operation?: string;
  readonly server_reply: Replies;
  readonly provider_config: KayentaMetric & { readonly provider: string };
  readonly expected_phase: string;
  readonly expected_value: string;
  readonly expected_request?: Readonly<Record<string, unknown>> & { readonly order: readonly string[] };
  readonly expected_message_contains?: string;
};

const file = vectorsFile('argo-web-and-kayenta.json');

function replyTo(replies: Replies, start: string): KayentaReply | null {
  const key = Object.keys(replies).find((one) => one.startsWith(start));
  const reply = key === undefined ? undefined : replies[key];
  if (reply === undefined) return null;
  return {
    status: reply.status,
    text: typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body),
  };
}

/** What the model makes of the replies of a vector, call after call, until one ends the measurement. */
function measure({ server_reply, provider_config }: Vector): Measurement {
  const failed: Measurement = { phase: 'Error', value: '', executionId: '' };
  const lookup = replyTo(server_reply, 'GET /canaryConfig');
  if (lookup !== null && findConfig(lookup, provider_config.canaryConfigName) === null) return failed;
  const start = replyTo(server_reply, 'POST /canary/');
  const started = start === null ? null : assessStart(start);
  if (started?.phase === 'Error') return failed;
  const poll = replyTo(server_reply, 'GET /canary/');
  return poll === null ? (started ?? failed) : assessPoll(poll, provider_config.threshold);
}

/** Argo checks its own configuration before it asks; there is nothing of ours in that. */
function isAboutReplies({ expected_message_contains: message = '' }: Vector): boolean {
  return !/must both be set or be empty/.test(message);
}

describe('the model of an Argo Rollouts kayenta metric', () => {
  if (!existsSync(file)) {
    it('skipped: needs the reference vectors (../shared/vectors)');
    return;
  }
  const all = JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[];
  const vectors = all.filter(
    (vector) => vector.provider_config.provider === 'kayenta' && isAboutReplies(vector),
  );

  it('is held against enough of them', () => {
    assert.ok(vectors.length >= 30, `only ${vectors.length}`);
  });

  for (const vector of vectors)
    it(`measures as Argo did: ${vector.id}`, () => {
      const { phase, value } = measure(vector);

      assert.deepEqual({ phase, value }, { phase: vector.expected_phase, value: vector.expected_value });
    });

  it('asks as Argo did', () => {
    const { provider_config: metric, expected_request: asked, server_reply } = vectors[0]!;
    const [lookup = '', start = ''] = asked!.order;
    const id = findConfig(replyTo(server_reply, 'GET /canaryConfig')!, metric.canaryConfigName);

    assert.equal(`GET ${lookupPath(metric)}`, lookup);
    assert.equal(`POST ${startPath(metric, id!)}`, start);
    const at = { now: 0, interval: 0, startedAt: 0, lookback: false };
    assert.deepEqual(JSON.parse(startBody(metric, at)), asked![start]);
  });
});
