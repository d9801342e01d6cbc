import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import { assessWeb, shippedConditions, type WebPhase } from '../support/argo-web.ts';
import { goRequest } from '../support/go-client.ts';
import { type DatabaseName, databaseNames, type SerinProcess, startSerin } from '../support/serin-process.ts';
import { until } from '../support/until.ts';

type Answer = components['schemas']['ArgoAnswer'];
type Measured = { readonly phase: WebPhase; readonly answer: Answer };

const path = '/v1/hooks/argo-rollouts/analysis';

/** What the shipped AnalysisTemplate makes of a Rollout: every value is a string, and an argument without one is "". */
function bodyOf(scenario: string, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    key: `0b0e1a52/7/${scenario}/first`,
    service: 'checkout',
    environment: 'production',
    target: '',
    template: 'seconds',
    change: { version: `v1-${scenario}` },
    rollout: { uid: `uid-${scenario}`, revision: '7', namespace: 'shop', name: 'checkout' },
    canary: { namespace: 'shop', pod_template_hash: '6d4cf56db6', scenario },
    baseline: { namespace: 'shop', pod_template_hash: '5b8c7d9f4' },
    wait: '0s',
    ...changes,
  });
}

const scenarios = ['harmless', 'errors-x5', 'no-data'] as const;

/** One measurement, as the provider takes it: a `body` goes without Content-Type. */
async function measure(serin: SerinProcess, body: string, query = ''): Promise<Measured> {
  const reply = await goRequest(`${serin.url}${path}${query}`, { body });
  const released = assessWeb(reply, shippedConditions, true);
  assert.equal(assessWeb(reply, shippedConditions, false), released, 'the versions agree');
  return { phase: released, answer: JSON.parse(reply.text) as Answer };
}

function pollUntilOver(serin: SerinProcess, body: string): Promise<Measured> {
  return until('the analysis is over', 30_000, async () => {
    const measured = await measure(serin, body);
    return measured.answer.verdict === 'running' ? null : measured;
  });
}

/** A Serin that has just been asked for an analysis of each scenario, so that they run side by side. */
type Asked = { readonly serin: SerinProcess; readonly first: ReadonlyMap<string, Measured> };

async function startAsked(database: DatabaseName): Promise<Asked> {
  const serin = await startSerin({ database });
  const first = new Map<string, Measured>();
  for (const scenario of scenarios) first.set(scenario, await measure(serin, bodyOf(scenario)));
  return { serin, first };
}

describe('Argo Rollouts polling Serin', function () {
  this.timeout(90_000);
  const started = new Map<DatabaseName, Asked>();

  before(async () => {
    const all = await Promise.all(databaseNames.map(startAsked));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(() => Promise.all([...started.values()].map(({ serin }) => serin.stop())));

  for (const database of databaseNames)
    describe(`on ${database}`, () => {
      const asked = (): Asked => started.get(database)!;

      it('goes on polling while the analysis runs, and goes on with the rollout after a pass', async () => {
        const { serin, first } = asked();
        const running = first.get('harmless')!;
        assert.equal(running.answer.verdict, 'running');
        assert.equal(running.phase, 'Inconclusive');

        const last = await pollUntilOver(serin, bodyOf('harmless'));

        assert.equal(last.answer.verdict, 'pass', last.answer.reason);
        assert.equal(last.phase, 'Successful');
        assert.equal(last.answer.analysisId, running.answer.analysisId);
      });

      it('aborts after a fail, and reads the same verdict when it asks again', async () => {
        const { serin } = asked();
        const failed = await pollUntilOver(serin, bodyOf('errors-x5'));

        assert.equal(failed.phase, 'Failed');
        assert.match(failed.answer.reason, /errors: .* % in the canary against .* %/);
        assert.deepEqual((await measure(serin, bodyOf('errors-x5'))).answer, failed.answer);
      });

      it('pauses after an inconclusive end', async () => {
        const { phase, answer } = await pollUntilOver(asked().serin, bodyOf('no-data'));

        assert.equal(answer.verdict, 'inconclusive');
        assert.equal(phase, 'Inconclusive');
        assert.match(answer.reason, /silent/);
      });

      it('measures Error for a service nobody configured, or pauses with the advice where the template asks for it', async () => {
        const { serin } = asked();
        const unknown = bodyOf('harmless', { service: 'chekcout', template: '', key: 'typo' });

        const reply = await goRequest(serin.url + path, { body: unknown });
        const { phase, answer } = await measure(serin, unknown, '?onBadInput=inconclusive');

        assert.equal(reply.status, 400);
        assert.equal(assessWeb(reply, shippedConditions, true), 'Error');
        assert.equal(phase, 'Inconclusive');
        assert.match(answer.reason, /service: found "chekcout"; configured are checkout/);
      });

      it('takes up an analysis where Serin left it when it was killed', async () => {
        const { serin } = asked();
        const body = bodyOf('errors-x5', { key: 'killed' });
        const before = await measure(serin, body);

        await serin.kill();
        await serin.restart();

        const { phase, answer } = await pollUntilOver(serin, body);
        assert.equal(answer.analysisId, before.answer.analysisId);
        assert.equal(phase, 'Failed');
      });

      it('goes on polling while the database is away, and gets its verdict when it is back', async () => {
        const { serin } = asked();
        const body = bodyOf('errors-x5', { key: 'outage' });
        await serin.breakDatabase();

        const { phase, answer } = await measure(serin, body);
        await serin.mendDatabase();

        assert.equal(answer.verdict, 'running');
        assert.equal(phase, 'Inconclusive');
        assert.match(answer.reason, /Serin cannot judge at the moment and will try again/);
        assert.equal((await pollUntilOver(serin, body)).answer.verdict, 'fail');
      });
    });
});
