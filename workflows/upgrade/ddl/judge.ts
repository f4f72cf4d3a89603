/**
 * Whether what the primary goes on to write is applied rightly by members whose schema was changed already. Under ROW a table's columns are
 * matched by their place, so a change is judged against the columns that there are. Pure; from measurements, docs/upgrade.md.
 */
import type { Problem } from '../../../schemas/error-codes';
import type { ColumnShape, TableShape } from '../../../schemas/upgrade';
import { columnType, typeChange, typeText } from './column-type';
import { type Change, type ColumnDefinition, parseDdl, type Place } from './parse';

export interface DdlVerdict {
  statement: string;
  /** `schema.table`; undefined when it was not understood. */
  table?: string;
  /** Why it can't be done on members that replicate. */
  refused: string[];
  /** Worth knowing. */
  named: string[];
  /** The appliers of the new members need `slave_type_conversions=ALL_NON_LOSSY`. */
  conversions: boolean;
  /** Why the way back is not live any more; undefined when it stays so. */
  endsWayBack?: string;
}

/** Judges all statements in order: each sees what those before it have made of the tables. */
export const judgeDdl = (statements: readonly string[], shapes: readonly TableShape[]): DdlVerdict[] => apply(statements, shapes).verdicts;

function apply(statements: readonly string[], shapes: readonly TableShape[]): { verdicts: DdlVerdict[]; tables: Map<string, Changing> } {
  const tables = new Map(
    shapes.map((shape) => [shape.table, { ...shape, columns: [...shape.columns], before: shape.columns.map(({ name }) => name) }]),
  );
  return { verdicts: statements.map((statement) => judge(statement, tables)), tables };
}

/**
 * Where tables are not what the statements should have made of them: columns by name, order, type and NULL. `before` are the tables without the
 * statements, `found` those with them.
 */
export function schemaDifferences(statements: readonly string[], before: readonly TableShape[], found: readonly TableShape[]): Problem[] {
  const { tables } = apply(statements, before);
  return [...tables.values()].flatMap(({ table, columns }): Problem[] => {
    const there = found.find((each) => each.table === table);
    if (!there) return [{ path: table, message: 'the table is missing' }];
    const [wanted, is] = [columns.map(columnText), there.columns.map(columnText)];
    return wanted.join('; ') === is.join('; ')
      ? []
      : [{ path: table, message: `has (${is.join(', ')}), should have (${wanted.join(', ')})` }];
  });
}

const columnText = ({ name, type, nullable }: ColumnShape): string =>
  `${name.toLowerCase()} ${typeText(type)}${nullable ? '' : ' not null'}`;

/** Tables that the statements name, for whoever reads their columns. */
export function tablesOf(statements: readonly string[]): string[] {
  return [...new Set(statements.flatMap((statement) => parseDdl(statement)?.table ?? []))];
}

/** A table as the statements leave it, with the columns that the primary's rows go on having. */
type Changing = TableShape & { before: string[] };

function judge(statement: string, tables: Map<string, Changing>): DdlVerdict {
  const verdict: DdlVerdict = { statement, refused: [], named: [], conversions: false };
  const parsed = parseDdl(statement);
  if (!parsed) {
    verdict.refused.push('it is not understood: ALTER TABLE, CREATE INDEX and DROP INDEX are');
    return verdict;
  }
  verdict.table = parsed.table;
  if (!parsed.table.includes('.')) {
    verdict.refused.push(`${parsed.table} has no schema before its name: there is no default one (schema.table)`);
    return verdict;
  }
  const table = tables.get(parsed.table);
  if (!table) {
    verdict.refused.push(`there is no table ${parsed.table}`);
    return verdict;
  }
  for (const change of parsed.changes) judgeChange(change, table, verdict);
  return verdict;
}

