/** Reads the statements of a schema change as far as its effect on replication is known. Pure. */
import { type Token, tokens } from '../../../schemas/sql-text';

export type Place = { at: 'end' } | { at: 'first' } | { at: 'after'; column: string };

/** A column's definition: its type as text, and what else stands there. */
export interface ColumnDefinition {
  /** Lower case, one space between words: `varchar(100)`, `int unsigned`, `enum('a','b')`. */
  type: string;
  charset?: string;
  collation?: string;
  nullable: boolean;
  /** NULL or NOT NULL was said. */
  saysNull: boolean;
  /** `computed`: each server fills in a value of its own. */
  default: 'none' | 'constant' | 'computed';
  /** Words that say more than a type, a character set, NULL, DEFAULT and COMMENT do. */
  extras: string[];
}

export type Change =
  | { kind: 'add-column'; column: string; definition: ColumnDefinition; place: Place }
  | { kind: 'drop-column'; column: string }
  | { kind: 'modify-column'; column: string; to: string; definition: ColumnDefinition; place?: Place }
  | { kind: 'rename-column'; column: string; to: string }
  | { kind: 'index'; what: string; unique: boolean }
  /** Changes nothing that replication sees: a comment, the next number, how a table is stored. */
  | { kind: 'harmless'; what: string }
  | { kind: 'charset'; charset: string }
  /** All rows are written again in the formats of the server at hand. */
  | { kind: 'rebuild'; what: string }
  | { kind: 'unknown'; what: string };

export interface Alteration {
  /** `schema.table`; without a schema as it was written. */
  table: string;
  changes: Change[];
}

/** Undefined when it is no statement that changes one table. */
export function parseDdl(statement: string): Alteration | undefined {
  const reader = new Reader(tokens(statement), statement);
  if (reader.takes('ALTER')) return alterTable(reader);
  if (reader.takes('CREATE')) return createIndex(reader);
  if (reader.takes('DROP', 'INDEX')) {
    const index = reader.name();
    if (!reader.takes('ON')) return undefined;
    return { table: reader.qualifiedName(), changes: [{ kind: 'index', what: `drop ${index}`, unique: false }] };
  }
  return undefined;
}

function createIndex(reader: Reader): Alteration | undefined {
  const unique = reader.takes('UNIQUE');
  reader.takesOneOf('FULLTEXT', 'SPATIAL');
  if (!reader.takes('INDEX')) return undefined;
  const index = reader.name();
  while (!reader.ended && !reader.sees('ON')) reader.next();
  if (!reader.takes('ON')) return undefined;
  return { table: reader.qualifiedName(), changes: [{ kind: 'index', what: `add ${index}`, unique }] };
}

function alterTable(reader: Reader): Alteration | undefined {
  reader.takesOneOf('ONLINE', 'OFFLINE');
  const ignore = reader.takes('IGNORE');
  if (!reader.takes('TABLE')) return undefined;
  const table = reader.qualifiedName();
  const changes: Change[] = [];
  if (ignore) changes.push({ kind: 'unknown', what: 'IGNORE: rows that do not fit are thrown away' });
  for (const part of reader.parts()) changes.push(...changesOf(part));
  if (changes.length === 0) changes.push({ kind: 'unknown', what: 'it changes nothing' });
  return { table, changes };
}

