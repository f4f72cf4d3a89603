/** What is known of changes from one column type to another under row-based replication. Pure. */

export interface ColumnType {
  base: string;
  /** Numbers in the parentheses, or the values of an ENUM or a SET. */
  arguments: string[];
  unsigned: boolean;
}

const synonyms: Record<string, string> = {
  integer: 'int',
  dec: 'decimal',
  numeric: 'decimal',
  bool: 'tinyint',
  boolean: 'tinyint',
  real: 'double',
};

/** `int(10) unsigned`, as the server or a statement writes it. */
export function columnType(text: string): ColumnType {
  const match = /^\s*([a-z0-9_]+)\s*(?:\((.*)\))?\s*(.*)$/is.exec(text);
  const base = (match?.[1] ?? '').toLowerCase();
  return {
    base: synonyms[base] ?? base,
    arguments: argumentsOf(match?.[2]),
    unsigned: /\bunsigned\b/i.test(match?.[3] ?? ''),
  };
}

function argumentsOf(text: string | undefined): string[] {
  if (text === undefined || text.trim() === '') return [];
  return [...text.matchAll(/'(?:[^'\\]|\\.|'')*'|[^,]+/g)].map(([each]) => each.trim());
}

/** One text for all ways to write a type, on every version: without the width in which an integer is shown, and with what is left out. */
export function typeText(text: string): string {
  const type = columnType(text);
  const given = integers.includes(type.base) ? [] : filled(type);
  return `${type.base}${given.length > 0 ? `(${given.join(',')})` : ''}${type.unsigned ? ' unsigned' : ''}`;
}

const integers = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];

/** `same`, `wider` (the appliers need ALL_NON_LOSSY), `longer-list` (values added at the end), or in words why not. */
export type TypeChange = 'same' | 'wider' | 'longer-list' | { refused: string };

export function typeChange(before: string, after: string): TypeChange {
  const [from, to] = [columnType(before), columnType(after)];
  if (isText(from.base) && from.base === to.base) return textChange(from, to);
  if (isSame(from, to)) return 'same';
  if (from.unsigned === to.unsigned) {
    const [old, fresh] = [integers.indexOf(from.base), integers.indexOf(to.base)];
    if (old >= 0 && fresh > old) return 'wider';
    if (from.base === 'decimal' && to.base === 'decimal') return decimalChange(from, to);
  }
  if (['enum', 'set'].includes(from.base) && from.base === to.base) return listChange(from, to);
  return { refused: `${before} to ${after} stops the appliers, or nobody has measured it` };
}

const isText = (base: string): boolean => base === 'varchar' || base === 'varbinary';

/** What a type has when its parentheses are left out. */
const defaults: Record<string, string[]> = {
  decimal: ['10', '0'],
  char: ['1'],
  binary: ['1'],
  bit: ['1'],
  datetime: ['0'],
  timestamp: ['0'],
  time: ['0'],
  year: ['4'],
};

const filled = ({ base, arguments: given }: ColumnType): string[] => [...given, ...(defaults[base] ?? []).slice(given.length)];

/** The width in which an integer is shown says nothing of what it holds. */
function isSame(from: ColumnType, to: ColumnType): boolean {
  if (from.base !== to.base || from.unsigned !== to.unsigned) return false;
  if (integers.includes(from.base)) return true;
  return JSON.stringify(filled(from)) === JSON.stringify(filled(to));
}

function textChange(from: ColumnType, to: ColumnType): TypeChange {
  const [old, fresh] = [Number(from.arguments[0]), Number(to.arguments[0])];
  if (old === fresh) return 'same';
  // VARBINARY was not measured.
  if (fresh > old && from.base === 'varchar') return 'wider';
  return {
    refused:
      fresh > old
        ? `nobody has measured a longer ${from.base}`
        : `${from.base}(${old}) to ${to.base}(${fresh}) is narrower: it stops the appliers, or cuts values`,
  };
}

function decimalChange(from: ColumnType, to: ColumnType): TypeChange {
  const digits = ({ arguments: [whole = '10', scale = '0'] }: ColumnType): [number, number] => [
    Number(whole) - Number(scale),
    Number(scale),
  ];
  const [[oldWhole, oldScale], [newWhole, newScale]] = [digits(from), digits(to)];
  return newWhole >= oldWhole && newScale >= oldScale
    ? 'wider'
    : { refused: 'a DECIMAL with fewer digits stops the appliers, or cuts values' };
}

function listChange(from: ColumnType, to: ColumnType): TypeChange {
  const begins = from.arguments.every((each, at) => to.arguments[at] === each);
  if (begins && from.base === 'enum' && to.arguments.length > from.arguments.length) {
    // A number of one byte becomes one of two in the rows.
    const wider = from.arguments.length <= 255 && to.arguments.length > 255;
    return wider ? { refused: 'an ENUM that grows beyond 255 values is stored otherwise, and nobody has measured it' } : 'longer-list';
  }
  return { refused: `rows carry the number of a value of ${from.base}: only values at the end of an ENUM may be added` };
}
