import { mayAcknowledge } from '../../schemas/member-rules';
import type { ClusterState, Member } from '../../schemas/topology';
import { failure } from '../failure';
import type { LockedMember } from '../switch/locked-member';
import { changeMember, checkEpoch, memberOf } from './change-member';
import { makeDurable, wantedOf } from './durability';
import type { Connect } from './types';

/** Acknowledgements that a commit waits for. */
export const requiredAcknowledgements = 1;

/** Puts every setting that a member's role asks for in place and reads it back. Safe to repeat at any time. */
export async function applyRole(connect: Connect, state: ClusterState, name: string): Promise<void> {
  const member = memberOf(state, name);
  await changeMember(connect, state, member, async (locked) => {
    await makeDurable(locked.session, wantedOf(state.definition, member));
    if (name === state.primary) await applyPrimary(state, locked);
    else await applyReplica(state, member, locked);
  });
  await warmReplication(connect, state, member);
}

/**
 * MySQL 8.0 and later check a password in full when they see it for the first time since their start, with more round trips and 5,000 rounds
 * of SHA-256: not when a replica is to acknowledge for a member that was just promoted, so the account logs in once beforehand.
 */
async function warmReplication(connect: Connect, state: ClusterState, member: Member): Promise<void> {
  try {
    (await connect(state.definition.name, member, { purpose: 'replication', connectTimeoutMs: 1000 })).end();
  } catch {
    // It is only slower without.
  }
}

async function applyPrimary(state: ClusterState, { session, flavor }: LockedMember): Promise<void> {
  await checkEpoch(session, state);
  const { readOnly } = await flavor.readOnly(session);
  if (readOnly)
    throw failure('ExpectationFailed', `${session.member} is the primary of epoch ${state.epoch} but read-only: only a switch opens it`);
  // Without GTID the coordinates that it stopped at are the proof of where its replicas may go on: they are kept.
  if (flavor.gtid) await flavor.detach(session);
  else await flavor.stopReplication(session);
  if (state.definition.durability === 'semi-sync') await flavor.enableSemiSyncSource(session, requiredAcknowledgements);
  else await flavor.disableSemiSyncSource(session);
  await flavor.setEvents(session, true);
}

async function applyReplica(state: ClusterState, member: Member, { session, flavor, journal }: LockedMember): Promise<void> {
  // Its own row of this very epoch says that it is the primary: which of two rows is true is not decided here.
  if (journal && journal.epoch === state.epoch && journal.primary === member.name && state.primary !== member.name)
    throw failure('StaleEpoch', `${member.name} has itself as primary of epoch ${state.epoch}; this step believes in ${state.primary}`);
  const before = await flavor.readOnly(session);
  if (!before.readOnly || (flavor.superReadOnly && !before.superReadOnly)) await flavor.setReadOnly(session, 5000);
  const after = await flavor.readOnly(session);
  if (!after.readOnly || (flavor.superReadOnly && !after.superReadOnly))
    throw failure('SettingNotKept', `${member.name} was set read-only, but it is not`);
  await flavor.setEvents(session, false);
  await flavor.disableSemiSyncSource(session);
  await flavor.setSemiSyncReplica(session, mayAcknowledge(state.definition, member));
}
