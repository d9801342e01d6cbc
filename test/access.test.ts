import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { accessWords } from '../src/api/access.ts';
import { type App, createApp } from '../src/app.ts';
import { hasRole, type Role, roles } from '../src/auth/caller.ts';
import { makeToken } from '../src/auth/token.ts';
import { createTokens, type TokenOrder, type Tokens } from '../src/auth/tokens.ts';
import { parseConfig } from '../src/config.ts';
import { readSettings } from '../src/settings.ts';
import { createTokenUnitOfWork } from '../src/store/unit-of-work.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { databases, type TestDatabase } from './support/databases.ts';
import { type DescribedOperation, describedOperations, pathOf, takesToken } from './support/operations.ts';

const minute = 60_000;
const config = parseConfig(
  `
providers: { synthetic: { type: synthetic } }
templates:
  - name: http-service
    duration: 30m
    metrics: [{ name: errors, kind: ratio, provider: synthetic, events: errors, total: requests }]
services:
  - { name: checkout, aliases: [shop/checkout], template: http-service }
  - { name: search, template: http-service }
auth: { webhooks: { generic: { secrets: [only-to-turn-access-control-on] } } }
`,
  { env: {}, readFile: () => '' },
);

/** Kinds of callers that open nothing, wherever they knock. */
const strangers = ['nobody', 'malformed', 'mistyped', 'unknown', 'expired', 'revoked'] as const;

type Shown = string | null;

/** What is in the tables that callers can write to. */
const written = ['runs', 'changes', 'change_events', 'audit', 'tokens', 'deliveries'] as const;

