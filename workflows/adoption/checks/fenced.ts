import { commandsOf } from '../../../schemas/commands';
import { difference, type Check } from './check';

export const fenced: Check = ({ file, seen }) => {
  if (file.durability === 'semi-sync' || file.acceptSplitBrain) return [];
  const without = seen.map(({ name }) => name).filter((name) => !commandsOf(file, name)?.fence);
  if (without.length === 0) return [];
  return [
    difference(
      'named',
      'commands.fence',
      `${without.join(', ')}: nothing can prove that a lost primary is stopped, so an unplanned pivot waits for a person`,
      'give a fence command',
    ),
  ];
};
