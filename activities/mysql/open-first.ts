import { mayAcknowledge } from '../../schemas/member-rules';
import { accounts, passwordRef } from '../../schemas/names';
import type { Cluster, ClusterState, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import type { LockedMember } from '../switch/locked-member';
import { requiredAcknowledgements } from './apply-role';
import { changeMember, memberOf } from './change-member';
import { makeDurable, wantedOf } from './durability';
import { poll } from './flavors/wait';
import { createConnect } from './session';
import type { Connect } from './types';

const acknowledgersBoundMs = 15_000;

/**
 * Opens a new cluster for the first time. With semi-sync the members that may acknowledge follow before, because the journal's
 * first row waits for one of them. A cluster that was opened before answers with what its journal says and is not touched.
 */
export async function openFirstPrimary(env: ActivityEnvironment, cluster: Cluster, name: string, operation: string): Promise<ClusterState> {
  const connect = createConnect(env);
  const state: ClusterState = { ...cluster, epoch: 1, primary: name };
  const member = memberOf(cluster, name);
  return changeMember(connect, { ...state, epoch: Number.MAX_SAFE_INTEGER }, member, async (locked) => {
    const { journal, flavor, session } = locked;
    if (journal && (journal.epoch > 1 || journal.primary !== name)) return { ...cluster, epoch: journal.epoch, primary: journal.primary };
    await makeDurable(session, wantedOf(cluster.definition, member));
    if (!journal) await writeFirstRow(env, connect, state, locked, operation);
    await flavor.setWritable(session);
    await flavor.setEvents(session, true);
    if ((await flavor.readOnly(session)).readOnly) throw failure('SettingNotKept', `${name} was opened, but it is still read-only`);
    return state;
  });
}

async function writeFirstRow(
  env: ActivityEnvironment,
  connect: Connect,
  state: ClusterState,
  locked: LockedMember,
  operation: string,
): Promise<void> {
  const { flavor, session } = locked;
  if (await flavor.replication(session)) await flavor.detach(session);
  const opened = await flavor.ownBinlog(session);
  if (state.definition.durability === 'semi-sync') {
    const acknowledgers = state.members.filter((member) => member.name !== state.primary && mayAcknowledge(state.definition, member));
    await Promise.all(acknowledgers.map((member) => followFirst(env, connect, state, member, locked)));
    await flavor.enableSemiSyncSource(session, requiredAcknowledgements);
    const seen = await poll(acknowledgersBoundMs, async () => (await flavor.semiSync(session)).clients >= requiredAcknowledgements);
    if (!seen) throw failure('NoAcknowledger', `no replica acknowledges for ${state.primary}, so that its first write would wait`);
  }
  await flavor.openForOperation(session);
  await session.query(
    'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (1, ?, ?, ?, ?, ?)',
    [state.primary, operation, 'created', opened.file, opened.position],
    acknowledgersBoundMs,
  );
}

/** All members are empty: a replica starts where the primary's binary log stands. */
async function followFirst(
  env: ActivityEnvironment,
  connect: Connect,
  state: ClusterState,
  member: Member,
  primary: LockedMember,
): Promise<void> {
  const password = await env.secrets.read(passwordRef(state.definition.name, 'replication'));
  const from = primary.flavor.gtid ? undefined : await primary.flavor.ownBinlog(primary.session);
  const { address, port } = primary.member;
  await changeMember(connect, state, member, async ({ session, flavor }) => {
    await makeDurable(session, wantedOf(state.definition, member));
    await flavor.setSemiSyncReplica(session, true);
    await flavor.follow(session, { address, port, user: accounts.replication, password }, from);
  });
}
