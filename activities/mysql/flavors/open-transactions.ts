import type { Session } from '../types';
import { atLeast, parseVersion } from '../version';

/**
 * The server's number of the open transaction of each connection that has one. Not from information_schema.INNODB_TRX: it is a
 * cache which is not renewed as long as somebody reads it more often than every 100 ms, so that who polls it sees the same for ever.
 */
export async function openTransactions(session: Session): Promise<Map<number, string>> {
  const version = parseVersion(session.serverVersion);
  return version.engine === 'mysql' && atLeast(version, 8, 0) ? fromPerformanceSchema(session) : fromStatus(session);
}

/** Tells single statements (autocommit) from transactions, so they are not waited for: read-only itself waits for their commit. */
async function fromPerformanceSchema(session: Session): Promise<Map<number, string>> {
  const rows = await session.query<{ connection: number; event: number | string }>(
    'SELECT t.PROCESSLIST_ID AS connection, e.EVENT_ID AS event FROM performance_schema.events_transactions_current e ' +
      "JOIN performance_schema.threads t ON t.THREAD_ID = e.THREAD_ID WHERE e.STATE = 'ACTIVE' AND e.AUTOCOMMIT = 'NO'",
  );
  return new Map(rows.map(({ connection, event }) => [Number(connection), String(event)]));
}

async function fromStatus(session: Session): Promise<Map<number, string>> {
  const [row] = await session.query<{ Status: string }>('SHOW ENGINE INNODB STATUS');
  return parseInnodbStatus(row?.Status ?? '');
}

/**
 * Reads `---TRANSACTION 1A2B, ACTIVE 0 sec` with the `MySQL thread id 8` (or MariaDB) of a line below it. Single statements are
 * among them; their numbers are gone at the next look.
 */
export function parseInnodbStatus(status: string): Map<number, string> {
  const transactions = new Map<number, string>();
  for (const part of status.split(/^---TRANSACTION /m).slice(1)) {
    const number = /^([0-9A-Fa-f]+), ACTIVE/.exec(part)?.[1];
    const connection = /thread id (\d+)/.exec(part)?.[1];
    if (number !== undefined && connection !== undefined) transactions.set(Number(connection), number);
  }
  return transactions;
}
