import { accounts } from '../../../schemas/names';
import type { Blocker, LongWork } from '../../../schemas/observation';
import { redact } from '../../redact';
import type { Session } from '../types';

/** A row of the process list with the InnoDB transaction that the connection has open. */
export interface Process {
  id: number;
  user: string;
  command: string;
  seconds: number;
  state: string;
  statement: string;
  /** Age of its transaction; null when it has none. */
  transactionSeconds: number | null;
}

interface Row {
  id: number | string;
  user: string;
  command: string;
  seconds: number | string | null;
  state: string | null;
  statement: string | null;
  transactionSeconds: number | string | null;
}

export async function processes(session: Session): Promise<Process[]> {
  const rows = await session.query<Row>(
    'SELECT p.ID AS id, p.USER AS user, p.COMMAND AS command, p.TIME AS seconds, p.STATE AS state, LEFT(p.INFO, 1000) AS statement, ' +
      'TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS transactionSeconds ' +
      'FROM information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID ' +
      'WHERE p.ID <> CONNECTION_ID()',
  );
  return rows.map((row) => ({
    id: Number(row.id),
    user: row.user,
    command: row.command,
    seconds: Number(row.seconds ?? 0),
    state: row.state ?? '',
    statement: row.statement ?? '',
    transactionSeconds: row.transactionSeconds === null ? null : Number(row.transactionSeconds),
  }));
}

/** Work that a pivot would have to wait for or cut, in seconds. */
export const longAfterSeconds = 5;

const ownUsers = new Set<string>([accounts.operation, accounts.guard, accounts.replication, 'event_scheduler']);
const ddl = /^\s*(?:\/\*.*?\*\/\s*)*(ALTER|CREATE|DROP|TRUNCATE|RENAME|OPTIMIZE|REPAIR|ANALYZE)\s/is;

export const isDdl = (statement: string): boolean => ddl.test(statement);

/** The shape of a statement without its data. */
export function withoutLiterals(statement: string): string {
  return redact(statement)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.|"")*(?:"|$)/g, '?')
    .replace(/\b0x[0-9a-f]+\b|\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b/gi, '?')
    .slice(0, 100);
}

export function longWork(list: Process[]): LongWork[] {
  const work: LongWork[] = [];
  for (const process of list) {
    if (ownUsers.has(process.user) || process.command.startsWith('Binlog Dump')) continue;
    const executing = !/^(Sleep|Daemon|Connect)$/i.test(process.command) || (process.user === 'system user' && process.statement !== '');
    const entry = (kind: LongWork['kind'], seconds: number): LongWork => ({
      kind,
      connection: process.id,
      user: process.user,
      seconds,
      statement: withoutLiterals(process.statement),
    });
    if (executing && isDdl(process.statement)) work.push(entry('ddl', process.seconds));
    else if (process.user === 'system user') continue;
    else if ((process.transactionSeconds ?? 0) > longAfterSeconds) work.push(entry('transaction', process.transactionSeconds ?? 0));
    else if (executing && process.seconds > longAfterSeconds) work.push(entry('statement', process.seconds));
  }
  return work.sort((a, b) => b.seconds - a.seconds);
}

const blockingStates: [kind: Blocker['kind'], pattern: RegExp][] = [
  ['acknowledgement', /semi-?sync ack/i],
  // MariaDB has turned FLUSH TABLES WITH READ LOCK into a backup lock.
  ['global-read-lock', /waiting for (global read|backup|commit) lock/i],
  ['metadata-lock', /waiting for .*(metadata|table level|table flush|table definition)/i],
  ['disk-full', /disk space|disk full/i],
];

/** One entry for each kind of thing that holds up sessions, the longest first. */
export function blockers(list: Process[]): Blocker[] {
  const found = new Map<Blocker['kind'], { states: Set<string>; sessions: number; seconds: number }>();
  for (const process of list) {
    if (process.user === 'system user' || process.command.startsWith('Binlog Dump')) continue;
    const known = blockingStates.find(([, pattern]) => pattern.test(process.state))?.[0];
    // Our own heartbeat tells of what has no state of its own: 5.5 and 5.6 wait for disk space in `query end`.
    const heartbeat = process.user === accounts.guard && process.command === 'Query' && process.seconds >= 1;
    const kind = known ?? (heartbeat ? 'other' : undefined);
    if (!kind) continue;
    const entry = found.get(kind) ?? { states: new Set(), sessions: 0, seconds: 0 };
    entry.states.add(process.state);
    entry.sessions += 1;
    entry.seconds = Math.max(entry.seconds, process.seconds);
    found.set(kind, entry);
  }
  return [...found]
    .map(([kind, { states, sessions, seconds }]) => ({
      kind,
      detail: `${sessions} session${sessions === 1 ? '' : 's'}: ${[...states].join(', ')}`,
      seconds,
    }))
    .sort((a, b) => b.seconds - a.seconds);
}
