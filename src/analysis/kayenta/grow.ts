import { invalidInput } from '../../errors.ts';
import type { Run } from '../run.ts';
import type { UnitOfWork } from '../run-store.ts';
import { grow, isOver } from '../transitions.ts';

/** As many steps as a plan may have. */
const mostSteps = 20_000;

function checkLength({ plan, start }: Run, end: number): void {
  if (end - start <= mostSteps * plan.step) return;
  throw invalidInput([
    {
      path: 'scopes',
      message: `the window is longer than ${mostSteps} steps of ${plan.step / 1000} s, the most that a run may have`,
    },
  ]);
}

/**
 * The run over a window that ends at `end` at least: one that ended before it without a fail goes on, with all the
 * evidence it has. What its earlier executions were told is kept for them. `null` when the run changed meanwhile.
 */
export async function growRun(
  unitOfWork: UnitOfWork,
  run: Run,
  end: number,
  now: number,
): Promise<Run | null> {
  const grown = grow(run, end, now);
  if (grown === run) return run;
  checkLength(run, end);
  return unitOfWork.transaction(async (stores) => {
    if (!(await stores.runs.saveForced(grown, run))) return null;
    if (isOver(run)) await stores.kayenta.settleExecutions(run);
    return grown;
  });
}
