import assert from 'node:assert/strict';
import { type Canaries, createCanaries } from '../../../src/analysis/kayenta/canaries.ts';
import { type CanaryConfigs, createCanaryConfigs } from '../../../src/analysis/kayenta/configs.ts';
import type { KayentaSettings } from '../../../src/analysis/kayenta/settings.ts';
import { tellScore } from '../../../src/analysis/kayenta/thresholds.ts';
import { isOver } from '../../../src/analysis/transitions.ts';
import type { Actor } from '../../../src/ledger/actor.ts';
import { admin, type House, makeHouse } from '../../support/analysis-house.ts';
import {
  makeCanaryConfig,
  makeCanaryRequest,
  makeScope,
  makeSequentialConfig,
} from '../../support/canary-configs.ts';
import { databases, type TestDatabase } from '../../support/databases.ts';
import { start } from '../../support/plans.ts';
import { makeProvider } from '../../support/providers.ts';

const minute = 60_000;
const gate: Actor = { name: 'token:gate', isAdmin: false };

/** Requests and errors of both arms; the canary's errors begin at `harmFrom` minutes. Gauges wobble around 100. */
function makeSignals(harmFrom: () => number) {
  return makeProvider(({ query, arm }, point) => {
    const minutes = (point - start) / minute;
    const harmed = arm === 'canary' && minutes > harmFrom();
    if (query === 'requests') return 10_000;
    if (query === 'errors') return harmed ? 900 : 100;
    const wobble = ((Math.round(minutes) * 7 + (arm === 'canary' ? 3 : 0)) % 5) - 2;
    return (harmed ? 160 : 100) + wobble;
  });
}