for (const { name, open } of databases) {
  describe(`who may do what on ${name}`, () => {
    let opened: TestDatabase;
    let app: App;
    let address: string;
    let now = Date.now();
    let tokens: Tokens;
    const shown = new Map<string, Shown>();

    async function makeOne(label: string, changes: Partial<TokenOrder>): Promise<void> {
      const order = { name: label, roles: ['read'] as const, services: null, expiresIn: null, ...changes };
      shown.set(label, (await tokens.create(order, { name: 'test' })).secret);
    }

    function ask(operation: DescribedOperation, secret: Shown, body = operation.body): Promise<Response> {
      const inPath = takesToken(operation);
      const path = pathOf(operation, inPath ? (secret ?? 'none') : undefined);
      return fetch(`${address}${path}`, {
        method: operation.method,
        headers: inPath || secret === null ? {} : { authorization: `Bearer ${secret}` },
        ...(operation.method === 'GET' || body === null ? {} : { body: JSON.stringify(body) }),
      });
    }

    async function countRows(): Promise<Readonly<Record<string, number>>> {
      const counts = await Promise.all(
        written.map((table) =>
          opened.database.run((sql) => sql(table).count<{ count: unknown }[]>({ count: '*' })),
        ),
      );
      return Object.fromEntries(written.map((table, index) => [table, Number(counts[index]?.[0]?.count)]));
    }

    before(async () => {
      opened = await open();
      const settings = { ...readSettings({}), port: 0, databaseUrl: opened.url };
      app = createApp({
        settings,
        config,
        version: '0.0.0',
        now: () => now,
        logger: createLogger('silent'),
      });
      address = await app.listen();
      let ids = 0;
      tokens = createTokens({
        unitOfWork: createTokenUnitOfWork(opened.database),
        now: () => now,
        randomBytes,
        makeId: () => `t${(ids += 1)}`,
      });
      for (const role of roles) await makeOne(role, { roles: [role] });
      for (const role of ['read', 'record', 'gate'] as const)
        await makeOne(`${role} of search`, { roles: [role], services: ['search'] });
      await makeOne('expired', { roles: ['admin'], expiresIn: minute });
      await makeOne('revoked', { roles: ['admin'] });
      await tokens.revoke('revoked', { name: 'test' });
      now += 2 * minute;
      const admin = shown.get('admin') ?? '';
      shown.set('nobody', null);
      shown.set('malformed', 'Bearer%20x');
      shown.set('mistyped', `${admin.slice(0, 20)}${admin[20] === 'x' ? 'y' : 'x'}${admin.slice(21)}`);
      shown.set('unknown', makeToken(randomBytes));
    });
    after(async () => {
      await app.stop(100);
      await opened.close();
    });

    for (const operation of describedOperations) {
      const { id, access } = operation;
      if (access === 'public') {
        it(`lets everybody ${id}, whatever they show`, async () => {
          for (const who of strangers) {
            const answer = await ask(operation, shown.get(who) ?? null);
            assert.ok(answer.status < 400 || answer.status === 503, `${who}: ${answer.status}`);
            await answer.body?.cancel();
          }
        });
        continue;
      }

      it(`lets no stranger ${id}, and stores nothing`, async () => {
        const before = await countRows();
        for (const who of strangers) {
          const answer = await ask(operation, shown.get(who) ?? null);
          const allowed = access === 'signed' ? [401, 403] : [401];
          assert.ok(allowed.includes(answer.status), `${who}: ${answer.status}`);
          await answer.body?.cancel();
        }
        assert.deepEqual(await countRows(), before);
      });

      if (access === 'signed') continue;
      const needed = access as Role;
      for (const role of roles) {
        const caller = { name: role, kind: 'token', roles: [role], services: null } as const;
        if (hasRole(caller, needed))
          it(`lets ${role} ${id}`, async () => {
            const answer = await ask(operation, shown.get(role) ?? null);
            assert.ok(![401, 403].includes(answer.status), `${answer.status} ${await answer.text()}`);
            await answer.body?.cancel();
          });
        else
          it(`does not let ${role} ${id}, says which role it takes, and stores nothing`, async () => {
            const before = await countRows();
            const answer = await ask(operation, shown.get(role) ?? null);
            assert.equal(answer.status, 403);
            const { code, detail } = (await answer.json()) as Record<string, string>;
            assert.deepEqual([code, detail?.includes(`needs the role ${needed}`)], ['forbidden', true]);
            assert.deepEqual(await countRows(), before);
          });
      }

      if (operation.writes && (needed === 'gate' || needed === 'record'))
        it(`does not let ${needed} of another service ${id} in, and stores nothing`, async () => {
          const before = await countRows();
          const answer = await ask(operation, shown.get(`${needed} of search`) ?? null);
          assert.ok(answer.status >= 400 || answer.status === 202, String(answer.status));
          assert.ok(answer.status !== 401);
          await answer.body?.cancel();
          assert.deepEqual(await countRows(), before);
        });
    }

    it('has tried every operation, each with a word that is known', () => {
      assert.ok(describedOperations.length >= 23, String(describedOperations.length));
      for (const { id, access } of describedOperations)
        assert.ok(
          accessWords.some((word) => word === access),
          `${id}: ${access}`,
        );
    });

    describe('within a scope', () => {
      const call = (path: string, who: string, body?: unknown): Promise<Response> =>
        fetch(`${address}${path}`, {
          headers: { authorization: `Bearer ${shown.get(who)}` },
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        });
      const statusOf = async (path: string, who: string, body?: unknown): Promise<number> => {
        const answer = await call(path, who, body);
        await answer.body?.cancel();
        return answer.status;
      };
      const start = (service: string) => ({
        service,
        environment: 'production',
        key: `scope-${service}`,
        canary: { a: '1' },
        baseline: { a: '2' },
      });
      const idOf = async (answer: Response): Promise<string> => ((await answer.json()) as { id: string }).id;

      before(async () => {
        await makeOne('gate of checkout', { roles: ['gate', 'record'], services: ['shop/checkout'] });
      });

      it('starts, joins, reads and cancels analyses of its services alone, by whatever of their names', async () => {
        const mine = await call('/v1/analyses', 'gate of checkout', start('checkout'));
        assert.equal(mine.status, 200);
        const id = await idOf(mine);
        assert.equal(await statusOf('/v1/analyses', 'gate of checkout', start('shop/checkout')), 200);
        assert.equal(await statusOf('/v1/analyses', 'gate of search', start('shop/checkout')), 403);
        assert.equal(await statusOf('/v1/analyses', 'gate of search', start('checkout')), 403);
        assert.equal(
          await statusOf('/v1/hooks/argo-rollouts/analysis', 'gate of search', start('checkout')),
          403,
        );
        for (const path of ['', '/series', '/events']) {
          assert.equal(await statusOf(`/v1/analyses/${id}${path}`, 'gate of search'), 403, path);
          assert.equal(await statusOf(`/v1/analyses/${id}${path}`, 'gate of checkout'), 200, path);
        }
        assert.equal(await statusOf(`/v1/analyses/${id}/cancel`, 'gate of search', {}), 403);
        assert.equal(await statusOf(`/v1/analyses/${id}/cancel`, 'gate of checkout', {}), 200);
      });

      it('reports and reads changes of its services alone', async () => {
        const report = { source: 's', externalId: '1', service: 'checkout', environment: 'production' };
        assert.equal(await statusOf('/v1/changes', 'record of search', report), 403);
        const both = [
          { ...report, service: 'search' },
          { ...report, externalId: '2' },
        ];
        assert.equal(await statusOf('/v1/changes', 'record of search', both), 403);
        assert.equal(await statusOf('/v1/changes?service=search', 'record of search'), 200);
        const list = (await (await call('/v1/changes?service=search', 'record of search')).json()) as {
          items: unknown[];
        };
        assert.deepEqual(list.items, []);
        const mine = await call('/v1/changes', 'gate of checkout', report);
        const id = await idOf(mine);
        assert.equal(await statusOf(`/v1/changes/${id}`, 'record of search'), 403);
        assert.equal(await statusOf(`/v1/changes/${id}`, 'gate of checkout'), 200);
      });

      it('lists and reports only of a service it names, and hears which those are', async () => {
        for (const path of ['/v1/analyses', '/v1/changes', '/v1/reports/change-failure']) {
          for (const query of ['', '?service=checkout']) {
            const answer = await call(`${path}${query}`, 'read of search');
            assert.equal(answer.status, 403, `${path}${query}`);
            assert.match(((await answer.json()) as { detail: string }).detail, /search/);
          }
          assert.equal(await statusOf(`${path}?service=search`, 'read of search'), 200, path);
        }
      });

      it('tells of rollouts of its services alone', async () => {
        const event = (service: string) => ({
          event: 'rollout-updated',
          sentAt: new Date(now).toISOString(),
          service,
          rollout: { uid: `u-${service}`, revision: '1' },
        });
        const path = '/v1/hooks/argo-rollouts/events';
        assert.equal(await statusOf(path, 'record of search', event('checkout')), 403);
        assert.equal(await statusOf(path, 'record of search', event('search')), 202);
      });
    });
  });
}
