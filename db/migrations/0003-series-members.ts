import type { Knex } from 'knex';

const table = 'run_series';
const before = ['run_id', 'metric', 'arm', 'field'] as const;

/** Several series of one query are told apart by `member`: a pod, an edge. It is empty where there is but one. */
export async function up(sql: Knex): Promise<void> {
  if (isPostgres(sql)) {
    await sql.schema.alterTable(table, (columns) => {
      columns.text('member').notNullable().defaultTo('');
      columns.dropPrimary();
    });
    await sql.schema.alterTable(table, (columns) => columns.primary([...before, 'member']));
    return;
  }
  await rebuild(sql, (columns) => {
    columns.text('member').notNullable().defaultTo('');
    columns.primary([...before, 'member']);
  });
}

/** What was kept of single members goes; the series that stand for a whole query stay. */
export async function down(sql: Knex): Promise<void> {
  await sql(table).whereNot({ member: '' }).del();
  if (isPostgres(sql)) {
    await sql.schema.alterTable(table, (columns) => columns.dropPrimary());
    await sql.schema.alterTable(table, (columns) => {
      columns.dropColumn('member');
      columns.primary([...before]);
    });
    return;
  }
  await rebuild(sql, (columns) => columns.primary([...before]));
}

/** SQLite cannot change a primary key: a new table takes the rows, then the name. No other table refers to this one. */
async function rebuild(sql: Knex, addKey: (columns: Knex.CreateTableBuilder) => void): Promise<void> {
  const fresh = `${table}_new`;
  const kept = [...before, 'start_at', 'step_ms', 'points'];
  await sql.schema.createTable(fresh, (columns) => {
    columns.text('run_id').notNullable().references('id').inTable('runs').onDelete('CASCADE');
    for (const name of ['metric', 'arm', 'field']) columns.text(name).notNullable();
    columns.bigInteger('start_at').notNullable();
    columns.bigInteger('step_ms').notNullable();
    columns.text('points').notNullable();
    addKey(columns);
  });
  await sql(sql.raw('?? (??)', [fresh, sql.raw(kept.map(() => '??').join(', '), kept)])).insert(
    sql(table).select(kept),
  );
  await sql.schema.dropTable(table);
  await sql.schema.renameTable(fresh, table);
}

function isPostgres(sql: Knex): boolean {
  return sql.client.config.client === 'pg';
}
