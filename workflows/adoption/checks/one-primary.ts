import { difference, replication, type Check } from './check';

export const onePrimary: Check = ({ seen, primary, examination }) => {
  if (primary) return [];
  if (seen.length < examination.members.length) return [];
  const free = seen.filter((member) => !replication(member)).map(({ name }) => name);
  return [
    difference(
      'refused',
      'members',
      free.length === 0
        ? 'all members replicate, so none of them is the primary'
        : `it is not clear who is the primary: ${free.join(', ')} replicate from nobody, and not exactly one of them is followed`,
      'name all members, the primary among them; members that replicate from nobody follow it first',
    ),
  ];
};
