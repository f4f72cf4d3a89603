import { createHash } from 'node:crypto';

import { memberLock } from '../../schemas/names';
import type { FilePosition } from '../../schemas/observation';
import type { Member } from '../../schemas/topology';
import { codeOf, failure } from '../failure';
import { flavorOf } from '../mysql/flavors';
import { SessionError } from '../mysql/session-error';
import type { Connect, ConnectOptions, Flavor, Session } from '../mysql/types';

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

/** Attempts before and after this one that are looked for: the server may have handed ten and more to the polls of a stopped worker. */
const EARLIER = 100;
const LATER = 10;

export interface LockOptions {
  operation: string;
  /** Of the activity; an attempt leaves when a later one is at work, and kills the sessions of earlier ones. */
  attempt: number;
  connectTimeoutMs: number;
  /**
   * A switch. Several orders may follow each other in one operation, and the attempts of each are counted from 1: their numbers say nothing.
   * All share one mark, and the attempt that the server confirms as the current one ends whoever has it. It also takes the lock from
   * whoever holds it beyond the bound of a switch (its worker is dead, stopped, or busy with less). Throws Conflict.
   */
  proveCurrent?: () => Promise<void>;
}

/** Opens a session and locks the member; see `lockSession`. */
export async function lockMember(connect: Connect, cluster: string, member: Member, options: LockOptions): Promise<LockedMember> {
  return lockSession(await openSessions(connect, cluster, member, { connectTimeoutMs: options.connectTimeoutMs }), options);
}

export interface OpenMember {
  member: Member;
  session: Session;
  flavor: Flavor;
  /** MySQL 5.5 and 5.6 hold one lock per session, so there a second session carries the mark of the operation. */
  marker: Session;
}

export async function openSessions(
  connect: Connect,
  cluster: string,
  member: Member,
  options: Pick<ConnectOptions, 'connectTimeoutMs' | 'manyStatements'>,
): Promise<OpenMember> {
  const open = (): Promise<Session> => connect(cluster, member, { purpose: 'operation', queryTimeoutMs: 5000, ...options });
  const session = await open();
  const flavor = flavorOf(session);
  try {
    return { member, session, flavor, marker: flavor.manyLocks ? session : await open() };
  } catch (error) {
    session.end();
    throw error;
  }
}

/**
 * Takes the exclusive lock of a member for an operation. The mark comes first, so that whoever holds the lock can be found.
 * Sessions of an earlier attempt of the same operation (its worker was stopped and may wake up) are killed; an attempt that finds
 * a later one leaves. Another operation is waited for, since its switch is bounded.
 */
export async function lockSession(opened: OpenMember, { operation, attempt, proveCurrent }: LockOptions): Promise<LockedMember> {
  const { member, session, flavor, marker } = opened;
  const end = (): void => [session, marker].forEach((each) => each.end());
  try {
    if (proveCurrent) await endOthers(session, flavor, operation, proveCurrent);
    await takeLock(marker, markOf(operation, proveCurrent ? 'switch' : attempt), 2);
    if (!proveCurrent) await meetOtherAttempts(session, flavor, operation, attempt);
    await takeMemberLock(session, flavor, proveCurrent);
    const journal = await readJournal(session);
    return { member, session, flavor, journal, end };
  } catch (error) {
    end();
    throw error;
  }
}

/** Lock names are at most 64 characters. */
const markOf = (operation: string, attempt: number | 'switch'): string =>
  `drydock.op.${createHash('sha256').update(operation).digest('hex').slice(0, 32)}.${attempt}`;

async function meetOtherAttempts(session: Session, flavor: Flavor, operation: string, attempt: number): Promise<void> {
  const numbers = Array.from({ length: EARLIER + LATER + 1 }, (_, index) => attempt - EARLIER + index).filter(
    (n) => n > 0 && n !== attempt,
  );
  const [row] = await session.query<Record<string, number | null>>(
    `SELECT IS_USED_LOCK(?) AS held, ${numbers.map((n) => `IS_USED_LOCK(?) AS a${n}`).join(', ')}`,
    [memberLock, ...numbers.map((n) => markOf(operation, n))],
  );
  const used = numbers.filter((n) => row?.[`a${n}`] != null);
  if (used.some((n) => n > attempt)) throw failure('Conflict', `a later attempt of ${operation} is at work on ${session.member}`);
  if (used.length === 0) return;
  await killOthers(
    session,
    flavor,
    used.map((n) => Number(row?.[`a${n}`])),
    row?.held,
  );
}

/** In this order: who has the mark was there before the server answered, so it is not the current attempt when this one is. */
async function endOthers(session: Session, flavor: Flavor, operation: string, proveCurrent: () => Promise<void>): Promise<void> {
  const [row] = await session.query<{ held: number | null; marked: number | null }>(
    'SELECT IS_USED_LOCK(?) AS held, IS_USED_LOCK(?) AS marked',
    [memberLock, markOf(operation, 'switch')],
  );
  if (row?.marked == null) return;
  await proveCurrent();
  await killOthers(session, flavor, [Number(row.marked)], row.held);
}

/** Where mark and lock are two sessions the holder of the lock is taken for the other attempt's; another operation's would try again. */
async function killOthers(session: Session, flavor: Flavor, marked: number[], held: number | null | undefined): Promise<void> {
  const holder = !flavor.manyLocks && held != null ? [Number(held)] : [];
  await flavor.kill(session, [...new Set([...marked, ...holder])]);
}

async function takeMemberLock(session: Session, flavor: Flavor, proveCurrent: LockOptions['proveCurrent']): Promise<void> {
  try {
    await takeLock(session, memberLock, LOCK_WAIT_SECONDS);
  } catch (error) {
    if (!proveCurrent || codeOf(error) !== 'Conflict') throw error;
    const [row] = await session.query<{ holder: number | null }>('SELECT IS_USED_LOCK(?) AS holder', [memberLock]);
    await proveCurrent();
    if (row?.holder != null) await flavor.kill(session, [Number(row.holder)]);
    await takeLock(session, memberLock, 2);
  }
}

async function takeLock(session: Session, name: string, seconds: number): Promise<void> {
  const [row] = await session.query<{ got: number | null }>('SELECT GET_LOCK(?, ?) AS got', [name, seconds], (seconds + 2) * 1000);
  if (row?.got !== 1) throw failure('Conflict', `lock ${name} of ${session.member} is held by another session for more than ${seconds} s`);
}

const noSuchTable = 1146;

/** A copy that was cut off may have left a member without its journal: it knows of no epoch, as one that was just made. */
function noneWithoutTable(error: unknown): JournalRecord[] {
  if (error instanceof SessionError && error.errno === noSuchTable) return [];
  throw error;
}

interface JournalRecord {
  epoch: number;
  primary_name: string;
  operation: string;
  binlog_file: string | null;
  binlog_position: number | null;
}

export async function readJournal(session: Session): Promise<JournalRow | null> {
  const [row] = await session.query<JournalRecord>('SELECT * FROM drydock.journal ORDER BY epoch DESC LIMIT 1').catch(noneWithoutTable);
  if (!row) return null;
  const openedAt = row.binlog_file === null ? undefined : { file: row.binlog_file, position: Number(row.binlog_position) };
  return { epoch: row.epoch, primary: row.primary_name, operation: row.operation, openedAt };
}
