import assert from 'node:assert/strict';
import { hasCode } from '../../src/errors.ts';
import type { GateUnitOfWork } from '../../src/gate/gates.ts';
import { type AskedGate, createIntake, type Intake, type ToldDeployment } from '../../src/gate/intake.ts';
import type { GateMessage } from '../../src/gate/messages.ts';
import type { ChangeReport } from '../../src/ledger/changes.ts';
import { createGateUnitOfWork } from '../../src/store/unit-of-work.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeGate } from '../support/gates.ts';
import { makePolicy, sha } from '../support/github-events.ts';
import { readPayloads } from '../support/outbox.ts';
import { start } from '../support/plans.ts';

const day = 86_400_000;
const by = { name: 'webhook:github', isAdmin: false };

function makeAsked(changes: Partial<AskedGate> = {}): AskedGate {
  const { key, group, service, environment, change, receiver, comments, report, deadline } = makeGate();
  return {
    key,
    group,
    service,
    environment,
    change,
    receiver,
    comments,
    report,
    deadline,
    policy: makePolicy(),
    ...changes,
  };
}

function makeTold(id: number, attempt: number, changes: Partial<ChangeReport> = {}): ToldDeployment {
  return {
    report: {
      source: 'github',
      externalId: `88/${id}`,
      service: 'checkout',
      environment: 'production',
      targets: [],
      facts: { commit: sha },
      ...changes,
    },
    attempt: { name: 'run/88/7301/checkout/production', number: attempt },
  };
}

for (const { name, open } of databases) {
  describe(`what code hosts tell, on ${name}`, () => {
    let opened: TestDatabase;
    let unitOfWork: GateUnitOfWork;
    let intake: Intake;
    let count = 0;
    beforeEach(async () => {
      opened = await open();
      unitOfWork = createGateUnitOfWork(opened.database);
      const ledgerPolicy = () => ({ now: start, observationWindow: day, abandonAfter: 7 * day });
      intake = createIntake({ unitOfWork, ledgerPolicy, now: () => start + day });
    });
    afterEach(() => opened.close());

    const next = () => {
      count += 1;
      return { source: 'github', id: `d${count}` };
    };
    const deploy = (deployment: ToldDeployment) =>
      intake.take(next(), { type: 'deployment', deployment }, by);
    const changes = async () => (await unitOfWork.stores.ledger.list({}, 50, null)).items;

    it('is taken once a delivery', async () => {
      const delivery = next();
      const event = { type: 'gate', gate: makeAsked() } as const;
      assert.equal(await intake.take(delivery, event, by), 'recorded');
      assert.equal(await intake.take(delivery, event, by), 'duplicate');
      assert.equal((await unitOfWork.stores.gates.findDue(start + day, 9)).length, 1);
    });

    it('makes one gate of each key, and gates of several environments of one run', async () => {
      for (const key of ['a/production/1', 'a/production/1', 'a/canary/2'])
        await intake.take(next(), { type: 'gate', gate: makeAsked({ key }) }, by);
      const due = await unitOfWork.stores.gates.findDue(start + day, 9);
      assert.deepEqual(due.map(({ key }) => key).sort(), ['a/canary/2', 'a/production/1']);
    });

    it('answers at once where the configuration has no gate', async () => {
      await intake.take(next(), { type: 'gate', gate: makeAsked({ policy: null }) }, by);
      const [final, ...others] = await readPayloads<GateMessage>(opened.database);
      assert.deepEqual(others, []);
      assert.deepEqual([final?.kind, final?.answer.allowed], ['final', false]);
      assert.match(final?.answer.reasons[0] ?? '', /checkout has no gate for production/);
      assert.equal((await unitOfWork.stores.gates.census()).open, 0);
    });

    it('withdraws the gates of a run that is over, and no others', async () => {
      await intake.take(next(), { type: 'gate', gate: makeAsked() }, by);
      await intake.take(
        next(),
        { type: 'gate', gate: makeAsked({ key: 'k2', group: 'github/88/7302' }) },
        by,
      );
      assert.equal(await intake.take(next(), { type: 'over', group: 'github/88/7301' }, by), 'recorded');
      assert.equal(await intake.take(next(), { type: 'over', group: 'github/88/7301' }, by), 'ignored');
      const open = await unitOfWork.stores.gates.findDue(start + day, 9);
      assert.deepEqual(
        open.map(({ group }) => group),
        ['github/88/7302'],
      );
      assert.deepEqual(await readPayloads(opened.database), []);
    });

    it('records a deployment with whoever told of it', async () => {
      await deploy(makeTold(1, 1));
      const [change] = await changes();
      assert.deepEqual([change?.source, change?.externalId, change?.commit], ['github', '88/1', sha]);
      const { items } = await unitOfWork.stores.audit.list({}, 9, null);
      assert.deepEqual(
        items.map(({ actor, action }) => [actor, action]),
        [['webhook:github', 'change.report']],
      );
    });

    it('takes a further try of a run for an attempt of the same change', async () => {
      await deploy(
        makeTold(1, 1, { finishedAt: start, outcome: 'failed', failureClass: 'failed_to_deploy' }),
      );
      await deploy(makeTold(2, 2));
      await deploy(makeTold(2, 2, { finishedAt: start + 60_000, outcome: 'succeeded' }));
      const [change, ...others] = await changes();
      assert.deepEqual(others, []);
      assert.deepEqual(
        change?.attempts.map(({ result }) => result),
        ['aborted', 'completed'],
      );
      assert.equal((await unitOfWork.stores.ledger.findByName('github', '88/2'))?.id, change?.id);
    });

    it('takes other deployments for changes of their own: of the first try, of another commit or environment', async () => {
      await deploy(makeTold(1, 1));
      await deploy(makeTold(2, 1));
      await deploy(makeTold(3, 2, { facts: { commit: 'f'.repeat(40) } }));
      await deploy({ ...makeTold(4, 2, { environment: 'staging' }) });
      assert.equal((await changes()).length, 4);
    });

    it('keeps nothing of a report that cannot be, not even its delivery', async () => {
      const delivery = next();
      const impossible = makeTold(1, 1, { finishedAt: start + 30 * day });
      const event = { type: 'deployment', deployment: impossible } as const;
      await assert.rejects(intake.take(delivery, event, by), (error) => hasCode(error, 'invalid_input'));
      assert.deepEqual(await changes(), []);
      assert.equal(
        await intake.take(delivery, { type: 'deployment', deployment: makeTold(1, 1) }, by),
        'recorded',
      );
    });
  });
}