function changesOf(part: Reader): Change[] {
  const unknown = (): Change[] => [{ kind: 'unknown', what: part.text }];
  if (part.takesOneOf('ALGORITHM', 'LOCK')) return [];
  if (part.takes('ADD')) return added(part);
  if (part.takes('DROP')) return dropped(part);
  if (part.takes('MODIFY')) {
    part.takes('COLUMN');
    const column = part.name();
    const { definition, place } = columnDefinition(part);
    return [{ kind: 'modify-column', column, to: column, definition, ...(place ? { place } : {}) }];
  }
  if (part.takes('CHANGE')) {
    part.takes('COLUMN');
    const [column, to] = [part.name(), part.name()];
    const { definition, place } = columnDefinition(part);
    return [{ kind: 'modify-column', column, to, definition, ...(place ? { place } : {}) }];
  }
  if (part.takes('RENAME')) {
    if (part.takes('COLUMN')) {
      const column = part.name();
      return part.takes('TO') ? [{ kind: 'rename-column', column, to: part.name() }] : unknown();
    }
    return part.takesOneOf('INDEX', 'KEY') ? [{ kind: 'index', what: part.text, unique: false }] : unknown();
  }
  if (part.takes('CONVERT', 'TO')) {
    if (!part.takes('CHARACTER', 'SET') && !part.takes('CHARSET')) return unknown();
    return [{ kind: 'charset', charset: part.name() }];
  }
  if (part.takes('ALTER')) {
    if (part.sees('INDEX') || part.sees('CONSTRAINT') || part.sees('CHECK')) return unknown();
    part.takes('COLUMN');
    part.name();
    const sets = part.takes('SET', 'DEFAULT') || part.takes('DROP', 'DEFAULT');
    return sets ? [{ kind: 'harmless', what: part.text }] : unknown();
  }
  if (part.takes('FORCE')) return [{ kind: 'rebuild', what: part.text }];
  if (part.takes('ENGINE')) {
    part.sign('=');
    return part.name().toLowerCase() === 'innodb' ? [{ kind: 'rebuild', what: part.text }] : unknown();
  }
  return tableOptions(part) ?? unknown();
}

function added(part: Reader): Change[] {
  const index = part.takesOneOf('INDEX', 'KEY', 'FULLTEXT', 'SPATIAL');
  if (index) return [{ kind: 'index', what: part.text, unique: false }];
  const named = part.takes('CONSTRAINT');
  if (named && !part.sees('UNIQUE') && !part.sees('PRIMARY') && !part.sees('FOREIGN') && !part.sees('CHECK')) part.name();
  if (part.takes('UNIQUE') || part.takes('PRIMARY')) return [{ kind: 'index', what: part.text, unique: true }];
  if (named || part.sees('FOREIGN') || part.sees('CHECK') || part.sees('PARTITION') || part.sees('PERIOD'))
    return [{ kind: 'unknown', what: part.text }];
  part.takes('COLUMN');
  if (!part.sign('(')) return [addedColumn(part)];
  // ADD (a INT, b INT)
  return part.inner().flatMap((each) => (each.ended ? [] : [addedColumn(each)]));
}

function addedColumn(part: Reader): Change {
  if (part.sees('IF')) return { kind: 'unknown', what: part.text };
  const column = part.name();
  const { definition, place } = columnDefinition(part);
  return { kind: 'add-column', column, definition, place: place ?? { at: 'end' } };
}

function dropped(part: Reader): Change[] {
  if (part.takesOneOf('INDEX', 'KEY') || part.sees('PRIMARY')) return [{ kind: 'index', what: part.text, unique: false }];
  if (
    part.sees('FOREIGN') ||
    part.sees('CONSTRAINT') ||
    part.sees('CHECK') ||
    part.sees('PARTITION') ||
    part.sees('PERIOD') ||
    part.sees('SYSTEM')
  )
    return [{ kind: 'unknown', what: part.text }];
  part.takes('COLUMN');
  if (part.sees('IF')) return [{ kind: 'unknown', what: part.text }];
  return [{ kind: 'drop-column', column: part.name() }];
}

const options = [
  'AUTO_INCREMENT',
  'COMMENT',
  'ROW_FORMAT',
  'KEY_BLOCK_SIZE',
  'STATS_PERSISTENT',
  'STATS_AUTO_RECALC',
  'CHECKSUM',
  'AVG_ROW_LENGTH',
  'MAX_ROWS',
  'MIN_ROWS',
];

/** Options of the table alone. A default character set is only what later columns get. */
function tableOptions(part: Reader): Change[] | undefined {
  const found: Change[] = [];
  while (!part.ended) {
    part.takes('DEFAULT');
    const option = part.takesOneOf(...options, 'CHARSET', 'COLLATE') || part.takes('CHARACTER', 'SET');
    if (!option) return undefined;
    part.sign('=');
    part.next();
    found.push({ kind: 'harmless', what: part.text });
  }
  return found.slice(0, 1);
}

const endings = ['FIRST', 'AFTER'];

