import { setTimeout as sleep } from 'node:timers/promises';

import type { SwitchContext } from './context';
import type { LockedMember } from './locked-member';

/** An applier that is idle stops within milliseconds. */
const STOP_BOUND_MS = 700;

/**
 * Stops replication on the candidate. An applier in the middle of a transaction of which only the first part ever came waits for
 * the rest, which will not come: it is killed, and rolls that part back. Nothing of it was acknowledged.
 */
export async function stopCandidate(context: SwitchContext, candidate: LockedMember): Promise<void> {
  const stopping = candidate.flavor.stopReplication(candidate.session);
  stopping.catch(() => undefined);
  const done = await Promise.race([stopping.then(() => true), sleep(STOP_BOUND_MS, false, { ref: false })]);
  if (!done) {
    const killer = await context.side(candidate.member.name, 2000);
    const rows = await killer.query<{ id: number }>("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = 'system user'");
    await candidate.flavor.kill(
      killer,
      rows.map(({ id }) => Number(id)),
    );
  }
  await stopping;
}
