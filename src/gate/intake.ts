import { createHash } from 'node:crypto';
import { invalidInput } from '../errors.ts';
import type { Actor } from '../ledger/actor.ts';
import { checkReport } from '../ledger/change-report.ts';
import { type ChangeReport, type LedgerPolicy, recordReports } from '../ledger/changes.ts';
import { advance } from './advance.ts';
import { answerNothing } from './answer.ts';
import type { GateStores, GateUnitOfWork } from './gates.ts';
import type { PendingGate } from './pending-gate.ts';
import { defaultPolicy } from './policy.ts';

/** A gate as a code host asks for it. */
export type AskedGate = Pick<
  PendingGate,
  'key' | 'group' | 'service' | 'environment' | 'change' | 'receiver' | 'comments' | 'report' | 'deadline'
> & {
  /** `null`: the configuration has no gate there, which is answered at once. */
  readonly policy: PendingGate['policy'] | null;
};

/** A deployment as a code host tells of it. */
export type ToldDeployment = {
  readonly report: ChangeReport;
  /**
   * The workflow run that deploys, and the number of this try. A try after the first is a further attempt of the same
   * change, whatever the host names it. `null`: none.
   */
  readonly attempt: { readonly name: string; readonly number: number } | null;
};

/** What a code host tells. */
export type HostEvent =
  | { readonly type: 'gate'; readonly gate: AskedGate }
  | { readonly type: 'deployment'; readonly deployment: ToldDeployment }
  | { readonly type: 'over'; readonly group: string };

export type Intake = {
  /**
   * Stores what a delivery tells, once, in one transaction with the delivery's name. `duplicate`: that name came
   * before. `ignored`: nothing of it concerned anything here.
   */
  take(
    delivery: { readonly source: string; readonly id: string },
    event: HostEvent,
    by: Actor,
  ): Promise<'recorded' | 'duplicate' | 'ignored'>;
};

export type IntakeDeps = {
  readonly unitOfWork: GateUnitOfWork;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly now: () => number;
};

/** The same key gives the same id, so that whatever is named after a gate is named once. */
function idOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 32);
}

async function ask({ gates, outbox }: GateStores, asked: AskedGate, now: number): Promise<boolean> {
  const { policy, ...rest } = asked;
  const gate: PendingGate = {
    ...rest,
    id: idOf(asked.key),
    policy: policy ?? defaultPolicy(asked.environment),
    state: 'open',
    analysisId: null,
    told: 0,
    nextTellAt: now,
    nextAt: now,
    createdAt: now,
    closedAt: null,
    revision: 0,
  };
  if (!(await gates.insert(gate))) return false;
  if (policy !== null) return true;
  const reason = `${asked.service} has no gate for ${asked.environment} in Serin's configuration, so nothing can answer for it`;
  const closed = advance(gate, answerNothing(reason), null, true, now);
  await gates.save(closed.gate);
  for (const message of closed.messages) await outbox.add(message, now);
  return true;
}

async function withdraw({ gates }: GateStores, group: string, now: number): Promise<boolean> {
  const open = await gates.findOpenOf(group);
  for (const gate of open) {
    const withdrawn = { ...gate, state: 'withdrawn', nextAt: null, closedAt: now } as const;
    await gates.save({ ...withdrawn, revision: gate.revision + 1 });
  }
  return open.length > 0;
}

/** A later try of the run gets the name of the change that the earlier one made. */
async function joinAttempt({ ledger }: GateStores, { report, attempt }: ToldDeployment): Promise<void> {
  const { source, externalId, facts, service, environment } = report;
  if (attempt === null || attempt.number < 2 || (await ledger.findByName(source, externalId)) !== null)
    return;
  const earlier = await ledger.findByName(source, attempt.name);
  if (earlier === null || earlier.commit !== facts.commit) return;
  if (earlier.service !== service || earlier.environment !== environment) return;
  await ledger.addName(earlier.id, source, externalId);
}

async function deploy(
  stores: GateStores,
  told: ToldDeployment,
  by: Actor,
  policy: LedgerPolicy,
): Promise<boolean> {
  const issues = checkReport(told.report, '', policy.now);
  if (issues.length > 0) throw invalidInput(issues);
  // Names move from change to change only while their place is held.
  await stores.ledger.holdPlace(told.report.service, told.report.environment);
  await joinAttempt(stores, told);
  const [change] = await recordReports(stores, [told.report], by, policy);
  const { attempt, report } = told;
  if (
    attempt !== null &&
    change !== undefined &&
    (await stores.ledger.findByName(report.source, attempt.name)) === null
  )
    await stores.ledger.addName(change.id, report.source, attempt.name);
  return true;
}

function apply(stores: GateStores, event: HostEvent, by: Actor, policy: LedgerPolicy): Promise<boolean> {
  switch (event.type) {
    case 'gate':
      return ask(stores, event.gate, policy.now);
    case 'deployment':
      return deploy(stores, event.deployment, by, policy);
    case 'over':
      return withdraw(stores, event.group, policy.now);
  }
}

/** Joins what code hosts tell with gates and ledger. */
export function createIntake({ unitOfWork, ledgerPolicy, now }: IntakeDeps): Intake {
  return {
    take: ({ source, id }, event, by) =>
      unitOfWork.transaction(async (stores) => {
        const policy = { ...ledgerPolicy(), now: now() };
        if (!(await stores.deliveries.remember(source, id, policy.now))) return 'duplicate';
        return (await apply(stores, event, by, policy)) ? 'recorded' : 'ignored';
      }),
  };
}
