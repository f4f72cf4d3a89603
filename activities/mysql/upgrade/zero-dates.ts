import { escapeId } from 'mysql2';

import type { UpgradeExamination } from '../../../schemas/upgrade';
import type { Session } from '../types';
import type { ColumnRow, Inventory, TableRow } from './read';

const withDate = new Set(['date', 'datetime', 'timestamp']);
/** `0000-00-00`, and dates with a month or a day of zero. */
const zeroDate = /^'?\d{4}-(?:00-\d\d|\d\d-00)/;

/** Rows of each table that are searched: a second or two on a replica. */
export const searchedRows = 200_000;
/** All tables together. */
const budgetMs = 60_000;
const boundMs = 30_000;

type Found = Pick<UpgradeExamination, 'zeroDates' | 'searchedInPart'>;

/** Zero dates in defaults and in data. Large tables are searched in part, and said so. */
export async function findZeroDates(
  session: Session,
  { tables, columns }: Pick<Inventory, 'tables' | 'columns'>,
  stillWanted: () => void,
): Promise<Found> {
  const found: Found = { zeroDates: { items: [], more: 0 }, searchedInPart: { items: [], more: 0 } };
  const dated = columns.filter(({ type }) => withDate.has(type.toLowerCase()));
  for (const column of dated)
    if (column.default !== null && zeroDate.test(column.default)) found.zeroDates.items.push({ ...placeOf(column), found: 'default' });
  // As a literal, a zero date is refused by a strict server.
  await session.query("SET SESSION sql_mode=''");
  const ends = Date.now() + budgetMs;
  const bySize = [...tables].sort((a, b) => Number(a.rows ?? 0) - Number(b.rows ?? 0));
  for (const table of bySize) {
    stillWanted();
    const own = dated.filter(({ s, t }) => s === table.s && t === table.t);
    if (own.length === 0) continue;
    const name = `${table.s}.${table.t}`;
    if (Date.now() > ends) {
      found.searchedInPart.items.push({ table: name, rows: 0 });
      continue;
    }
    const { rows, zero } = await search(session, table, own);
    for (const column of zero) found.zeroDates.items.push({ ...placeOf(column), found: 'data' });
    if (rows >= searchedRows) found.searchedInPart.items.push({ table: name, rows });
  }
  return found;
}

const placeOf = ({ s, t, name }: ColumnRow): { table: string; column: string } => ({ table: `${s}.${t}`, column: name });

async function search(session: Session, table: TableRow, columns: ColumnRow[]): Promise<{ rows: number; zero: ColumnRow[] }> {
  const names = columns.map(({ name }) => escapeId(name, true));
  const tests = names.map((name, at) => `MAX(MONTH(${name}) = 0 OR DAYOFMONTH(${name}) = 0) AS c${at}`);
  const [row] = await session.query<Record<string, number | string | null>>(
    `SELECT COUNT(*) AS n, ${tests.join(', ')} FROM ` +
      `(SELECT ${names.join(', ')} FROM ${escapeId(table.s, true)}.${escapeId(table.t, true)} LIMIT ${searchedRows}) part`,
    [],
    boundMs,
  );
  return { rows: Number(row?.['n'] ?? 0), zero: columns.filter((_column, at) => Number(row?.[`c${at}`] ?? 0) === 1) };
}
