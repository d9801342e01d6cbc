import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { accessWords } from '../src/api/access.ts';
import { hasRole, type Role, roles } from '../src/auth/caller.ts';
import { makeToken } from '../src/auth/token.ts';
import { type AccessHouse, openAccessHouse } from './support/access-house.ts';
import { databases, type TestDatabase } from './support/databases.ts';
import { type DescribedOperation, describedOperations, pathOf, takesToken } from './support/operations.ts';

const minute = 60_000;

/** Kinds of callers that open nothing, wherever they knock. */
const strangers = ['nobody', 'malformed', 'mistyped', 'unknown', 'expired', 'revoked'] as const;

/** The tables that callers can write to. */
const written = ['runs', 'changes', 'change_events', 'audit', 'tokens', 'deliveries'] as const;

const roleDoes = (role: Role, needed: Role): boolean =>
  hasRole({ name: role, kind: 'token', roles: [role], services: null }, needed);

const guarded = describedOperations.filter(({ access }) => access !== 'public');
const byRole = guarded.filter(({ access }) => access !== 'signed');
const pairs = byRole.flatMap((operation) => roles.map((role) => ({ operation, role })));

/** A token with its twenty-first character changed. */
function mistype(token: string): string {
  return `${token.slice(0, 20)}${token[20] === 'x' ? 'y' : 'x'}${token.slice(21)}`;
}

async function showAll(house: AccessHouse): Promise<ReadonlyMap<string, string | null>> {
  const shown = new Map<string, string | null>([
    ['nobody', null],
    ['malformed', 'Bearer%20x'],
    ['unknown', makeToken(randomBytes)],
  ]);
  for (const role of roles) shown.set(role, await house.makeToken(role, role));
  for (const role of ['read', 'record', 'gate'] as const)
    shown.set(`${role}/search`, await house.makeToken(`${role}/search`, role, { services: ['search'] }));
  shown.set('expired', await house.makeToken('expired', 'admin', { expiresIn: minute }));
  shown.set('revoked', await house.makeToken('revoked', 'admin'));
  shown.set('mistyped', mistype(shown.get('admin') ?? ''));
  await house.tokens.revoke('revoked', { name: 'test' });
  house.pass(2 * minute);
  return shown;
}

for (const { name, open } of databases)
  describe(`who may do what on ${name}`, () => {
    let opened: TestDatabase;
    let house: AccessHouse;
    let shown: ReadonlyMap<string, string | null>;

    /** The status, and the body where it is one of ours. */
    async function ask(
      operation: DescribedOperation,
      who: string,
    ): Promise<{ status: number; text: string }> {
      const secret = shown.get(who);
      if (secret === undefined) throw new Error(`nobody is called ${who}`);
      const inPath = takesToken(operation);
      const answer = await fetch(`${house.address}${pathOf(operation, secret ?? undefined)}`, {
        method: operation.method,
        headers: inPath || secret === null ? {} : { authorization: `Bearer ${secret}` },
        ...(operation.method === 'GET' ? {} : { body: JSON.stringify(operation.body) }),
      });
      return { status: answer.status, text: await answer.text() };
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
      house = await openAccessHouse(opened);
      shown = await showAll(house);
    });
    after(async () => {
      await house.app.stop(100);
      await opened.close();
    });

    it('is said of every operation in a word that is known', () => {
      assert.ok(describedOperations.length >= 23, String(describedOperations.length));
      for (const { id, access } of describedOperations)
        assert.ok(
          accessWords.some((word) => word === access),
          `${id}: ${access}`,
        );
    });

    for (const operation of describedOperations.filter(({ access }) => access === 'public'))
      it(`lets everybody ${operation.id}, whatever they show`, async () => {
        for (const who of strangers) assert.equal((await ask(operation, who)).status, 200, who);
      });

    for (const operation of guarded)
      it(`lets no stranger ${operation.id}, and stores nothing`, async () => {
        const before = await countRows();
        const allowed = operation.access === 'signed' ? [401, 403] : [401];
        for (const who of strangers) {
          const { status } = await ask(operation, who);
          assert.ok(allowed.includes(status), `${who}: ${status}`);
        }
        assert.deepEqual(await countRows(), before);
      });

    for (const { operation, role } of pairs.filter(({ operation, role }) =>
      roleDoes(role, operation.access as Role),
    ))
      it(`lets ${role} ${operation.id}`, async () => {
        const { status, text } = await ask(operation, role);
        assert.ok(![401, 403].includes(status) && status < 500, `${status} ${text}`);
      });

    for (const { operation, role } of pairs.filter(
      ({ operation, role }) => !roleDoes(role, operation.access as Role),
    ))
      it(`does not let ${role} ${operation.id}, says which role it takes, and stores nothing`, async () => {
        const before = await countRows();
        const { status, text } = await ask(operation, role);
        assert.equal(status, 403);
        assert.ok(text.includes(`needs the role ${operation.access}`), text);
        assert.deepEqual(await countRows(), before);
      });

    for (const operation of byRole.filter(({ writes, access }) => writes && access !== 'admin'))
      it(`lets ${operation.access} of another service ${operation.id} nothing that is stored`, async () => {
        const before = await countRows();
        await ask(operation, `${operation.access}/search`);
        assert.deepEqual(await countRows(), before);
      });
  });
