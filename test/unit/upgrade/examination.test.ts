import { listed, oldTemporalColumns, tellInventory } from '../../../activities/mysql/upgrade/judge-inventory';
import type { ColumnRow, IndexRow, Inventory, TableRow } from '../../../activities/mysql/upgrade/read';
import { parseVersion } from '../../../activities/mysql/version';

const table = (t: string, more: Partial<TableRow> = {}): TableRow => ({
  s: 'app',
  t,
  engine: 'InnoDB',
  rows: 10,
  bytes: 100,
  options: '',
  collation: 'utf8mb4_general_ci',
  ...more,
});
const column = (t: string, name: string, full: string, more: Partial<ColumnRow> = {}): ColumnRow => ({
  s: 'app',
  t,
  name,
  type: full.split('(')[0] ?? '',
  full,
  nullable: 'NO',
  default: null,
  charset: null,
  collation: null,
  ...more,
});
const index = (t: string, more: Partial<IndexRow> = {}): IndexRow => ({
  s: 'app',
  t,
  index: 'PRIMARY',
  unique: 1,
  part: null,
  nullable: '',
  ...more,
});

const inventory = (more: Partial<Inventory>): Inventory => ({
  schemas: ['app'],
  tables: [],
  columns: [],
  indexes: [],
  routines: [],
  triggers: [],
  events: [],
  ...more,
});

const tell = (more: Partial<Inventory>, words: string[] = [], tables: string[] = []): ReturnType<typeof tellInventory> =>
  tellInventory(inventory(more), { words, tables }, 'STRICT_TRANS_TABLES');

test('a key counts only when no column of it may be NULL or is cut', () => {
  const found = tell({
    tables: ['primary', 'nullable', 'cut', 'plain', 'none'].map((name) => table(name)),
    indexes: [
      index('primary'),
      index('nullable', { index: 'u', nullable: 'YES' }),
      index('cut', { index: 'u', part: 10 }),
      index('plain', { index: 'i', unique: 0 }),
    ],
  });
  expect(found.withoutKey.items.map((each) => each.table)).toEqual(['app.nullable', 'app.cut', 'app.plain', 'app.none']);
  expect(found).toMatchObject({ tables: 5, rows: 50, bytes: 500 });
});

test('tables of other engines are told with their partitions, and not as tables without a key', () => {
  const found = tell({ tables: [table('old', { engine: 'MyISAM', options: 'partitioned' }), table('odd', { engine: null })] });
  expect(found.notInnodb.items).toEqual([
    { table: 'app.old', engine: 'MyISAM', partitioned: true },
    { table: 'app.odd', engine: 'unknown', partitioned: false },
  ]);
  expect(found.withoutKey.items).toEqual([]);
});

test('names are told that equal a word, of whatever kind and in whatever case', () => {
  const found = tell(
    {
      tables: [table('Rank')],
      columns: [column('Rank', 'RANK', 'int'), column('Rank', 'ranks', 'int')],
      indexes: [index('Rank', { index: 'rank' }), index('Rank', { index: 'rank' })],
      routines: [{ s: 'app', name: 'rank', modes: '' }],
    },
    ['rank', 'window'],
  );
  expect(found.names.items.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'table app.Rank',
    'column app.Rank.RANK',
    'index app.Rank.rank',
    'routine app.rank',
  ]);
});

test('routines, triggers and events are told that have another sql_mode than the server', () => {
  const found = tell({
    routines: [{ s: 'app', name: 'f', modes: 'ORACLE,ANSI_QUOTES' }],
    triggers: [{ s: 'app', name: 't', modes: 'STRICT_TRANS_TABLES' }],
    events: [{ s: 'app', name: 'e', modes: '' }],
  });
  expect(found.sqlModes).toEqual([
    { place: 'the server', modes: ['STRICT_TRANS_TABLES'] },
    { place: 'routine app.f', modes: ['ORACLE', 'ANSI_QUOTES'] },
    { place: 'event app.e', modes: [] },
  ]);
});

test('the shape of a table that was asked for, its columns in order', () => {
  const found = tell(
    {
      tables: [table('a', { collation: 'latin1_swedish_ci' }), table('b')],
      columns: [
        column('a', 'id', 'int(11)'),
        column('a', 'name', 'varchar(5)', { nullable: 'YES', charset: 'latin1', collation: 'latin1_swedish_ci' }),
        column('b', 'id', 'int'),
      ],
      indexes: [index('a'), index('a', { index: 'i' })],
    },
    [],
    ['app.a', 'app.gone'],
  );
  expect(found.shapes).toEqual([
    {
      table: 'app.a',
      engine: 'InnoDB',
      charset: 'latin1',
      columns: [
        { name: 'id', type: 'int(11)', nullable: false, charset: null, collation: null },
        { name: 'name', type: 'varchar(5)', nullable: true, charset: 'latin1', collation: 'latin1_swedish_ci' },
      ],
      indexes: ['PRIMARY', 'i'],
    },
  ]);
});

test('old temporal columns: all of 5.5, those that the server knows of 5.6, none elsewhere', () => {
  const columns = [column('a', 'at', 'datetime'), column('a', 'day', 'date'), column('b', 'at', 'timestamp')];
  const of = (version: string, ...known: string[]): string[] =>
    oldTemporalColumns(parseVersion(version), columns, new Set(known)).map((each) => `${each.table}.${each.column}`);
  expect(of('5.5.34')).toEqual(['app.a.at', 'app.b.at']);
  expect(of('5.6.14')).toEqual([]);
  expect(of('5.6.14', 'app.b.at', 'app.x.y')).toEqual(['app.b.at']);
  expect(of('8.0.33', 'app.a.at')).toEqual([]);
  expect(of('10.11.6-MariaDB', 'app.a.at')).toEqual([]);
});

test('a list is cut where nobody would read on', () => {
  const { items, more } = listed(Array.from({ length: 1000 }, (_, at) => at));
  expect(items.length + more).toBe(1000);
  expect(more).toBeGreaterThan(0);
});
