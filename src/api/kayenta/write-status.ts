import type { CanaryView } from '../../analysis/kayenta/canaries.ts';
import { judgeResult, metricResult, settled } from '../../analysis/kayenta/judge-result.ts';
import type { ExecutionState } from '../../analysis/kayenta/kayenta-store.ts';
import { tellScore } from '../../analysis/kayenta/thresholds.ts';
import type { Run } from '../../analysis/run.ts';
import { isOver } from '../../analysis/transitions.ts';
import { pageOf } from '../analyses/analysis.ts';
import type { components } from '../schema.gen.ts';
import { writeInstant } from '../times.ts';

type Schemas = components['schemas'];
type Status = Schemas['KayentaCanaryStatus'];

/** Members with a value: Kayenta's clients take no null. */
function present<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], null | undefined> } {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined),
  ) as { [K in keyof T]?: Exclude<T[K], null | undefined> };
}

/** An ISO 8601 duration, as Java writes one: `PT1H30M`. */
export function writeDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    [Math.floor(seconds / 3600), 'H'],
    [Math.floor(seconds / 60) % 60, 'M'],
    [seconds % 60, 'S'],
  ] as const;
  const text = parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('');
  return `PT${text === '' ? '0S' : text}`;
}

/** How far the run is, in Kayenta's words. */
export function stateOf(run: Run): ExecutionState {
  if (!isOver(run)) return 'running';
  return run.phase === 'cancelled' ? 'canceled' : 'succeeded';
}

/** What the run came to, with a score under the thresholds of the request. */
export function writeJudgeResult({ execution, run }: CanaryView): Schemas['KayentaJudgeResult'] {
  const named = new Map(execution.metrics.map((metric) => [metric.planName, metric]));
  const results = (run.judgement?.findings ?? []).map((finding, index) => {
    const metric = named.get(finding.metric);
    return metricResult(finding, {
      name: metric?.name ?? finding.metric,
      id: String(index + 1),
      tags: {},
      groups: metric?.groups ?? [],
    });
  });
  const told = tellScore(settled(run.verdict), run.score, execution.thresholds);
  return judgeResult(execution.judgeName, results, told, run.reason) as Schemas['KayentaJudgeResult'];
}

function writeTimes({ execution, run }: CanaryView) {
  const { concludedAt } = run;
  return present({
    buildTimeMillis: execution.createdAt,
    buildTimeIso: writeInstant(execution.createdAt),
    startTimeMillis: run.createdAt,
    startTimeIso: writeInstant(run.createdAt),
    endTimeMillis: concludedAt,
    endTimeIso: concludedAt === null ? null : writeInstant(concludedAt),
  });
}

function writeSubject({ execution }: CanaryView) {
  const { accounts } = execution;
  return present({
    parentPipelineExecutionId: execution.parentPipelineExecutionId,
    canaryConfigId: execution.configId,
    canaryExecutionRequest: execution.request as Record<string, unknown>,
    metricsAccountName: accounts.metrics,
    configurationAccountName: accounts.configuration,
    storageAccountName: accounts.storage,
  });
}

/** An execution in Kayenta's form (CanaryExecutionStatusResponse). `id` is the one it was asked for by. */
export function writeStatus(view: CanaryView, id: string, publicUrl: string | null): Status {
  const { execution, run } = view;
  const result = isOver(run)
    ? {
        result: {
          judgeResult: writeJudgeResult(view),
          canaryDuration: writeDuration(run.end - run.start),
        },
      }
    : {};
  return {
    application: execution.application,
    pipelineId: id,
    complete: isOver(run),
    status: stateOf(run),
    stageStatus: {},
    reason: run.reason,
    ...result,
    ...writeSubject(view),
    ...writeTimes(view),
    analysisId: run.id,
    reportUrl: pageOf(run.id, publicUrl),
  };
}
