import type { ClusterState, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { requiredAcknowledgements } from '../mysql/apply-role';
import { makeDurable, wantedOf } from '../mysql/durability';
import { createConnect } from '../mysql/session';
import type { Connect } from '../mysql/types';
import { lockMember, readJournal } from '../switch/locked-member';

interface Witnessed {
  name: string;
  epoch: number;
  writable: boolean;
}

/**
 * Opens the primary of the journal again after a restart. It is the same primary in the same epoch, so nothing is lost and nobody
 * is promoted; refused when any other member writes or knows a later epoch, or when too few answer to be sure of that.
 * Idempotent: an open primary is left as it is.
 */
export async function reopenPrimary(env: ActivityEnvironment, state: ClusterState, operation: string, attempt: number): Promise<void> {
  const connect = createConnect(env);
  const cluster = state.definition.name;
  const member = state.members.find(({ name }) => name === state.primary);
  if (!member) throw failure('Internal', `${state.primary} is not a member of ${cluster}`);
  const locked = await lockMember(connect, cluster, member, {
    operation: `${operation}/reopen`,
    attempt,
    connectTimeoutMs: 1000,
  });
  try {
    const { session, flavor, journal } = locked;
    if (journal?.epoch !== state.epoch || journal.primary !== member.name)
      throw failure(
        'StaleEpoch',
        `the journal of ${member.name} is at epoch ${journal?.epoch ?? 0} (${journal?.primary ?? 'nobody'}), expected ${state.epoch}`,
      );
    refuseRivals(state, await othersOf(connect, state, member));
    await makeDurable(session, wantedOf(state.definition, member));
    if (state.definition.durability === 'semi-sync') {
      await flavor.enableSemiSyncSource(session, requiredAcknowledgements);
      const kept = await flavor.semiSync(session);
      if (!kept.sourceEnabled || !kept.waitNoReplica)
        throw failure(
          'SettingNotKept',
          `semi-sync of ${member.name} is not as it was set: enabled ${kept.sourceEnabled}, waits without replicas ${kept.waitNoReplica}`,
        );
    }
    await flavor.setWritable(session);
    await flavor.setEvents(session, true);
  } finally {
    locked.end();
  }
}

/** What the other members know; those that do not answer are left out. */
async function othersOf(connect: Connect, state: ClusterState, primary: Member): Promise<Witnessed[]> {
  const asked = await Promise.allSettled(
    state.members
      .filter((member) => member !== primary)
      .map(async (member): Promise<Witnessed> => {
        const session = await connect(state.definition.name, member, { purpose: 'guard', connectTimeoutMs: 1000, queryTimeoutMs: 2000 });
        try {
          const journal = await readJournal(session);
          const [row] = await session.query<{ readOnly: number | string }>('SELECT @@GLOBAL.read_only AS readOnly');
          return { name: member.name, epoch: journal?.epoch ?? 0, writable: ['0', 'OFF'].includes(String(row?.readOnly)) };
        } finally {
          session.end();
        }
      }),
  );
  return asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function refuseRivals(state: ClusterState, others: Witnessed[]): void {
  const rival = others.find(({ epoch, writable }) => epoch > state.epoch || writable);
  if (rival)
    throw failure(
      'StaleEpoch',
      `${rival.name} ${rival.writable ? 'accepts writes' : `knows epoch ${rival.epoch}`}: ${state.primary} of epoch ${state.epoch} stays read-only`,
    );
  const answering = others.length + 1;
  if (answering <= state.members.length / 2)
    throw failure(
      'MemberUnreachable',
      `only ${answering} of ${state.members.length} members answer: a later epoch could be where they are not seen, so ${state.primary} stays read-only`,
    );
}
