import assert from 'node:assert/strict';
import { until } from '../../support/until.ts';
import { type ArgoRun, type Phase, startArgoRun } from './argo.ts';
import { fast, millisecondsOf, minutely, pollsFor } from './plans.ts';
import type { Analysis, Serin } from './serin.ts';
import { templates } from './world.ts';

/** One revision of a rollout that Argo brings out and Serin judges. */
export type Rollout = {
  readonly service: string;
  readonly environment: string;
  /** Pod template hash of the canary; the baseline's is `stable`. */
  readonly canary: string;
  readonly template: keyof typeof templates;
  readonly uid: string;
  readonly version: string;
};

const revision = '7';

/** Begins the analysis run of a rollout. */
export function judge(serin: Serin, rollout: Rollout): ArgoRun {
  const { service, environment, canary, template, uid, version } = rollout;
  const times = template === 'minutely' ? minutely : fast;
  return startArgoRun({
    url: `${serin.url}/v1/hooks/argo-rollouts/analysis?onBadInput=inconclusive`,
    jsonBody: {
      key: `${uid}/${revision}/${canary}/default`,
      service,
      environment,
      target: '',
      template: templates[template],
      change: { version },
      rollout: { uid, revision, namespace: 'shop', name: service },
      canary: { pod_template_hash: canary },
      baseline: { pod_template_hash: 'stable' },
      duration: times.duration,
    },
    intervalMs: millisecondsOf(times.interval),
    count: pollsFor(times),
    consecutiveErrorLimit: 6,
  });
}

/** What came of a rollout's analysis run. */
export type Outcome = {
  readonly phase: Phase;
  readonly run: ArgoRun;
  readonly analysis: Analysis;
  /** The answer to one more poll after the metric was finished. */
  readonly replay: Awaited<ReturnType<ArgoRun['ask']>>;
};

/** The analysis that answers an analysis run's polls, once the first has been answered. */
export async function idOf(run: ArgoRun): Promise<string> {
  return until('the first poll is answered', 30_000, () => run.last()?.analysisId ?? null);
}

/** Waits for the end of an analysis run and asks once more. */
export async function finish(serin: Serin, run: ArgoRun): Promise<Outcome> {
  const phase = await run.finished;
  const replay = await run.ask();
  return { phase, run, replay, analysis: await serin.analysis(await idOf(run)) };
}

/** Resolves when the analysis has had so many looks, with the analysis. */
export function looked(serin: Serin, run: ArgoRun, looks: number): Promise<Analysis> {
  return until(`${looks} looks`, 120_000, async () => {
    const analysis = await serin.analysis(await idOf(run));
    return analysis.looks >= looks ? analysis : null;
  });
}

/** One line on how it went, for people. */
export function summarize({ run, analysis }: Outcome): string {
  const end = Date.parse(analysis.concludedAt ?? analysis.endsAt);
  const seconds = ((end - Date.parse(analysis.startedAt)) / 1000).toFixed(0);
  const { logE } = analysis.evidence;
  return `${analysis.verdict} after ${analysis.looks} looks, ${seconds} s, ${run.measurements.length} polls, ln E ${logE.toFixed(1)}: ${analysis.reason}`;
}

/** Tells Serin, as Argo's notifications do, that the rollout was aborted; Serin must accept it. */
export async function postAborted(
  serin: Serin,
  { service, environment, uid, version }: Rollout,
): Promise<void> {
  const response = await fetch(`${serin.url}/v1/hooks/argo-rollouts/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      event: 'rollout-aborted',
      outcome: 'aborted',
      sentAt: new Date().toISOString(),
      environment,
      rollout: {
        namespace: 'shop',
        name: service,
        uid,
        generation: 12,
        revision,
        labels: { 'app.kubernetes.io/version': version },
        strategy: 'canary',
        images: [],
      },
    }),
  });
  assert.deepEqual([response.status, await response.json()], [202, { accepted: true }]);
}
