import type { AddMemberInput, RemoveMemberInput, ReplaceMemberInput } from '../../schemas/inputs';
import { lazy } from '../lazy';
import { given, guarded, type GuardedFlags, refuseCommandLine } from './operation-input';

export interface MemberFlags extends GuardedFlags {
  host?: string;
  proof?: boolean;
  deleteData?: boolean;
  acceptFewAcknowledgers?: boolean;
}

type MemberInput = AddMemberInput | RemoveMemberInput | ReplaceMemberInput;

/** Input of addMember, removeMember or replaceMember from the words of the command line. */
export function memberInputFrom(
  type: 'addMember' | 'removeMember' | 'replaceMember',
  cluster: string,
  member: string | undefined,
  flags: MemberFlags,
): MemberInput {
  const schema = lazy.inputs().inputSchemas[type];
  const { host, deleteData, acceptFewAcknowledgers } = flags;
  const value = given({
    cluster,
    member,
    host,
    deleteData,
    acceptFewAcknowledgers,
    proof: flags.proof === false ? false : undefined,
    ...guarded(flags),
  });
  refuseCommandLine(schema, value, flags);
  return schema.parse(value);
}
