import { Router } from 'express';
import { type InputIssue, invalidInput } from '../../errors.ts';
import type { Backfill, BackfillLine, BackfillOutcome } from '../../ledger/backfill.ts';
import { readChangeReport } from '../changes.ts';
import { actorOf } from '../context.ts';
import { type IncidentsDeps, readIncidentReport } from '../incidents/router.ts';
import type { components } from '../schema.gen.ts';
import type { Spec } from '../spec.ts';
import { type CheckItem, createCheckItem } from './check-item.ts';

type Schemas = components['schemas'];

export type BackfillRouterDeps = Pick<IncidentsDeps, 'findPlace' | 'now'> & {
  readonly backfill: Backfill;
  readonly spec: Spec;
};

function readLine(
  kind: BackfillLine['kind'],
  item: unknown,
  checkItem: CheckItem,
  deps: BackfillRouterDeps,
): BackfillLine {
  const errors: InputIssue[] = checkItem(kind === 'change' ? 'ChangeReport' : 'IncidentReport', item);
  if (errors.length > 0) return { kind, errors };
  const line: BackfillLine =
    kind === 'change'
      ? { kind, report: readChangeReport(item as Schemas['ChangeReport'], '', deps, errors) }
      : { kind, report: readIncidentReport(item as Schemas['IncidentReport'], '', deps, errors) };
  return errors.length > 0 ? { kind, errors } : line;
}

function writeItem(
  kind: BackfillLine['kind'],
  index: number,
  outcome: BackfillOutcome,
): Schemas['BackfillItem'] {
  const { result } = outcome;
  if (result === 'refused') return { kind, index, result, errors: [...outcome.errors] };
  return { kind, index, result, ...(outcome.id === null ? {} : { id: outcome.id }) };
}

function writeResult(outcomes: readonly BackfillOutcome[], changes: number): Schemas['BackfillResult'] {
  const count = (result: BackfillOutcome['result']): number =>
    outcomes.filter((outcome) => outcome.result === result).length;
  return {
    made: count('made'),
    changed: count('changed'),
    joined: count('joined'),
    unchanged: count('unchanged'),
    refused: count('refused'),
    items: outcomes.map((outcome, index) =>
      index < changes ? writeItem('change', index, outcome) : writeItem('incident', index - changes, outcome),
    ),
  };
}

/** The route `/v1/backfill`. */
export function createBackfillRouter(deps: BackfillRouterDeps): Router {
  const checkItem = createCheckItem(deps.spec);
  const router = Router();
  router.post('/v1/backfill', async (request, response) => {
    const { changes = [], incidents = [], dryRun = false } = request.body as Schemas['Backfill'];
    if (changes.length + incidents.length === 0)
      throw invalidInput([{ path: '', message: 'has neither changes nor incidents; give some of either' }]);
    const lines = [
      ...changes.map((item) => readLine('change', item, checkItem, deps)),
      ...incidents.map((item) => readLine('incident', item, checkItem, deps)),
    ];
    const outcomes = await deps.backfill.take(lines, dryRun, actorOf(response));
    response.json(writeResult(outcomes, changes.length));
  });
  return router;
}
