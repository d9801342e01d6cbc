import type { Knex } from 'knex';

/**
 * Which changes brought the same again is asked by what was released: the version, or the commit where no version is
 * told, as code hosts tell none. Replaces the index by version alone.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.raw(
    'CREATE INDEX changes_by_release ON changes (service, environment, COALESCE(version, "commit"), completed_at)',
  );
  await sql.raw('DROP INDEX changes_by_version');
}

export async function down(sql: Knex): Promise<void> {
  await sql.raw('CREATE INDEX changes_by_version ON changes (service, environment, version, completed_at)');
  await sql.raw('DROP INDEX changes_by_release');
}
