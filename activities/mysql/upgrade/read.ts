/** What an upgrade wants to know of the data, read from one member by SQL; nothing is changed. */
import { escape } from 'mysql2';

import { journalSchema } from '../../../schemas/names';
import type { Session } from '../types';

export interface TableRow {
  s: string;
  t: string;
  engine: string | null;
  rows: number | string | null;
  bytes: number | string | null;
  options: string | null;
  collation: string | null;
}

export interface ColumnRow {
  s: string;
  t: string;
  name: string;
  /** `varchar` */
  type: string;
  /** `varchar(100)` */
  full: string;
  nullable: string;
  default: string | null;
  charset: string | null;
  collation: string | null;
}

export interface IndexRow {
  s: string;
  t: string;
  index: string;
  unique: number | string;
  part: number | null;
  nullable: string | null;
}

/** Those of the server, and drydock's own. */
const notOfUsers = ['mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo', journalSchema]
  .map((name) => escape(name))
  .join(', ');

/** These views are slow on old versions with many tables. */
const boundMs = 120_000;

export interface Inventory {
  schemas: string[];
  tables: TableRow[];
  columns: ColumnRow[];
  indexes: IndexRow[];
  routines: { s: string; name: string; modes: string }[];
  triggers: { s: string; name: string; modes: string }[];
  events: { s: string; name: string; modes: string }[];
}

export async function readInventory(session: Session): Promise<Inventory> {
  const ask = <Row>(sql: string): Promise<Row[]> => session.query<Row>(sql, [], boundMs);
  const schemas = await ask<{ name: string }>(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (${notOfUsers})`,
  );
  const tables = await ask<TableRow>(
    'SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, ENGINE AS engine, TABLE_ROWS AS `rows`, DATA_LENGTH + INDEX_LENGTH AS bytes, ' +
      'CREATE_OPTIONS AS options, TABLE_COLLATION AS collation FROM information_schema.TABLES ' +
      `WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN (${notOfUsers}) ORDER BY TABLE_SCHEMA, TABLE_NAME`,
  );
  const columns = await ask<ColumnRow>(
    'SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full, IS_NULLABLE AS nullable, ' +
      'COLUMN_DEFAULT AS `default`, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation FROM information_schema.COLUMNS ' +
      `WHERE TABLE_SCHEMA NOT IN (${notOfUsers}) ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`,
  );
  const indexes = await ask<IndexRow>(
    'SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, INDEX_NAME AS `index`, NON_UNIQUE = 0 AS `unique`, SUB_PART AS part, NULLABLE AS nullable ' +
      `FROM information_schema.STATISTICS WHERE TABLE_SCHEMA NOT IN (${notOfUsers})`,
  );
  const routines = await ask<{ s: string; name: string; modes: string }>(
    `SELECT ROUTINE_SCHEMA AS s, ROUTINE_NAME AS name, SQL_MODE AS modes FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN (${notOfUsers})`,
  );
  const triggers = await ask<{ s: string; name: string; modes: string }>(
    `SELECT TRIGGER_SCHEMA AS s, TRIGGER_NAME AS name, SQL_MODE AS modes FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN (${notOfUsers})`,
  );
  const events = await ask<{ s: string; name: string; modes: string }>(
    `SELECT EVENT_SCHEMA AS s, EVENT_NAME AS name, SQL_MODE AS modes FROM information_schema.EVENTS WHERE EVENT_SCHEMA NOT IN (${notOfUsers})`,
  );
  return { schemas: schemas.map(({ name }) => name), tables, columns, indexes, routines, triggers, events };
}

/** Settings that the checks of an upgrade look at. */
const settings = [
  'binlog_format',
  'binlog_row_image',
  'binlog_checksum',
  'binlog_expire_logs_seconds',
  'expire_logs_days',
  'gtid_mode',
  'sql_mode',
  'character_set_server',
  'collation_server',
  'lower_case_table_names',
  'innodb_page_size',
  'default_authentication_plugin',
  'explicit_defaults_for_timestamp',
];

export async function readSettings(session: Session): Promise<Record<string, string>> {
  const rows = await session.query<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${settings.map((name) => escape(name)).join(', ')})`,
  );
  return Object.fromEntries(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
}