function columnDefinition(part: Reader): { definition: ColumnDefinition; place?: Place } {
  const type = part.type();
  const definition: ColumnDefinition = { type, nullable: true, saysNull: false, default: 'none', extras: [] };
  while (!part.ended && !endings.some((word) => part.sees(word))) {
    if (part.takes('CHARACTER', 'SET') || part.takes('CHARSET')) definition.charset = part.name().toLowerCase();
    else if (part.takes('COLLATE')) definition.collation = part.name().toLowerCase();
    else if (part.takes('NOT', 'NULL')) Object.assign(definition, { nullable: false, saysNull: true });
    else if (part.takes('NULL')) Object.assign(definition, { nullable: true, saysNull: true });
    else if (part.takes('DEFAULT')) definition.default = part.expression();
    else if (part.takes('ON', 'UPDATE')) {
      part.expression();
      definition.default = 'computed';
    } else if (part.takes('COMMENT')) part.next();
    else definition.extras.push(part.next()?.text.toUpperCase() ?? '');
  }
  if (part.takes('FIRST')) return { definition, place: { at: 'first' } };
  if (part.takes('AFTER')) return { definition, place: { at: 'after', column: part.name() } };
  return { definition };
}

class Reader {
  private at = 0;

  constructor(
    private readonly list: Token[],
    private readonly source: string,
  ) {}

  /** All of it, on one line. */
  get text(): string {
    const [first, last] = [this.list[0], this.list.at(-1)];
    return first && last ? this.source.slice(first.from, last.to).replace(/\s+/g, ' ') : '';
  }

  get ended(): boolean {
    return this.at >= this.list.length;
  }

  next(): Token | undefined {
    return this.list[this.at++];
  }

  sees(word: string, offset = 0): boolean {
    const token = this.list[this.at + offset];
    return token?.kind === 'word' && token.text.toUpperCase() === word;
  }

  takes(...words: string[]): boolean {
    if (!words.every((word, offset) => this.sees(word, offset))) return false;
    this.at += words.length;
    return true;
  }

  takesOneOf(...words: string[]): boolean {
    return words.some((word) => this.takes(word));
  }

  sign(text: string): boolean {
    const token = this.list[this.at];
    if (token?.kind !== 'sign' || token.text !== text) return false;
    this.at += 1;
    return true;
  }

  name(): string {
    return this.next()?.text ?? '';
  }

  qualifiedName(): string {
    const first = this.name();
    return this.sign('.') ? `${first}.${this.name()}` : first;
  }

  /** `int(10) unsigned`, `enum('a','b')`, `double precision`. */
  type(): string {
    let type = this.name().toLowerCase();
    if (type === 'double' && this.takes('PRECISION')) type = 'double';
    if (type === 'character' && this.takes('VARYING')) type = 'varchar';
    if (this.sign('('))
      type += `(${this.inner()
        .map((each) => each.text)
        .join(',')})`;
    for (const word of ['UNSIGNED', 'ZEROFILL']) if (this.takes(word)) type += ` ${word.toLowerCase()}`;
    return type;
  }

  /** One value or call: `'x'`, `-1`, `b'0'`, `CURRENT_TIMESTAMP(3)`, `(uuid())`. */
  expression(): 'constant' | 'computed' {
    if (this.sign('(')) {
      this.inner();
      return 'computed';
    }
    if (this.sign('-') || this.sign('+')) return (this.next(), 'constant');
    const first = this.next();
    const words = ['NULL', 'TRUE', 'FALSE'];
    const literal = first?.kind === 'word' && this.list[this.at]?.kind === 'text' && this.list[this.at]?.from === first.to;
    if (literal) this.next();
    if (this.sign('(')) this.inner();
    return literal || first?.kind !== 'word' || words.includes(first.text.toUpperCase()) ? 'constant' : 'computed';
  }

  /** What is separated by commas up to the parenthesis that closes the one just taken. */
  inner(): Reader[] {
    return this.split((depth) => depth === 0);
  }

  /** The rest, cut at the commas that stand in no parentheses. */
  parts(): Reader[] {
    return this.split(() => false).filter((part) => !part.ended);
  }

  private split(ends: (depth: number) => boolean): Reader[] {
    const found: Token[][] = [[]];
    let depth = 1;
    for (let token = this.next(); token; token = this.next()) {
      if (token.kind === 'sign' && token.text === '(') depth += 1;
      if (token.kind === 'sign' && token.text === ')') depth -= 1;
      if (ends(depth)) break;
      if (token.kind === 'sign' && token.text === ',' && depth === 1) found.push([]);
      else found.at(-1)?.push(token);
    }
    return found.map((list) => new Reader(list, this.source));
  }
}
