import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { assessWeb, isModelled, type WebConditions, type WebPhase } from '../support/argo-web.ts';
import { vectorsFile } from './vectors-folder.ts';

type Observed = { readonly phase: string };
type Vector = {
  readonly id: string;
  readonly server_reply: { readonly status: number; readonly body: string } | null;
  readonly provider_config: {
    readonly provider: string;
    readonly method?: string;
    readonly jsonPath?: string;
    readonly successCondition?: string;
    readonly failureCondition?: string;
  };
  readonly expected_phase: string | null;
  readonly observed_head?: Observed;
  readonly observed_v1_9_1?: Observed;
};

const file = vectorsFile('argo-web-and-kayenta.json');

function conditionsOf({ provider_config: { successCondition, failureCondition } }: Vector): WebConditions {
  return { success: successCondition ?? null, failure: failureCondition ?? null };
}

/** What happens before a reply, or after another one, is not modelled: a redirect, a timeout, a bad configuration. */
function isModelledVector(vector: Vector): boolean {
  const { server_reply, provider_config } = vector;
  const isPlain = server_reply !== null && server_reply.status >= 200 && !/timeout|follow/.test(vector.id);
  return (
    provider_config.provider === 'web' &&
    provider_config.jsonPath === undefined &&
    isPlain &&
    isModelled(conditionsOf(vector))
  );
}

function phaseOf({ phase }: Observed): WebPhase {
  return (phase === 'PANIC' ? 'Panic' : phase) as WebPhase;
}

describe('the model of an Argo Rollouts web metric', () => {
  if (!existsSync(file)) {
    it('skipped: needs the reference vectors (../shared/vectors)');
    return;
  }
  const vectors = (JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[]).filter(isModelledVector);

  it('is held against enough of them, the shipped conditions among them', () => {
    assert.ok(vectors.length >= 20, `only ${vectors.length}`);
    assert.ok(vectors.filter(({ id }) => /X0[1-3]|X28|X30|X34/.test(id)).length === 6);
  });

  for (const vector of vectors) {
    const { observed_head, observed_v1_9_1, server_reply } = vector;
    const reply = { status: server_reply?.status ?? 0, text: server_reply?.body ?? '' };
    it(`assesses as Argo did: ${vector.id}`, () => {
      if (observed_head !== undefined)
        assert.equal(assessWeb(reply, conditionsOf(vector), false), phaseOf(observed_head));
      if (observed_v1_9_1 !== undefined)
        assert.equal(assessWeb(reply, conditionsOf(vector), true), phaseOf(observed_v1_9_1));
    });
  }
});
