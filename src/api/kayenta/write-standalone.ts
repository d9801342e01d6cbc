import type { CanaryView } from '../../analysis/kayenta/canaries.ts';
import { isOver } from '../../analysis/transitions.ts';
import type { components } from '../schema.gen.ts';
import { writeInstant } from '../times.ts';
import { stateOf, writeJudgeResult } from './write-status.ts';

type Schemas = components['schemas'];

/** With fewer baseline values Kayenta warns. */
const fewest = 50;

function writeResult(view: CanaryView, id: string): Schemas['KayentaStandaloneResult'] {
  const { execution, run } = view;
  const judged = writeJudgeResult(view);
  const few = judged.results.filter(({ controlMetadata }) => controlMetadata.stats.count < fewest);
  return {
    didPassThresholds: run.verdict === 'pass',
    hasWarnings: few.length > 0,
    canaryScoreMessage: judged.score.classificationReason,
    canaryScores: [judged.score.score],
    canaryExecutionResults: [
      {
        executionId: id,
        executionStatus: stateOf(run),
        judgementStartTimeIso: writeInstant(execution.start),
        judgementStartTimeMillis: execution.start,
        judgementEndTimeIso: writeInstant(run.end),
        judgementEndTimeMillis: run.end,
        result: judged,
        warnings: few.map(({ name }) => `${name} has fewer than ${fewest} values in its baseline`),
      },
    ],
  };
}

/** A standalone analysis in Kayenta's form. `id` is the one it was asked for by. */
export function writeStandalone(view: CanaryView, id: string): Schemas['KayentaStandaloneStatus'] {
  const { execution, run } = view;
  const state = stateOf(run);
  return {
    pipelineId: id,
    application: execution.application,
    complete: isOver(run),
    executionStatus: state,
    status: state,
    reason: run.reason,
    ...(execution.configId === null ? {} : { canaryConfigId: execution.configId }),
    startTimeIso: writeInstant(run.start),
    ...(run.concludedAt === null ? {} : { endTimeIso: writeInstant(run.concludedAt) }),
    ...(isOver(run) ? { canaryAnalysisExecutionResult: writeResult(view, id) } : {}),
  };
}
