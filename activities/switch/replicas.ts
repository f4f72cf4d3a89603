import { mayAcknowledge } from '../../schemas/member-rules';
import { accounts, passwordRef } from '../../schemas/names';
import type { FilePosition } from '../../schemas/observation';
import type { SwitchContext } from './context';
import type { LockedMember } from './locked-member';

/** Receipts that a commit needs: k of design.md section 6 rule 1. */
export const REQUIRED_ACKNOWLEDGEMENTS = 1;

/** Makes a replica follow a member; without GTID from `from`, unless it follows that member already. */
export async function repoint(context: SwitchContext, primary: LockedMember, other: LockedMember, from?: FilePosition): Promise<void> {
  const password = await context.env.secrets.read(passwordRef(context.cluster, 'replication'));
  const source = {
    address: primary.member.address,
    port: primary.member.port,
    user: accounts.replication,
    password,
    // While a cluster is upgraded it may be older than the replica, and then the receiver must not insist on TLS.
    serverVersion: primary.session.serverVersion,
  };
  const forward = primary.member.name !== context.input.plan.from;
  if (forward) context.repointed.add(other.member.name);
  // An attempt that died may have left it off, and members of MariaDB start without.
  if (mayAcknowledge(context.input.state.definition, other.member)) await other.flavor.setSemiSyncReplica(other.session, true);
  await other.flavor.follow(other.session, source, other.flavor.gtid || !(await isElsewhere(primary, other)) ? undefined : from);
  if (!forward) context.repointed.delete(other.member.name);
}

/**
 * For an attempt that finds the new primary chosen by an earlier one. Without GTID that one proved where a replica stood before it was
 * repointed; of any other it is not known now, and what it lacks would never be noticed: it is left to step 8, which proves its place.
 */
export const readyAgain = async (primary: LockedMember, other: LockedMember): Promise<boolean> =>
  other.flavor.gtid || !(await isElsewhere(primary, other));

const isElsewhere = async (primary: LockedMember, other: LockedMember): Promise<boolean> => {
  const view = await other.flavor.replication(other.session);
  return view?.sourceAddress !== primary.member.address || view.sourcePort !== primary.member.port;
};