for (const { name, open } of databases)
  describe(`canaries on ${name}`, () => {
    let test: TestDatabase;
    let house: House;
    let canaries: Canaries;
    let configs: CanaryConfigs;
    let harmFrom: number;
    let settings: KayentaSettings;
    let clock: number;

    beforeEach(async () => {
      test = await open();
      harmFrom = Number.POSITIVE_INFINITY;
      clock = start;
      const plan = {
        metrics: [
          { name: 'errors', kind: 'ratio', provider: 'synthetic', events: 'errors', total: 'requests' },
        ],
      };
      house = makeHouse(test.database, { provider: makeSignals(() => harmFrom), plan });
      settings = {
        accounts: [{ name: 'metrics', type: null, environment: 'staging', provider: 'synthetic' }],
        providers: [{ name: 'synthetic', type: 'synthetic' }],
        judge: 'kayenta',
        since: start,
      };
      const shared = {
        unitOfWork: house.unitOfWork,
        catalog: house.catalog,
        settings: () => settings,
        now: () => clock,
      };
      configs = createCanaryConfigs(shared);
      canaries = createCanaries({ ...shared, runs: house.runs, poke: () => {} });
    });
    afterEach(() => test.close());

    /** Moves on by five minutes at a time, asking for the execution as its poller does. */
    async function at(minutes: number, id: string): Promise<void> {
      while (clock < start + minutes * minute) {
        clock = Math.min(clock + 5 * minute, start + minutes * minute);
        await house.at((clock - start) / minute);
        await canaries.get(id, gate);
      }
    }

    /** What a client reads: `null` while the execution is not complete. */
    async function read(id: string): Promise<string | null> {
      const { run, execution } = await canaries.get(id, gate);
      if (!isOver(run) || run.verdict === 'running') return null;
      return tellScore(run.verdict, run.score, execution.thresholds).classification;
    }

    it('holds a window shorter than the plan until the planned end, for a pass cannot be said before', async () => {
      const id = await canaries.start(makeCanaryRequest(0), gate);
      await at(5, id);
      assert.equal(await read(id), null);

      await at(10.5, id);

      assert.equal(await read(id), 'Pass');
      const { run } = await canaries.get(id, gate);
      assert.equal(run.service, 'checkout');
      assert.equal(run.environment, 'production');
      assert.equal(run.canary['pod_template_hash'], 'new');
      assert.equal(run.canary['arm'], 'canary');
      assert.equal(run.requestedBy, 'token:gate');
    });

    it('completes with a fail as soon as there is one', async () => {
      harmFrom = 2;
      const id = await canaries.start(makeCanaryRequest(0), gate);

      await at(5, id);

      assert.equal(await read(id), 'Fail');
    });

    it('is one run over a window that grows, and keeps what earlier executions were told', async () => {
      const first = await canaries.start(makeCanaryRequest(5), gate);
      await at(10.5, first);
      assert.equal(await read(first), 'Pass');

      harmFrom = 12;
      clock = start + 20 * minute;
      const second = await canaries.start(makeCanaryRequest(20), gate);
      assert.notEqual(second, first);
      assert.equal(await read(second), null);
      assert.equal(await read(first), 'Pass', 'what was told stays');
      await at(20.5, second);

      assert.equal(await read(second), 'Marginal', 'harm that came late is no pass');
      assert.equal(await read(first), 'Pass');
      const [one, other] = await Promise.all([first, second].map((id) => canaries.get(id, gate)));
      assert.equal(one?.run.id, other?.run.id);
    });

    it('keeps a fail, whatever its window becomes', async () => {
      harmFrom = 2;
      const first = await canaries.start(makeCanaryRequest(5), gate);
      await at(10.5, first);
      harmFrom = Number.POSITIVE_INFINITY;
      const later = await canaries.start(makeCanaryRequest(30), gate);

      assert.equal(await read(first), 'Fail');
      assert.equal(await read(later), 'Fail');
    });

    it('passes again over a window that grew without harm, within the delay of its metrics', async () => {
      const first = await canaries.start(makeCanaryRequest(5), gate);
      await at(10.5, first);
      clock = start + 20 * minute;
      const second = await canaries.start(makeCanaryRequest(20), gate);

      await at(20.5, second);

      assert.equal(await read(second), 'Pass');
      const { run } = await canaries.get(second, gate);
      assert.equal(run.end, start + 20 * minute);
      assert.equal(run.attempt, 1);
    });

    it('takes longer intervals between two calls than those after which a key starts afresh', async () => {
      const first = await canaries.start(makeCanaryRequest(5), gate);
      await at(10.5, first);
      clock = start + 60 * minute;
      house.setMinutes(60);
      const id = await canaries.start(makeCanaryRequest(60), gate);

      assert.equal((await canaries.get(id, gate)).run.attempt, 1);
    });

    it('lasts as long as a request asks that asks for longer than the plan', async () => {
      const id = await canaries.start(makeCanaryRequest(20), gate);
      await at(10.5, id);
      assert.equal(await read(id), null);
      await at(20.5, id);

      assert.equal(await read(id), 'Pass');
    });

    it('tells runs apart by start, scopes, config and application', async () => {
      const scopes = makeCanaryRequest().scopes;
      const { control, experiment } = scopes['default']!;
      const later = { start: start + minute, end: start + 11 * minute };
      const requests = [
        makeCanaryRequest(),
        makeCanaryRequest(10, {
          scopes: { default: { control: { ...control, ...later }, experiment: { ...experiment, ...later } } },
        }),
        makeCanaryRequest(10, { scopes: { default: { control, experiment: makeScope('other') } } }),
        makeCanaryRequest(10, { application: 'search' }),
      ];
      const ids = new Set<string>();
      for (const one of requests) ids.add((await canaries.get(await canaries.start(one, gate), gate)).run.id);

      assert.equal(ids.size, requests.length);
    });

    for (const [judge, config] of [
      ["Kayenta's rule", makeCanaryConfig()],
      ['the sequential judge', makeSequentialConfig()],
    ] as const) {
      it(`judges a stored config by ${judge}, as long as the request's window is`, async () => {
        const configId = await configs.create(config, admin);
        const asked = makeCanaryRequest(40, {
          config: { id: configId },
          accounts: { metrics: 'metrics', configuration: null, storage: null },
        });
        const id = await canaries.start(asked, gate);
        await at(39, id);
        assert.equal(await read(id), null);

        await at(41, id);

        assert.equal(await read(id), 'Pass');
        const { run, execution } = await canaries.get(id, gate);
        assert.equal(run.environment, 'staging');
        assert.equal(run.end - run.start, 40 * minute);
        assert.deepEqual(execution.metrics, [
          { name: 'p99 latency', planName: 'p99-latency', groups: ['latency'] },
        ]);
      });

      it(`fails a harmful canary of a stored config by ${judge}`, async () => {
        harmFrom = 5;
        const configId = await configs.create(config, admin);
        const id = await canaries.start(makeCanaryRequest(40, { config: { id: configId } }), gate);

        await at(41, id);

        assert.equal(await read(id), 'Fail');
      });
    }

    it("judges by Kayenta's rule under the thresholds of each request", async () => {
      const id = await configs.create(makeCanaryConfig(), admin);
      const ask = (pass: number) =>
        canaries.start(makeCanaryRequest(20, { config: { id }, thresholds: { pass, marginal: 50 } }), gate);
      const [one, other, same] = [await ask(90), await ask(80), await ask(90)];
      const runs = await Promise.all(
        [one, other, same].map(async (asked) => (await canaries.get(asked, gate)).run),
      );

      assert.notEqual(runs[0]?.id, runs[1]?.id);
      assert.equal(runs[0]?.id, runs[2]?.id);
      assert.deepEqual(runs[1]?.plan.kayenta?.thresholds, { pass: 80, marginal: 50 });
    });

    it('wants permission for a config in place, not for one that is stored', async () => {
      const inPlace = makeCanaryRequest(20, { config: { body: makeCanaryConfig() } });

      await assert.rejects(canaries.start(inPlace, gate), { code: 'forbidden' });
      assert.ok(await canaries.start(inPlace, admin));
    });

    it('refuses who has another scope, to start, to ask, to list and to cancel', async () => {
      const other: Actor = { name: 'token:search', isAdmin: false, services: ['search'] };
      const own: Actor = { ...other, services: ['checkout'] };
      const id = await canaries.start(makeCanaryRequest(), own);
      const filter = { application: null, states: null, kind: null };

      await assert.rejects(canaries.start(makeCanaryRequest(), other), { code: 'forbidden' });
      await assert.rejects(canaries.get(id, other), { code: 'forbidden' });
      await assert.rejects(canaries.cancel(id, other), { code: 'forbidden' });
      await assert.rejects(canaries.list(filter, 10, 1, other), { code: 'forbidden' });
      assert.equal((await canaries.list({ ...filter, application: 'checkout' }, 10, 1, own)).length, 1);
    });

    it('starts a deferred request when it is asked for, once', async () => {
      const id = canaries.defer(makeCanaryRequest()) ?? '';

      const { run } = await canaries.get(id, gate);
      const again = await canaries.get(id, gate);

      assert.equal(again.run.id, run.id);
      assert.equal(again.execution.id, (await canaries.get(id, gate)).execution.id);
      const listed = await canaries.list({ application: 'checkout', states: null, kind: null }, 10, 1, admin);
      assert.equal(listed.length, 1);
    });

    it('says inconclusive of what was cancelled, whatever its window becomes', async () => {
      const id = await canaries.start(makeCanaryRequest(), gate);
      await canaries.cancel(id, gate);
      await canaries.cancel(id, gate);
      const later = await canaries.start(makeCanaryRequest(30), gate);

      assert.equal(await read(id), 'Marginal');
      assert.equal(await read(later), 'Marginal');
    });

    const refused: readonly (readonly [string, Parameters<typeof makeCanaryRequest>[1], object])[] = [
      ['a template that is not there', { config: { id: 'template-x' } }, { code: 'not_found' }],
      ['a config that is not there', { config: { id: 'x' } }, { code: 'not_found' }],
      [
        'no application',
        { application: null },
        { code: 'invalid_input', message: /application: is missing/ },
      ],
      [
        'the same scope on both sides',
        {
          application: 'search',
          scopes: { default: { control: makeScope('a'), experiment: makeScope('a') } },
        },
        { code: 'invalid_input', message: /selects the same as baseline/ },
      ],
      [
        'windows that differ',
        {
          scopes: {
            default: { control: makeScope('a', { start: start - 1000 }), experiment: makeScope('b') },
          },
        },
        { code: 'invalid_input', message: /the control has another window/ },
      ],
      [
        'an end before the start',
        {
          scopes: {
            default: { control: makeScope('a', { end: 0 }), experiment: makeScope('b', { end: 0 }) },
          },
        },
        { code: 'invalid_input', message: /lies before start/ },
      ],
      [
        'several scopes without a default',
        { scopes: { a: makeCanaryRequest().scopes['default']!, b: makeCanaryRequest().scopes['default']! } },
        { code: 'invalid_input', message: /scopes: found a, b; needed is the scope "default"/ },
      ],
      [
        'thresholds upside down',
        { thresholds: { pass: 10, marginal: 20 } },
        { code: 'invalid_input', message: /thresholds\.marginal/ },
      ],
    ];
    for (const [what, changes, error] of refused)
      it(`refuses ${what}`, async () => {
        await assert.rejects(canaries.start(makeCanaryRequest(10, changes), gate), error);
      });

    it('refuses an account that is not configured, and an application that the config is not for', async () => {
      const id = await configs.create(makeCanaryConfig(), admin);
      const accounts = { metrics: 'elsewhere', configuration: null, storage: null };

      await assert.rejects(canaries.start(makeCanaryRequest(20, { accounts }), gate), {
        message: /metricsAccountName: found "elsewhere"; configured are metrics/,
      });
      await assert.rejects(
        canaries.start(makeCanaryRequest(20, { config: { id }, application: 'search' }), gate),
        {
          message: /application: found "search"; the canary config is for checkout/,
        },
      );
    });

    it('lists executions newest first, by state and page', async () => {
      const ids: string[] = [];
      for (const minutes of [10, 20, 30]) {
        clock = start + minutes;
        ids.unshift(
          await canaries.start(
            makeCanaryRequest(10, {
              scopes: { default: { control: makeScope('a'), experiment: makeScope(`b${minutes}`) } },
            }),
            gate,
          ),
        );
      }
      await canaries.cancel(ids[2]!, gate);
      const list = async (
        states: readonly ('running' | 'canceled' | 'succeeded')[] | null,
        limit = 10,
        page = 1,
      ) =>
        (await canaries.list({ application: 'checkout', states, kind: 'canary' }, limit, page, gate)).map(
          ({ execution }) => execution.id,
        );

      assert.deepEqual(await list(null), ids);
      assert.deepEqual(await list(null, 2, 2), [ids[2]]);
      assert.deepEqual(await list(['running']), ids.slice(0, 2));
      assert.deepEqual(await list(['canceled', 'succeeded']), [ids[2]]);
    });
  });
