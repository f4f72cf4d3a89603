import { setTimeout as sleep } from 'node:timers/promises';

import { messageOf, type SwitchContext } from './context';
import type { LockedMember } from './locked-member';
import { repoint, REQUIRED_ACKNOWLEDGEMENTS } from './replicas';

const READY_BOUND_MS = 1000;
/** A repointed replica is seen by the new primary within milliseconds. */
const SEEN_BOUND_MS = 1500;
const POLL_MS = 2;

/**
 * Before clients are held: one replica is made to follow the candidate, so that the new primary has its acknowledger when it
 * opens, and the 20 ms and more of a repoint are not on the critical path. Meanwhile the candidate itself acknowledges for the old primary.
 *
 * The old primary may die in the middle of it. So nothing that this replica has acknowledged may depend on its relay log,
 * which a repoint discards: it is repointed only when it has applied all that it received, and the candidate has all of that too.
 * Not possible in time: it is put back where it was, and the repoint happens inside the cut.
 */
export async function positionAcknowledger(context: SwitchContext, candidate: LockedMember, old: LockedMember): Promise<string> {
  for (const name of context.input.plan.acknowledgers) {
    const other = context.locked.get(name);
    if (other && (await position(context, candidate, old, other))) return `${name} follows the candidate`;
  }
  return 'no replica was ready; it is done inside the cut';
}

async function position(context: SwitchContext, candidate: LockedMember, old: LockedMember, other: LockedMember): Promise<boolean> {
  try {
    await other.flavor.stopReceiver(other.session);
    const view = await other.flavor.replication(other.session);
    if (view) {
      const [drained, covered] = await Promise.all([
        other.flavor.waitDrained(other.session, READY_BOUND_MS),
        candidate.flavor.waitApplied(candidate.session, view.received, READY_BOUND_MS),
      ]);
      if (drained && covered && (await acknowledges(context, candidate, other))) return true;
    }
    await repoint(context, old, other);
  } catch (error) {
    context.warnings.push(`${other.member.name} could not be made to follow the candidate: ${messageOf(error)}`);
  }
  return false;
}

/** Repoints a replica and waits until its own receiver runs and the candidate counts it. */
export async function acknowledges(context: SwitchContext, candidate: LockedMember, other: LockedMember): Promise<boolean> {
  await repoint(context, candidate, other, context.starts.get(other.member.name) ?? context.openedAt);
  const deadline = performance.now() + SEEN_BOUND_MS;
  for (;;) {
    if (await isSeen(candidate, other)) return true;
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
}

/** The candidate's count may still hold a connection that is gone, so the replica's own receiver is asked too. */
export async function isSeen(candidate: LockedMember, other: LockedMember): Promise<boolean> {
  const [{ clients }, view] = await Promise.all([candidate.flavor.semiSync(candidate.session), other.flavor.replication(other.session)]);
  return (
    clients >= REQUIRED_ACKNOWLEDGEMENTS &&
    view?.receiver === 'running' &&
    view.sourceAddress === candidate.member.address &&
    view.sourcePort === candidate.member.port
  );
}
