import type { Run } from '../analysis/run.ts';
import type { RunStore } from '../analysis/run-store.ts';
import { isOver } from '../analysis/transitions.ts';
import { formatDuration } from '../duration.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import { answerNothing, answerRun, type GateAnswer } from './answer.ts';
import type { GatePolicy } from './policy.ts';
import { type ChangeNames, isSameChange, nameChange } from './same-change.ts';

/** How many changes back an analysis is looked for. */
const changesBack = 100;
/** A change has few analyses; the newest is the one that answers. */
const runsBack = 20;

export type AnswerStores = {
  readonly runs: Pick<RunStore, 'findByChange'>;
  readonly ledger: Pick<LedgerStore, 'list'>;
};

export type Question = {
  readonly service: string;
  readonly change: ChangeNames;
  readonly policy: GatePolicy;
  /** When the gate was asked, milliseconds. */
  readonly askedAt: number;
};

/** The newest analysis of the same change in `environment`, dry runs left out; `null` when there is none. */
async function findNewest(
  stores: AnswerStores,
  service: string,
  environment: string,
  change: ChangeNames,
): Promise<Run | null> {
  const { items } = await stores.ledger.list({ service, environment }, changesBack, null);
  const same = items.filter((one) => isSameChange(one, change));
  const runs = (await Promise.all(same.map(({ id }) => stores.runs.findByChange(id, runsBack)))).flat();
  return runs
    .filter(({ dryRun }) => !dryRun)
    .reduce<Run | null>(
      (newest, run) => (newest !== null && newest.createdAt >= run.createdAt ? newest : run),
      null,
    );
}

function isFresh(run: Run, { policy, askedAt }: Question, now: number): boolean {
  if (!isOver(run)) return true;
  const at = run.concludedAt ?? run.createdAt;
  return policy.maxAge === null ? at >= askedAt : now - at <= policy.maxAge;
}

/** The analysis that answers a question by now, and what it says; `run` is `null` while none does. */
export async function findAnswer(
  stores: AnswerStores,
  question: Question,
  now: number,
): Promise<{ readonly run: Run | null; readonly answer: GateAnswer }> {
  const { service, change, policy } = question;
  const run = await findNewest(stores, service, policy.judgedIn, change);
  if (run !== null && isFresh(run, question, now)) return { run, answer: answerRun(run, policy) };
  const what = `${nameChange(change)} of ${service} in ${policy.judgedIn}`;
  const reason =
    run === null
      ? `there is no analysis of ${what}`
      : policy.maxAge === null
        ? `the analysis of ${what} was over before this gate was asked`
        : `the verdict on ${what} is older than ${formatDuration(policy.maxAge)}`;
  return { run: null, answer: answerNothing(reason) };
}
