import type { Knex } from 'knex';

const refusal = 'the audit trail is only ever added to';

/** `INSERT OR REPLACE` deletes on SQLite without a trigger being asked; PostgreSQL has nothing of the kind. */
export async function up(sql: Knex): Promise<void> {
  if (isPostgres(sql)) return;
  await sql.raw(
    `CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
      BEGIN SELECT RAISE(ABORT, '${refusal}'); END`,
  );
}

function isPostgres(sql: Knex): boolean {
  return sql.client.config.client === 'pg';
}

export async function down(sql: Knex): Promise<void> {
  if (!isPostgres(sql)) await sql.raw('DROP TRIGGER audit_no_replace');
}
