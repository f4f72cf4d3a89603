import { flavorOf } from '../flavors';
import type { BaseFlavor } from '../flavors/base';
import type { Member } from '../../../schemas/topology';
import type { Session } from '../types';

/** A session that reads one member's data as it was at a common position. */
export interface Reader {
  member: Member;
  session: Session;
  flavor: BaseFlavor;
}

/** Values must be written alike on every member, whatever its settings are. */
export async function prepareReader(member: Member, session: Session): Promise<Reader> {
  await session.query("SET SESSION time_zone='+00:00', SESSION sql_mode=''");
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  // A table that is being altered is left for later.
  await session.query('SET SESSION lock_wait_timeout=2');
  return { member, session, flavor: flavorOf(session) };
}

export const openSnapshot = (session: Session): Promise<unknown> => session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');

export const closeSnapshot = (session: Session): Promise<unknown> => session.query('ROLLBACK');

/** Reads inside the snapshot, and gives the table's metadata lock back at once: no ALTER TABLE ever waits for a proof. */
export async function readBriefly<Row>(session: Session, sql: string, timeoutMs: number): Promise<Row[]> {
  await session.query('SAVEPOINT chunk');
  try {
    return await session.query<Row>(sql, [], timeoutMs);
  } finally {
    if (session.open) await session.query('ROLLBACK TO SAVEPOINT chunk');
  }
}
