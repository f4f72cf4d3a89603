/** What of an inventory an upgrade wants to know. Pure. */
import type { Listed, TableShape, UpgradeExamination, UpgradeQuestion } from '../../../schemas/upgrade';
import { atLeast, type Version } from '../version';
import type { ColumnRow, IndexRow, Inventory, TableRow } from './read';

/** More than that nobody reads; the payload of an activity is bounded, too. */
const most = 300;

export function listed<Item>(items: Item[]): Listed<Item> {
  return { items: items.slice(0, most), more: Math.max(0, items.length - most) };
}

type Told = Omit<
  UpgradeExamination,
  'member' | 'version' | 'zeroDates' | 'searchedInPart' | 'accounts' | 'variables' | 'disks' | 'oldTemporal'
>;

const nameOf = ({ s, t }: { s: string; t: string }): string => `${s}.${t}`;
const isInnodb = ({ engine }: TableRow): boolean => engine?.toLowerCase() === 'innodb';

export function tellInventory(inventory: Inventory, question: UpgradeQuestion, globalModes: string): Told {
  const { tables, columns, indexes } = inventory;
  const keyed = new Set(keyedTables(indexes));
  const sum = (pick: (table: TableRow) => number | string | null): number =>
    tables.reduce((total, table) => total + Number(pick(table) ?? 0), 0);
  return {
    tables: tables.length,
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    notInnodb: listed(
      tables
        .filter((table) => !isInnodb(table))
        .map((table) => ({
          table: nameOf(table),
          engine: table.engine ?? 'unknown',
          partitioned: /partitioned/i.test(table.options ?? ''),
        })),
    ),
    withoutKey: listed(
      tables
        .filter((table) => isInnodb(table) && !keyed.has(nameOf(table)))
        .map((table) => ({ table: nameOf(table), rows: Number(table.rows ?? 0) })),
    ),
    collations: countBy(
      [
        ...columns.map((column) => ({ key: column.collation, example: `${nameOf(column)}.${column.name}` })),
        ...tables.map((table) => ({ key: table.collation, example: nameOf(table) })),
      ],
      'collation',
    ),
    types: countBy(
      columns.map((column) => ({ key: column.type.toLowerCase(), example: `${nameOf(column)}.${column.name}` })),
      'type',
    ),
    names: listed(namesIn(inventory, new Set(question.words))),
    shapes: shapesOf(inventory, question.tables),
    sqlModes: modesIn(inventory, globalModes),
  };
}

/** Tables with a unique index of columns that are never NULL and stand there whole. */
function keyedTables(indexes: IndexRow[]): string[] {
  const groups = new Map<string, IndexRow[]>();
  for (const row of indexes) {
    const key = `${nameOf(row)}\0${row.index}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()]
    .filter((rows) => rows.every(({ unique, part, nullable }) => Number(unique) === 1 && part === null && nullable !== 'YES'))
    .map(([first]) => nameOf(first as IndexRow));
}

function countBy<Field extends 'collation' | 'type'>(
  rows: { key: string | null; example: string }[],
  field: Field,
): ({ [F in Field]: string } & { columns: number; example: string })[] {
  const found = new Map<string, { columns: number; example: string }>();
  for (const { key, example } of rows) {
    if (key === null) continue;
    const entry = found.get(key) ?? { columns: 0, example };
    found.set(key, { ...entry, columns: entry.columns + 1 });
  }
  return [...found].map(([key, rest]) => ({ [field]: key, ...rest })) as ({ [F in Field]: string } & {
    columns: number;
    example: string;
  })[];
}

type Name = UpgradeExamination['names']['items'][number];

function namesIn({ schemas, tables, columns, indexes, routines }: Inventory, words: Set<string>): Name[] {
  const found = new Map<string, Name>();
  const look = (kind: Name['kind'], name: string, full: string): void => {
    const word = name.toLowerCase();
    if (words.has(word)) found.set(`${kind} ${full}`, { kind, name: full, word });
  };
  for (const name of schemas) look('schema', name, name);
  for (const table of tables) look('table', table.t, nameOf(table));
  for (const column of columns) look('column', column.name, `${nameOf(column)}.${column.name}`);
  for (const index of indexes) look('index', index.index, `${nameOf(index)}.${index.index}`);
  for (const { s, name } of routines) look('routine', name, `${s}.${name}`);
  return [...found.values()];
}

function shapesOf({ tables, columns, indexes }: Inventory, wanted: string[]): TableShape[] {
  return tables
    .filter((table) => wanted.includes(nameOf(table)))
    .map((table) => ({
      table: nameOf(table),
      engine: table.engine ?? 'unknown',
      charset: (table.collation ?? '').split('_')[0] ?? '',
      columns: columns
        .filter((column) => nameOf(column) === nameOf(table))
        .map(({ name, full, nullable, charset, collation }) => ({ name, type: full, nullable: nullable === 'YES', charset, collation })),
      indexes: [...new Set(indexes.filter((index) => nameOf(index) === nameOf(table)).map(({ index }) => index))],
    }));
}

const modesOf = (text: string): string[] => text.split(',').filter((mode) => mode !== '');

/** Of the server, and of what was made under another one. */
function modesIn({ routines, triggers, events }: Inventory, globalModes: string): Told['sqlModes'] {
  const places = [
    ...routines.map(({ s, name, modes }) => ({ place: `routine ${s}.${name}`, modes })),
    ...triggers.map(({ s, name, modes }) => ({ place: `trigger ${s}.${name}`, modes })),
    ...events.map(({ s, name, modes }) => ({ place: `event ${s}.${name}`, modes })),
  ].filter(({ modes }) => modes !== globalModes);
  return [{ place: 'the server', modes: globalModes }, ...places.slice(0, most)].map(({ place, modes }) => ({
    place,
    modes: modesOf(modes),
  }));
}

const withTime = new Set(['datetime', 'timestamp', 'time']);

/** Columns that may have the temporal format of 5.5: all of 5.5, none of 8.0 and later or of MariaDB; in between the server knows (`known`). */
export function oldTemporalColumns(
  version: Version,
  columns: ColumnRow[],
  known: ReadonlySet<string>,
): UpgradeExamination['oldTemporal']['items'] {
  if (version.engine === 'mariadb' || version.major >= 8) return [];
  return columns
    .filter(({ type }) => withTime.has(type.toLowerCase()))
    .filter((column) => !atLeast(version, 5, 6) || known.has(`${nameOf(column)}.${column.name}`))
    .map((column) => ({ table: nameOf(column), column: column.name, type: column.full }));
}