function judgeChange(change: Change, table: Changing, verdict: DdlVerdict): void {
  switch (change.kind) {
    case 'add-column':
      return addColumn(change, table, verdict);
    case 'drop-column':
      return dropColumn(change.column, table, verdict);
    case 'modify-column':
      return modifyColumn(change, table, verdict);
    case 'rename-column':
      return renameColumn(change.column, change.to, table, verdict);
    case 'index':
      if (change.unique) verdict.named.push(`rows that are there twice stop it, or the appliers later: ${change.what}`);
      return;
    case 'harmless':
      return;
    case 'rebuild':
      verdict.endsWayBack ??= `${change.what} writes the rows anew, in formats that the old version may not have`;
      return;
    case 'charset':
      verdict.refused.push(
        `a change to ${change.charset} stops the appliers, or, with conversions allowed, corrupts texts silently; change it at a standstill, or by dump and load`,
      );
      return;
    case 'unknown':
      verdict.refused.push(`nobody has measured what it does to replication: ${change.what}`);
  }
}

const indexOf = (table: TableShape, name: string): number =>
  table.columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());

/** Where the column stands that is placed so; -1 for a place beside a column that is not there. */
function placeOf(table: TableShape, place: Place): number {
  if (place.at === 'first') return 0;
  if (place.at === 'end') return table.columns.length;
  const after = indexOf(table, place.column);
  return after < 0 ? -1 : after + 1;
}

/** Its name in old versions. */
const charsetName = (name: string): string => (name === 'utf8' ? 'utf8mb3' : name);

function shapeOf(name: string, definition: ColumnDefinition, table: TableShape): ColumnShape {
  return {
    name,
    type: definition.type,
    nullable: definition.nullable,
    charset: charsetName(definition.charset ?? definition.collation?.split('_')[0] ?? table.charset),
    collation: definition.collation ?? null,
  };
}

/** A generated column, a key or a reference beside the column were not measured, or are changes of their own. */
function refuseExtras({ extras }: ColumnDefinition, verdict: DdlVerdict): void {
  const unknown = extras.filter((word) => !['INVISIBLE', 'VISIBLE'].includes(word));
  if (unknown.length > 0) verdict.refused.push(`nobody has measured a column with ${unknown.join(' ')}`);
}

function addColumn(change: Extract<Change, { kind: 'add-column' }>, table: Changing, verdict: DdlVerdict): void {
  const { column, definition } = change;
  refuseExtras(definition, verdict);
  refuseFillings(column, definition, verdict);
  const at = placeOf(table, change.place);
  if (indexOf(table, column) >= 0) verdict.refused.push(`${table.table} has a column ${column} already`);
  else if (at < 0) verdict.refused.push(`${table.table} has no column to place ${column} after`);
  else if (at < table.columns.length)
    verdict.refused.push(
      `a column added before ${table.columns[at]?.name} shifts those behind it: the appliers stop, or write values into the wrong columns; add ${column} at the end`,
    );
  else if (at < table.before.length)
    verdict.refused.push(`${column} would take the place of ${table.before[at]}, and get its values; drop that one in a later change`);
  else table.columns.push(shapeOf(column, definition, table));
  verdict.endsWayBack ??= `the old members have no column ${column}; that they apply rows with it was not measured`;
}

/** Rows that the primary writes come without the column, and rows that are there get it from the statement: on each member alike, or not at all. */
function refuseFillings(column: string, definition: ColumnDefinition, verdict: DdlVerdict): void {
  const implicitTime =
    definition.type.startsWith('timestamp') && definition.default === 'none' && !(definition.saysNull && definition.nullable);
  if (definition.default === 'computed' || implicitTime)
    verdict.refused.push(
      `${column}: each member would fill in a value of its own; give it a constant default, and let applications write the value`,
    );
  else if (!definition.nullable && definition.default === 'none')
    verdict.refused.push(
      `${column} is NOT NULL and has no default, so the appliers have no value for new rows; give it a constant default`,
    );
}

function dropColumn(column: string, table: TableShape, verdict: DdlVerdict): void {
  const at = indexOf(table, column);
  if (at < 0) verdict.refused.push(`${table.table} has no column ${column}`);
  else if (at < table.columns.length - 1)
    verdict.refused.push(
      `${column} is not the last column: those behind it are shifted, so that the appliers stop, or write values into the wrong columns`,
    );
  else table.columns.pop();
  verdict.endsWayBack ??= `what ${column} held is gone on the new members`;
}

