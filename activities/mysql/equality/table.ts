import { escape, escapeId } from 'mysql2';

/** What is needed to compare a table; read from the primary. Everything here is pure. */
export interface Column {
  name: string;
  /** DATA_TYPE of information_schema, lower case. */
  type: string;
  nullable: boolean;
  generated: boolean;
}

export interface Table {
  schema: string;
  name: string;
  engine: string;
  estimatedRows: number;
  averageRowBytes: number;
  columns: Column[];
  /** Unique indexes without nullable or shortened columns, the primary key first. */
  keys: { index: string; columns: string[] }[];
}

export const nameOf = (table: Pick<Table, 'schema' | 'name'>): string => `${table.schema}.${table.name}`;

/** Types whose order in an index is that of `>` on a literal. */
const ordered = new Set([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year', 'date', 'datetime', 'timestamp', 'time'],
  ...['char', 'varchar', 'binary', 'varbinary', 'uuid', 'inet4', 'inet6'],
]);
const numeric = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year']);
const text = new Set(['char', 'varchar', 'enum', 'set']);
const long = new Set(['tinytext', 'text', 'mediumtext', 'longtext', 'json']);
const bytes = new Set(['binary', 'varbinary']);
const longBytes = new Set(['tinyblob', 'blob', 'mediumblob', 'longblob']);

export interface Key {
  index: string;
  columns: Column[];
}

/** The key to cut chunks by; undefined when there is none whose order can be relied on. */
export function chunkKey(table: Table): Key | undefined {
  for (const { index, columns } of table.keys) {
    const found = columns.map((name) => table.columns.find((column) => column.name === name));
    if (found.every((column): column is Column => column !== undefined && ordered.has(column.type))) return { index, columns: found };
  }
  return undefined;
}

/**
 * A value as text that is the same on every version and character set, with its length before it, so that no two rows are
 * written alike. Long values stand there by their digest: a row must fit into a packet.
 */
export function columnExpression(column: Column): string {
  const name = escapeId(column.name, true);
  const value = valueExpression(column, name);
  const marked = `CONCAT(LENGTH(${value}), ':', ${value})`;
  return column.nullable ? `IFNULL(${marked}, 'N')` : marked;
}

function valueExpression({ type }: Column, name: string): string {
  if (text.has(type)) return `CAST(CONVERT(${name} USING utf8mb4) AS BINARY)`;
  if (long.has(type)) return `SHA2(CAST(CONVERT(${name} USING utf8mb4) AS BINARY), 256)`;
  if (bytes.has(type)) return name;
  if (longBytes.has(type)) return `SHA2(${name}, 256)`;
  if (type === 'bit') return `CAST(${name} + 0 AS CHAR)`;
  // By itself it is written with six digits, so that others would never be compared.
  if (type === 'float') return `CAST(${name} + 0e0 AS CHAR)`;
  if (numeric.has(type) || ordered.has(type) || type === 'double') return `CAST(${name} AS CHAR)`;
  // Geometry, vectors and what may come.
  return `SHA2(HEX(${name}), 256)`;
}

/** Lower bound (excluded) and upper bound (included) of a chunk, as SQL literals for the key's columns; null is open. */
export interface Bounds {
  after: string[] | null;
  upTo: string[] | null;
}

/** A value of a key's column as a literal that keeps its type. Throws a RangeError for what could not be compared. */
export function literal(column: Column, value: unknown): string {
  if (Buffer.isBuffer(value)) return `X'${value.toString('hex')}'`;
  if (numeric.has(column.type)) {
    const digits = String(value);
    if (!/^-?\d+(\.\d+)?$/.test(digits)) throw new RangeError(`not a number: ${digits}`);
    return digits;
  }
  return escape(String(value));
}

/** `(a, b) > (x, y)` written so that every version finds its range in the index. */
function beyond(columns: Column[], values: string[], last: '>' | '>='): string {
  const comparison = last === '>' ? '>' : '<';
  const inclusive = last === '>=';
  const names = columns.map(({ name }) => escapeId(name, true));
  const cases = names.map((name, at) => {
    const equal = names.slice(0, at).map((before, index) => `${before} = ${values[index]}`);
    const closing = inclusive && at === names.length - 1 ? '=' : '';
    return [...equal, `${name} ${comparison}${closing} ${values[at]}`].join(' AND ');
  });
  const first = `${names[0]} ${last === '>' ? '>=' : '<='} ${values[0]}`;
  return names.length === 1 ? (cases[0] ?? '') : `${first} AND (${cases.map((each) => `(${each})`).join(' OR ')})`;
}

export function condition(key: Key | undefined, bounds: Bounds): string {
  const parts: string[] = [];
  if (key && bounds.after) parts.push(beyond(key.columns, bounds.after, '>'));
  if (key && bounds.upTo) parts.push(beyond(key.columns, bounds.upTo, '>='));
  return parts.length === 0 ? '1 = 1' : parts.join(' AND ');
}

const from = (table: Table, key: Key | undefined): string =>
  `${escapeId(table.schema, true)}.${escapeId(table.name, true)}${key ? ` FORCE INDEX (${escapeId(key.index, true)})` : ''}`;

/**
 * Number of rows, exact sum and exclusive-or of a 64-bit digest of each: rows that are there twice cancel in the second only.
 * `unread` counts rows without a digest. The limit keeps optimisers from computing the digest three times.
 */
export function digestQuery(table: Table, key: Key | undefined, bounds: Bounds): string {
  const columns = table.columns.filter(({ generated }) => !generated).map(columnExpression);
  const digest = `CAST(CONV(LEFT(SHA2(CONCAT(${columns.join(', ')}), 256), 16), 16, 10) AS UNSIGNED)`;
  return (
    'SELECT COUNT(*) AS `rows`, COALESCE(SUM(c.h), 0) AS total, BIT_XOR(c.h) AS mixed, COALESCE(SUM(c.h IS NULL), 0) AS unread ' +
    `FROM (SELECT ${digest} AS h FROM ${from(table, key)} WHERE ${condition(key, bounds)} LIMIT 18446744073709551615) c`
  );
}

/** The key of the last row of the next `rows` rows. */
export function boundQuery(table: Table, key: Key, after: string[] | null, rows: number): string {
  const names = key.columns.map(({ name }) => escapeId(name, true)).join(', ');
  return `SELECT ${names} FROM ${from(table, key)} WHERE ${condition(key, { after, upTo: null })} ORDER BY ${names} LIMIT ${rows - 1}, 1`;
}

/** For people: where in the table a difference is. */
export function describeChunk(key: Key | undefined, { after, upTo }: Bounds): string {
  if (!key || (!after && !upTo)) return 'all rows';
  const names = key.columns.map(({ name }) => name).join(', ');
  const tuple = (values: string[]): string => (values.length === 1 ? (values[0] ?? '') : `(${values.join(', ')})`);
  const parts = [after ? `${names} > ${tuple(after)}` : '', upTo ? `${names} <= ${tuple(upTo)}` : ''];
  return parts.filter((part) => part !== '').join(' and ');
}
