/** Which statements may be run again elsewhere, and what of their results can be compared. Pure. */
import { type Token, tokens, verbOf } from '../../../../schemas/sql-text';

/**
 * - `values`: the same rows come back from the same data.
 * - `rows`: as many rows; which ones, or what is in them, is not determined by the data alone.
 * - `time`: nothing but how long it takes.
 */
export type Comparable = 'values' | 'rows' | 'time';

const words = (text: string): Set<string> => new Set(text.split(' '));

/** They write, wait, lock or count. */
const acting = words(
  'SLEEP BENCHMARK GET_LOCK RELEASE_LOCK RELEASE_ALL_LOCKS IS_FREE_LOCK IS_USED_LOCK MASTER_POS_WAIT SOURCE_POS_WAIT MASTER_GTID_WAIT ' +
    'WAIT_FOR_EXECUTED_GTID_SET WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS LOAD_FILE NEXTVAL SETVAL LASTVAL INTO PROCEDURE',
);
const ofTheMoment = words(
  'NOW SYSDATE CURDATE CURTIME CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP UTC_DATE UTC_TIME UTC_TIMESTAMP UNIX_TIMESTAMP ' +
    'RAND UUID UUID_SHORT SYS_GUID RANDOM_BYTES CONNECTION_ID USER CURRENT_USER SESSION_USER SYSTEM_USER VERSION FOUND_ROWS LAST_INSERT_ID ROW_COUNT ' +
    'ENCRYPT PASSWORD OLD_PASSWORD',
);
const ofTheServer = words('INFORMATION_SCHEMA PERFORMANCE_SCHEMA MYSQL SYS DRYDOCK');

const upper = ({ kind, text }: Token): string => (kind === 'word' ? text.toUpperCase() : '');

export function judgeRead(sql: string, schema: string | null): Comparable | { skip: string } {
  const found = tokens(sql);
  const all = found.map(upper);
  const has = (word: string): boolean => all.includes(word);
  const pair = (first: string, second: RegExp): boolean => all.some((word, at) => word === first && second.test(all[at + 1] ?? ''));
  if (!['SELECT', 'WITH'].includes(verbOf(sql))) return { skip: 'no read' };
  // A sample that was cut, or a prepared one without its values.
  if (/\.\.\.$/.test(sql.trimEnd()) || found.some(({ kind, text }) => kind === 'sign' && text === '?')) return { skip: 'not whole' };
  if (found.some(({ kind, text }) => kind === 'sign' && (text === ';' || text === '@'))) return { skip: 'variables' };
  // The executable comments of a version.
  if (/\/\*(!|M!)/.test(sql)) return { skip: 'words of one version' };
  if (pair('FOR', /^(UPDATE|SHARE)$/) || pair('LOCK', /^IN$/)) return { skip: 'locks rows' };
  if (all.some((word) => acting.has(word)) || pair('NEXT', /^VALUE$/)) return { skip: 'does more than read' };
  // WITH ... may end in one; INSERT() and REPLACE() are functions, too.
  const writes = (word: string, at: number): boolean =>
    /^(UPDATE|DELETE)$/.test(word) || (/^(INSERT|REPLACE)$/.test(word) && found[at + 1]?.text !== '(');
  if (!has('SELECT') || all.some(writes)) return { skip: 'no read' };
  const server = (text: string): boolean => ofTheServer.has(text.toUpperCase());
  if (
    (schema !== null && server(schema)) ||
    found.some(({ kind, text }, at) => kind !== 'text' && server(text) && found[at + 1]?.text === '.' && found[at + 1]?.kind === 'sign')
  )
    return { skip: 'about the server' };
  if (all.some((word) => ofTheMoment.has(word))) return 'time';
  // Which rows of equals come first, and in which order they are joined, is the optimiser's choice.
  return has('LIMIT') || has('GROUP_CONCAT') || has('JSON_ARRAYAGG') || has('JSON_OBJECTAGG') ? 'rows' : 'values';
}

const mostShown = 120;

/** A statement without what people wrote into it: it stands in histories. */
export function digestOf(sql: string): string {
  return tokens(sql)
    .map(({ kind, text }) =>
      kind === 'text' || kind === 'number' || (kind === 'word' && /^\d/.test(text)) ? '?' : kind === 'name' ? `\`${text}\`` : text,
    )
    .join(' ')
    .replace(/\?(?: , \?)+/g, '?, ...')
    .slice(0, mostShown);
}

/** Rows of two servers, written alike: numbers by the digits on which the order of a sum has no influence. */
export function writeRows(rows: Record<string, unknown>[]): string[] {
  return rows.map((row) => JSON.stringify(Object.values(row).map(plain))).sort();
}

function plain(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toPrecision(12);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
