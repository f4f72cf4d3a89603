import { at, difference, each, replication, type Check } from './check';

export const delayedAcknowledgers: Check = ({ file, replicas }) =>
  file.durability === 'semi-sync'
    ? each(
        replicas,
        (member) => (replication(member)?.delaySeconds ?? 0) > 0 && !file.candidates.never.includes(member.name),
        (member) => difference('refused', at(member, 'delay'), 'a delayed member must not acknowledge', 'name it under candidates.never'),
      )
    : [];
