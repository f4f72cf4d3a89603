import { Context } from '@temporalio/activity';

import type { Cluster, ClusterState, Member } from '../../schemas/topology';
import { failure } from '../failure';
import { type JournalRow, lockMember, readJournal, type LockedMember } from '../switch/locked-member';
import { reachOf, SessionError } from './session-error';
import type { Connect, ConnectOptions, Session } from './types';

export const connectTimeoutMs = 2000;

export function memberOf(cluster: Cluster, name: string): Member {
  const member = cluster.members.find((each) => each.name === name);
  if (!member) throw failure('InvalidInput', `cluster ${cluster.definition.name} has no member ${name}`);
  return member;
}

/** Turns errors of the connection into a code; others pass. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof SessionError)) return error;
  const path = `member ${error.member}`;
  if (reachOf(error) === 'answers') return failure('Internal', error.message, [{ path, message: error.message }], true);
  return failure('MemberUnreachable', error.message, [{ path, message: error.message }]);
}

/** Opens a session for reading, or for what needs no lock, and ends it whatever happens. */
export async function withSession<Result>(
  connect: Connect,
  cluster: Cluster,
  member: Member,
  options: Partial<ConnectOptions>,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  let session: Session | undefined;
  try {
    session = await connect(cluster.definition.name, member, { purpose: 'operation', connectTimeoutMs, ...options });
    return await work(session);
  } catch (error) {
    throw asFailure(error);
  } finally {
    session?.end();
  }
}

/**
 * Everything that changes a member goes through here: one session that holds the member's lock, after the sessions of an
 * earlier attempt of the same operation were killed, and that has seen no later epoch than the one believed in.
 */
export async function changeMember<Result>(
  connect: Connect,
  state: ClusterState,
  member: Member,
  work: (locked: LockedMember) => Promise<Result>,
): Promise<Result> {
  let locked: LockedMember | undefined;
  try {
    locked = await lockMember(connect, state.definition.name, member, {
      operation: activityKey(),
      attempt: Context.current().info.attempt,
      connectTimeoutMs,
    });
    refuseStale(state, locked.journal, member);
    return await work(locked);
  } catch (error) {
    throw asFailure(error);
  } finally {
    locked?.end();
  }
}

/** This activity of its workflow: its attempts replace each other, other activities are waited for. */
const activityKey = (): string => `${Context.current().info.workflowExecution?.workflowId ?? ''}/${Context.current().info.activityId}`;

/** A replica's journal may be behind; ahead of the believed epoch it proves that the step is stale. */
function refuseStale(state: ClusterState, journal: JournalRow | null, member: Member): void {
  if (journal && journal.epoch > state.epoch)
    throw failure(
      'StaleEpoch',
      `${member.name} knows epoch ${journal.epoch} with primary ${journal.primary}; this step believes in epoch ${state.epoch}`,
    );
}

/** The primary itself must know exactly the believed epoch. Returns its journal row. */
export async function checkEpoch(session: Session, state: ClusterState): Promise<JournalRow> {
  const journal = await readJournal(session);
  if (journal && journal.epoch === state.epoch && journal.primary === state.primary) return journal;
  throw failure(
    'StaleEpoch',
    journal
      ? `${session.member} knows epoch ${journal.epoch} with primary ${journal.primary}; this step believes in epoch ${state.epoch} with ${state.primary}`
      : `${session.member} has no journal; this step believes in epoch ${state.epoch} with primary ${state.primary}`,
  );
}
