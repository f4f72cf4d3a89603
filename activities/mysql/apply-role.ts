import { mayAcknowledge } from '../../schemas/member-rules';
import type { ClusterState, Member } from '../../schemas/topology';
import { failure } from '../failure';
import type { LockedMember } from '../switch/locked-member';
import { changeMember, checkEpoch, memberOf } from './change-member';
import { makeDurable } from './durability';
import type { Connect } from './types';

/** Acknowledgements that a commit waits for. */
export const requiredAcknowledgements = 1;

/** Puts every setting that a member's role asks for in place and reads it back. Safe to repeat at any time. */
export async function applyRole(connect: Connect, state: ClusterState, name: string): Promise<void> {
  const member = memberOf(state, name);
  await changeMember(connect, state, member, async (locked) => {
    await makeDurable(locked.session);
    if (name === state.primary) await applyPrimary(state, locked);
    else await applyReplica(state, member, locked);
  });
  await warmAuthentication(connect, state, member);
}

/**
 * MySQL 8.0 and later know a password again at once only after they have checked it in full since their start: three more round trips, a
 * key pair and 5,000 rounds of SHA-256. A member that nobody has logged in to would do so for all clients at the same time just when it was
 * promoted (50 ms of its time for a pool of eight), and for the replica that is to acknowledge. So each account logs in once beforehand.
 */
async function warmAuthentication(connect: Connect, state: ClusterState, member: Member): Promise<void> {
  for (const purpose of ['application', 'replication'] as const) {
    try {
      (await connect(state.definition.name, member, { purpose, connectTimeoutMs: 1000 })).end();
    } catch {
      // It is only slower without.
    }
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
