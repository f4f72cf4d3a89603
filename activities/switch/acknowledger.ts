import type { LockedMember } from './locked-member';
import type { SwitchContext } from './context';
import { repoint, REQUIRED_ACKNOWLEDGEMENTS, waitForClients } from './open';

const READY_BOUND_MS = 1000;

/**
 * Before clients are held: one replica is made to follow the candidate, so that the new primary has its acknowledger when it
 * opens, and the 20 ms and more of a repoint are not on the critical path. Meanwhile the candidate itself acknowledges for the old primary.
 *
 * The old primary may die in the middle of it. So nothing that this replica has acknowledged may depend on its relay log,
 * which a repoint discards: it is repointed only when it has applied all that it received, and the candidate has all of that too.
 * Not possible in time: it is left (or put back) where it was, and the repoint happens inside the cut.
 */
export async function positionAcknowledger(context: SwitchContext, candidate: LockedMember, old: LockedMember): Promise<string> {
  for (const name of context.input.plan.acknowledgers) {
    const other = context.locked.get(name);
    if (!other) continue;
    await other.flavor.stopReceiver(other.session);
    const view = await other.flavor.replication(other.session);
    if (!view) continue;
    const [drained, covered] = await Promise.all([
      other.flavor.waitDrained(other.session, READY_BOUND_MS),
      candidate.flavor.waitApplied(candidate.session, view.received, READY_BOUND_MS),
    ]);
    if (drained && covered) {
      await repoint(context, candidate, other);
      if ((await waitForClients(candidate, REQUIRED_ACKNOWLEDGEMENTS)) >= REQUIRED_ACKNOWLEDGEMENTS) return `${name} follows the candidate`;
    }
    await repoint(context, old, other);
  }
  return 'no replica was ready; it is done inside the cut';
}
