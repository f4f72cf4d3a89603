import { createHash } from 'node:crypto';

import { memberLock } from '../../schemas/names';
import type { FilePosition } from '../../schemas/observation';
import type { Member } from '../../schemas/topology';
import { failure } from '../failure';
import { flavorOf } from '../mysql/flavors';
import type { Connect, Flavor, Session } from '../mysql/types';

export interface JournalRow {
  epoch: number;
  primary: string;
  operation: string;
  /** Where the primary's binary log stood just before it was opened: others without GTID start there. */
  openedAt?: FilePosition;
}

/** A member whose one session may change it: it holds the named lock and has read the journal. */
export interface LockedMember {
  member: Member;
  session: Session;
  flavor: Flavor;
  journal: JournalRow | null;
  end(): void;
}

/** A planned switch of another operation is bounded to 10 s, so whoever still holds the lock after that is dead or stopped. */
const LOCK_WAIT_SECONDS = 11;

/**
 * Takes the exclusive lock of a member for `operation`. Sessions of an earlier attempt of the same operation (its worker was
 * stopped and may wake up) are killed first; another operation is waited for, since its switch is bounded.
 * MySQL 5.5 and 5.6 hold one lock per session, so there a second session carries the mark of the operation.
 */
export async function lockMember(
  connect: Connect,
  cluster: string,
  member: Member,
  operation: string,
  connectTimeoutMs: number,
): Promise<LockedMember> {
  const open = (): Promise<Session> => connect(cluster, member, { purpose: 'operation', connectTimeoutMs, queryTimeoutMs: 5000 });
  const session = await open();
  const sessions = [session];
  try {
    const flavor = flavorOf(session);
    const marker = session && flavor.manyLocks ? session : await open();
    if (marker !== session) sessions.push(marker);
    const mark = markOf(operation);
    await killEarlierAttempt(session, flavor, mark);
    await takeLock(session, memberLock, LOCK_WAIT_SECONDS);
    await takeLock(marker, mark, 2);
    const journal = await readJournal(session);
    return { member, session, flavor, journal, end: () => sessions.forEach((each) => each.end()) };
  } catch (error) {
    sessions.forEach((each) => each.end());
    throw error;
  }
}

/** Lock names are at most 64 characters. */
const markOf = (operation: string): string => `drydock.op.${createHash('sha256').update(operation).digest('hex').slice(0, 32)}`;

async function killEarlierAttempt(session: Session, flavor: Flavor, mark: string): Promise<void> {
  const [row] = await session.query<{ mark: number | null; lock: number | null }>(
    'SELECT IS_USED_LOCK(?) AS `mark`, IS_USED_LOCK(?) AS `lock`',
    [mark, memberLock],
  );
  if (row?.mark == null) return;
  await flavor.kill(
    session,
    [...new Set([row.lock, row.mark])].filter((id): id is number => id !== null),
  );
}

async function takeLock(session: Session, name: string, seconds: number): Promise<void> {
  const [row] = await session.query<{ got: number | null }>('SELECT GET_LOCK(?, ?) AS got', [name, seconds], (seconds + 2) * 1000);
  if (row?.got !== 1) throw failure('Conflict', `lock ${name} of ${session.member} is held by another session for more than ${seconds} s`);
}

interface JournalRecord {
  epoch: number;
  primary_name: string;
  operation: string;
  binlog_file: string | null;
  binlog_position: number | null;
}

export async function readJournal(session: Session): Promise<JournalRow | null> {
  const [row] = await session.query<JournalRecord>('SELECT * FROM drydock.journal ORDER BY epoch DESC LIMIT 1');
  if (!row) return null;
  const openedAt = row.binlog_file === null ? undefined : { file: row.binlog_file, position: Number(row.binlog_position) };
  return { epoch: row.epoch, primary: row.primary_name, operation: row.operation, openedAt };
}
