import type { FilePosition, Position, ReplicationView } from '../../schemas/observation';
import type { ClusterState, Member } from '../../schemas/topology';
import type { JournalRow } from '../switch/locked-member';
import { compareFiles } from './flavors/replication-status';

/**
 * Without GTID there is one proof that a member may go on where the new primary began: both stopped at the same place of the
 * same source's binary log. The new primary keeps the coordinates that it stopped at for that.
 */
export interface Stopped {
  /** Address of the source and the place in its binary log up to which all was applied. */
  source: { address: string; port: number };
  at: FilePosition;
}

export function stoppedAt(view: ReplicationView | null): Stopped | undefined {
  if (!view?.drained || !view.applied.file) return undefined;
  return { source: { address: view.sourceAddress, port: view.sourcePort }, at: view.applied.file };
}

/** Whether a member's last place is the one that the primary began from. Pure. */
export function samePlace(primary: Stopped | undefined, member: Stopped | undefined): boolean {
  if (!primary || !member) return false;
  return (
    primary.source.address === member.source.address &&
    primary.source.port === member.source.port &&
    compareFiles(primary.at, member.at) === 0
  );
}

/** The same for the old primary itself: its binary log ends where the new one stopped reading it. */
export const endOf = (old: { address: string; port: number }, end: Position['file']): Stopped | undefined =>
  end ? { source: { address: old.address, port: old.port }, at: end } : undefined;

/**
 * Its own journal says that it was the primary before the present one, and nothing of the present one's was applied yet. Without GTID its
 * place is then the end of its own binary log: the source that it still has configured is the one that it had before it was promoted,
 * and may be the present primary by chance.
 */
export const wasPrimary = (member: Pick<Member, 'name'>, own: JournalRow | null, state: Pick<ClusterState, 'epoch'>): boolean =>
  own?.primary === member.name && own.epoch < state.epoch;