function renameColumn(column: string, to: string, table: TableShape, verdict: DdlVerdict): void {
  const found = table.columns[indexOf(table, column)];
  if (!found) verdict.refused.push(`${table.table} has no column ${column}`);
  else if (indexOf(table, to) >= 0 && column.toLowerCase() !== to.toLowerCase())
    verdict.refused.push(`${table.table} has a column ${to} already`);
  else {
    table.columns[indexOf(table, column)] = { ...found, name: to };
    verdict.named.push(`applications that say ${column} fail from the cut-over on, those that say ${to} until then`);
    verdict.endsWayBack ??= `statements that say ${to} fail on the old members; that rows are applied there was not measured`;
  }
}

function modifyColumn(change: Extract<Change, { kind: 'modify-column' }>, table: TableShape, verdict: DdlVerdict): void {
  const { column, to, definition, place } = change;
  const at = indexOf(table, column);
  const before = table.columns[at];
  if (!before) {
    verdict.refused.push(`${table.table} has no column ${column}`);
    return;
  }
  refuseExtras({ ...definition, extras: definition.extras.filter((word) => word !== 'AUTO_INCREMENT') }, verdict);
  if (place && placeOf(table, place) !== at && placeOf(table, place) !== at + 1)
    verdict.refused.push(`${column} would move: the appliers stop, or write values into the wrong columns`);
  const after = shapeOf(column, definition, table);
  const type = typeChange(before.type, after.type);
  if (typeof type === 'object') verdict.refused.push(`${column}: ${type.refused}`);
  else if (before.charset !== null && charsetName(before.charset) !== after.charset)
    verdict.refused.push(
      `${column}: a change from ${before.charset} to ${after.charset} stops the appliers, or, with conversions allowed, corrupts texts silently` +
        (definition.charset === undefined ? `; name the character set that it has: CHARACTER SET ${before.charset}` : ''),
    );
  if (before.nullable !== definition.nullable)
    verdict.refused.push(
      `${column}: nobody has measured a change between NULL and NOT NULL; say ${before.nullable ? 'NULL' : 'NOT NULL'} as it is`,
    );
  if (type === 'wider') verdict.conversions = true;
  if (type !== 'same') verdict.endsWayBack ??= `values that only the new ${column} holds stop the old members`;
  table.columns[at] = { ...after, charset: before.charset, collation: definition.collation ?? before.collation };
  if (column.toLowerCase() !== to.toLowerCase()) renameColumn(column, to, table, verdict);
}

/** Why the rows of a changed table can't be compared with the primary's as they are: a column is not there, or its values are written otherwise. */
export function notComparable(statements: readonly string[], shapes: readonly TableShape[]): Problem[] {
  return statements.flatMap((statement, index) => {
    const parsed = parseDdl(statement);
    const table = shapes.find((shape) => shape.table === parsed?.table);
    const reasons = (parsed?.changes ?? []).flatMap((change) => hides(change, table) ?? []);
    return reasons.map((message) => ({ path: `schema.${index}`, message }));
  });
}

function hides(change: Change, table: TableShape | undefined): string | undefined {
  if (change.kind === 'drop-column') return `${change.column} is not there to be compared`;
  if (change.kind === 'rename-column') return `${change.column} has another name`;
  if (change.kind !== 'modify-column') return undefined;
  if (change.to.toLowerCase() !== change.column.toLowerCase()) return `${change.column} has another name`;
  const before = columnType(table?.columns.find(({ name }) => name.toLowerCase() === change.column.toLowerCase())?.type ?? '');
  const after = columnType(change.definition.type);
  const scale = ({ arguments: [, digits = '0'] }: typeof before): string => digits;
  return before.base === 'decimal' && scale(before) !== scale(after) ? `${change.column} has other digits behind the point` : undefined;
}
