import { mayAcknowledge } from '../../schemas/member-rules';
import type { MemberChange } from '../../schemas/member-changes';
import type { ClusterState, Member } from '../../schemas/topology';
import { acknowledgersByRule } from '../pivot/acknowledgers';
import type { Operation } from '../operation';
import { presentOf } from '../pivot/move-the-rest';
import { startProof } from '../pivot/pivot';

export const proofStep = 'prove that all members are equal';

/** The new one beside the primary: it was copied from a replica, which nobody has compared. */
export async function proveNew(op: Operation<unknown>, state: ClusterState, name: string): Promise<string | undefined> {
  const present = presentOf(state, [name]);
  if (present.length > 0) return startProof(op, state, present);
  op.skip(proofStep, `${name} is behind on purpose`);
  return undefined;
}

export function resultOf(
  state: ClusterState,
  change: { added?: Member; donor?: string; removed?: string; kept?: string[]; proof?: string },
): MemberChange {
  const { added, donor, removed, kept = [], proof } = change;
  const { definition, epoch, primary, members } = state;
  const counting = definition.durability === 'semi-sync' ? acknowledgersByRule(state) : [];
  const soon = added && !members.some(({ name }) => name === added.name) && mayAcknowledge(definition, added) ? [added.name] : [];
  return {
    cluster: definition.name,
    epoch,
    primary,
    ...(added ? { added: { name: added.name, host: added.host, serverId: added.serverId } } : {}),
    ...(donor === undefined ? {} : { donor }),
    ...(removed === undefined ? {} : { removed }),
    kept,
    acknowledgers: [...counting, ...soon].filter((name) => name !== removed),
    ...(proof === undefined ? {} : { proof }),
  };
}
