import { mayBeRead } from '../../schemas/member-rules';
import type { Diagnosis, Finding } from '../../schemas/guard';
import type { ClusterState } from '../../schemas/topology';

/** A replica with one of these is not read from. */
const unfitToRead: Diagnosis[] = [
  'ReplicaDown',
  'ReplicationBroken',
  'ReplicaLagging',
  'ReplicaDiverged',
  'MemberNotFollowing',
  'TwoWritable',
];

/** Replicas that the read port may use, in the order of the members. Empty: the router falls back by its cluster's policy. */
export function fitReaders(state: ClusterState, findings: Finding[], rebuilding: string[] = []): string[] {
  const unfit = new Set(findings.filter(({ diagnosis }) => unfitToRead.includes(diagnosis)).map(({ member }) => member));
  return state.members
    .map(({ name }) => name)
    .filter((name) => name !== state.primary && !unfit.has(name) && !rebuilding.includes(name) && mayBeRead(state.definition, name));
}
