import { databases, type TestDatabase } from '../support/databases.ts';

for (const { name, open } of databases) {
  describe(`a database on ${name}`, () => {
    let test: TestDatabase;
    before(async () => {
      test = await open();
    });
    after(() => test.close());

    it('answers a ping', async () => {
      await test.database.ping();
    });
  });
}
