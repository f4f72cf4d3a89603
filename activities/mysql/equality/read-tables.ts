import { escape } from 'mysql2';

import type { Session } from '../types';
import type { Column, Table } from './table';

const systemSchemas = ['mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo'].map((name) => escape(name)).join(', ');

interface ColumnRow {
  s: string;
  t: string;
  name: string;
  type: string;
  nullable: string;
  extra: string;
}

interface IndexRow {
  s: string;
  t: string;
  index: string;
  name: string;
  part: number | null;
  nullable: string | null;
}

/** All tables that hold data of users (the journal among them), by name. Bound: these views are slow on 5.5 with many tables. */
export async function readTables(session: Session): Promise<Table[]> {
  const tables = await session.query<{ s: string; t: string; engine: string | null; estimate: number; average: number }>(
    'SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, ENGINE AS engine, TABLE_ROWS AS estimate, AVG_ROW_LENGTH AS average FROM information_schema.TABLES ' +
      `WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN (${systemSchemas})`,
    [],
    60_000,
  );
  const columns = await session.query<ColumnRow>(
    'SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS name, DATA_TYPE AS type, IS_NULLABLE AS nullable, EXTRA AS extra ' +
      `FROM information_schema.COLUMNS WHERE TABLE_SCHEMA NOT IN (${systemSchemas}) ORDER BY ORDINAL_POSITION`,
    [],
    60_000,
  );
  const indexes = await session.query<IndexRow>(
    'SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, INDEX_NAME AS `index`, COLUMN_NAME AS name, SUB_PART AS part, NULLABLE AS nullable ' +
      `FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_SCHEMA NOT IN (${systemSchemas}) ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
    [],
    60_000,
  );
  const columnsOf = group(columns);
  const indexesOf = group(indexes);
  return tables
    .map((row): Table => ({
      schema: row.s,
      name: row.t,
      engine: row.engine ?? 'unknown',
      estimatedRows: Number(row.estimate ?? 0),
      averageRowBytes: Number(row.average ?? 0),
      columns: (columnsOf.get(keyOf(row)) ?? []).map(column),
      keys: usableKeys(indexesOf.get(keyOf(row)) ?? []),
    }))
    .sort((a, b) => (keyOf({ s: a.schema, t: a.name }) < keyOf({ s: b.schema, t: b.name }) ? -1 : 1));
}

const keyOf = ({ s, t }: { s: string; t: string }): string => `${s}\0${t}`;

function group<Row extends { s: string; t: string }>(rows: Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const list = groups.get(keyOf(row));
    if (list) list.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

const column = (row: ColumnRow): Column => ({
  name: row.name,
  type: row.type.toLowerCase(),
  nullable: row.nullable === 'YES',
  generated: /\bGENERATED\b|\bVIRTUAL\b|\bPERSISTENT\b/i.test(row.extra.replace(/DEFAULT_GENERATED/i, '')),
});

function usableKeys(rows: IndexRow[]): Table['keys'] {
  const names = [...new Set(rows.map(({ index }) => index))].sort((a, b) => Number(b === 'PRIMARY') - Number(a === 'PRIMARY'));
  return names
    .map((index) => ({ index, parts: rows.filter((row) => row.index === index) }))
    .filter(({ parts }) => parts.every((row) => row.part === null && row.nullable !== 'YES'))
    .map(({ index, parts }) => ({ index, columns: parts.map(({ name }) => name) }));
}
