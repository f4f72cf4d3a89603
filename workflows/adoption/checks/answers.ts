import { difference, each, type Check } from './check';

export const answers: Check = ({ examination }) =>
  each(
    examination.members,
    ({ unreachable }) => unreachable !== undefined,
    (member) =>
      difference('refused', `members.${member.name}`, member.unreachable ?? '', 'see that it runs and lets the administrator in from here'),
  );
