import assert from 'node:assert/strict';
import { hasCode, SerinError } from '../../src/errors.ts';
import { createGates, type Gates, type GatesDeps, type GateUnitOfWork } from '../../src/gate/gates.ts';
import type { GateMessage } from '../../src/gate/messages.ts';
import type { GatePolicy } from '../../src/gate/policy.ts';
import { createGateUnitOfWork } from '../../src/store/unit-of-work.ts';
import { type House, makeHouse, makeRequest } from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeGate } from '../support/gates.ts';
import { makePolicy, sha } from '../support/github-events.ts';
import { readPayloads } from '../support/outbox.ts';
import { start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

const minute = 60_000;
const by = { name: 'token:ci', isAdmin: false };

for (const { name, open } of databases) {
  describe(`gates on ${name}`, () => {
    let opened: TestDatabase;
    let house: House;
    let unitOfWork: GateUnitOfWork;
    let now: number;
    let policies: GatePolicy[];
    let errors: string[];
    beforeEach(async () => {
      opened = await open();
      house = makeHouse(opened.database, {
        provider: makeProvider(({ query }) => (query === 'requests' ? 10_000 : 20)),
      });
      unitOfWork = createGateUnitOfWork(opened.database);
      [now, policies, errors] = [start, [makePolicy()], []];
    });
    afterEach(() => opened.close());

    function makeGates(changes: Partial<GatesDeps> = {}): Gates {
      return createGates({
        unitOfWork,
        runs: house.runs,
        findService: (one) =>
          one === 'checkout' || one === 'shop/checkout' ? { name: 'checkout', gates: policies } : null,
        now: () => now,
        onError: (error) => errors.push((error as Error).message),
        ...changes,
      });
    }

    const judge = (environment: string, change = { commit: sha }, key = environment) =>
      house.runs.start(makeRequest({ key, environment, change }));
    const ask = (changes: Partial<Parameters<Gates['evaluate']>[0]> = {}, actor = by) =>
      makeGates().evaluate(
        {
          service: 'checkout',
          environment: 'production',
          change: { commit: sha },
          analysisId: null,
          ...changes,
        },
        actor,
      );
    async function lookAt(minutes: number, gates: Gates): Promise<void> {
      now = start + minutes * minute;
      house.setMinutes(minutes);
      await gates.tick();
    }
    const messages = () => readPayloads<GateMessage>(opened.database);

    describe('evaluate(question, by)', () => {
      it('answers by the newest analysis of the same change in staging', async () => {
        const run = await judge('staging');
        const running = await ask();
        assert.deepEqual([running.allowed, running.verdict, running.analysisId], [false, 'running', run.id]);
        await house.through(12);
        now = start + 12 * minute;
        const over = await ask({ service: 'shop/checkout', change: { commit: sha.slice(0, 8) } });
        assert.deepEqual([over.allowed, over.decision, over.analysisId], [true, 'allow', run.id]);
      });

      it('refuses without an analysis, and says what it looked for', async () => {
        await judge('production');
        await judge('staging', { commit: 'f'.repeat(40) });
        const answer = await ask();
        assert.deepEqual([answer.allowed, answer.decision, answer.verdict], [false, 'restrict', null]);
        assert.deepEqual(answer.reasons, ['there is no analysis of 9f1c6a20d2b8 of checkout in staging']);
      });

      it('refuses a verdict that is too old', async () => {
        policies = [makePolicy({ maxAge: 60 * minute })];
        await judge('staging');
        await house.through(12);
        now = start + 70 * minute;
        assert.equal((await ask()).allowed, true);
        now = start + 72 * minute;
        const answer = await ask();
        assert.equal(answer.allowed, false);
        assert.match(answer.reasons[0] ?? '', /is older than 1h/);
      });

      it('answers by the analysis it is given, of that service alone', async () => {
        const run = await judge('production');
        await house.through(12);
        assert.equal((await ask({ analysisId: run.id })).allowed, true);
        policies = [];
        await assert.rejects(ask({ service: 'search', analysisId: run.id }), (error) =>
          hasCode(error, 'not_found'),
        );
        await assert.rejects(ask({ analysisId: 'none' }), (error) => hasCode(error, 'not_found'));
      });

      it('answers for environments without a gate by an analysis there', async () => {
        policies = [];
        const run = await judge('production');
        await house.through(12);
        now = start + 12 * minute;
        assert.deepEqual([(await ask()).allowed, (await ask()).analysisId], [true, run.id]);
      });

      it('takes no dry run for an answer', async () => {
        await house.runs.start(
          makeRequest({ environment: 'staging', change: { commit: sha }, dryRun: true }),
        );
        await house.through(12);
        assert.equal((await ask()).verdict, null);
      });

      it('refuses callers outside the scope', async () => {
        const scoped = { ...by, services: ['search'] };
        await assert.rejects(ask({}, scoped), (error) => hasCode(error, 'forbidden'));
        await assert.rejects(ask({ service: 'shop/checkout' }, scoped), (error) =>
          hasCode(error, 'forbidden'),
        );
      });
    });

    describe('tick()', () => {
      it('waits for an analysis that comes and answers by it once, also with two processes', async () => {
        await unitOfWork.stores.gates.insert(makeGate());
        const both = [makeGates(), makeGates()];
        const lookBoth = (at: number) => Promise.all(both.map((gates) => lookAt(at, gates)));
        await lookBoth(0);
        await judge('staging');
        for (let at = 1; at <= 12; at += 1) {
          await house.at(at);
          await lookBoth(at);
        }
        const told = await messages();
        assert.equal(told.filter(({ kind }) => kind === 'final').length, 1);
        assert.equal(told.find(({ kind }) => kind === 'final')?.answer.verdict, 'pass');
        assert.ok(told.filter(({ kind }) => kind === 'progress').length <= 9);
        assert.deepEqual(await unitOfWork.stores.gates.census(), { open: 0, oldest: null });
        assert.deepEqual(errors, []);
      });

      it('begins the analysis of the canary that is out, once, and answers by it', async () => {
        policies = [];
        const policy = makePolicy({ judges: 'canary', judgedIn: 'production', maxAge: null });
        await unitOfWork.stores.gates.insert(makeGate({ policy }));
        const gates = makeGates();
        for (let at = 0; at <= 12; at += 1) {
          await house.at(at);
          await lookAt(at, gates);
        }
        const { items } = await house.runs.list({}, 10, null);
        assert.deepEqual(
          items.map((run) => [run.key, run.environment, run.verdict]),
          [['gate/g1', 'production', 'pass']],
        );
        const final = (await messages()).find(({ kind }) => kind === 'final');
        assert.deepEqual([final?.answer.allowed, final?.answer.analysisId], [true, items[0]?.id]);
      });

      it('joins the analysis of the canary that is under way, and none that was over before', async () => {
        const policy = makePolicy({ judges: 'canary', judgedIn: 'production', maxAge: null });
        const old = await judge('production');
        await house.through(12);
        await unitOfWork.stores.gates.insert(
          makeGate({ policy, createdAt: start + 13 * minute, nextAt: start }),
        );
        await lookAt(13, makeGates());
        const { items } = await house.runs.list({}, 10, null);
        assert.equal(items.length, 2);
        await unitOfWork.stores.gates.insert(
          makeGate({ id: 'g2', key: 'g2', policy, createdAt: start + 14 * minute }),
        );
        await lookAt(14, makeGates());
        assert.equal((await house.runs.list({}, 10, null)).items.length, 2);
        assert.notEqual(items[0]?.id, old.id);
      });

      it('refuses at once what can never be judged', async () => {
        house.forgetTemplates();
        const policy = makePolicy({ judges: 'canary', judgedIn: 'production', maxAge: null });
        await unitOfWork.stores.gates.insert(makeGate({ policy }));
        await lookAt(0, makeGates());
        const [final] = await messages();
        assert.equal(final?.kind, 'final');
        assert.match(final?.answer.reasons[0] ?? '', /it cannot be judged: template/);
      });

      it('is tried again after a failure that may pass, and refuses nobody for it', async () => {
        const policy = makePolicy({ judges: 'canary', judgedIn: 'production', maxAge: null });
        await unitOfWork.stores.gates.insert(makeGate({ policy }));
        const away = () => Promise.reject(new SerinError('store_unavailable', 'away'));
        await lookAt(0, makeGates({ runs: { ...house.runs, start: away } }));
        assert.deepEqual(errors, ['away']);
        assert.deepEqual(await messages(), []);
        await lookAt(1, makeGates());
        assert.equal((await house.runs.list({}, 10, null)).items.length, 1);
      });

      it('is refused at its deadline', async () => {
        await unitOfWork.stores.gates.insert(makeGate({ deadline: start + 5 * minute, told: 9 }));
        await lookAt(5, makeGates());
        const [final] = await messages();
        assert.deepEqual([final?.kind, final?.answer.allowed], ['final', false]);
      });
    });

    it('forget() removes gates that were closed a month ago, and no open ones', async () => {
      await unitOfWork.stores.gates.insert(makeGate({ state: 'allowed', closedAt: start, nextAt: null }));
      await unitOfWork.stores.gates.insert(makeGate({ id: 'g2', key: 'k2' }));
      now = start + 31 * 24 * 60 * minute;
      await makeGates().forget();
      assert.equal(await unitOfWork.stores.gates.insert(makeGate()), true);
      assert.equal(await unitOfWork.stores.gates.insert(makeGate({ id: 'g3', key: 'k2' })), false);
    });
  });
}
