import { accounts } from '../../../schemas/names';
import { SessionError } from '../session-error';
import type { ApplicationSession, Session } from '../types';
import { openTransactions } from './open-transactions';

interface ProcessRow {
  id: number;
  user: string;
  host: string;
  command: string;
  time: number | null;
}

/** Not drydock's own, not the server's, not a replica's. */
const notApplications = [
  accounts.operation,
  accounts.guard,
  accounts.replication,
  'system user',
  'event_scheduler',
  'unauthenticated user',
];
const isApplication = `USER NOT IN (${notApplications.map((user) => `'${user}'`).join(', ')}) AND COMMAND <> 'Daemon' AND COMMAND NOT LIKE 'Binlog Dump%'`;

/** Everybody who is not drydock, the server itself or a replica: also people as root, because they could write too. */
export async function applicationSessions(session: Session): Promise<ApplicationSession[]> {
  // The list of sessions last: whoever is closed for being idle was so a moment ago.
  const [transactions, rows] = await Promise.all([
    openTransactions(session),
    session.query<ProcessRow>(
      `SELECT ID AS id, USER AS user, HOST AS host, COMMAND AS command, TIME AS time FROM information_schema.PROCESSLIST WHERE ${isApplication}`,
    ),
  ]);
  return rows.map((row) => ({
    connectionId: Number(row.id),
    user: row.user,
    host: row.host,
    inTransaction: transactions.has(Number(row.id)),
    transaction: transactions.get(Number(row.id)),
    executing: !/^Sleep$/i.test(row.command),
    seconds: Number(row.time ?? 0),
  }));
}

/** How many of them execute a statement at this moment: the shortest question that tells it. */
export const applicationsExecuting = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ${isApplication} AND COMMAND <> 'Sleep'`;

export const unknownThread = 1094;

/** Ends connections; one that is gone already is as good as killed. */
export async function kill(session: Session, connectionIds: number[]): Promise<void> {
  await Promise.all(
    connectionIds.map(async (id) => {
      try {
        await session.query(`KILL CONNECTION ${Math.trunc(id)}`);
      } catch (error) {
        if (!(error instanceof SessionError && error.errno === unknownThread)) throw error;
      }
    }),
  );
}
