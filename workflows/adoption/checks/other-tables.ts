import { at, difference, each, type Check } from './check';

export const otherTables: Check = ({ primary }) =>
  each(
    primary ? [primary] : [],
    (member) => member.otherTables > 0,
    (member) =>
      difference(
        'named',
        at(member, 'tables'),
        `${member.otherTables} tables are not InnoDB: what is written to them does not survive a crash for certain`,
        'ALTER TABLE ... ENGINE=InnoDB',
      ),
  );
