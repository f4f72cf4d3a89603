import { at, difference, each, type Check } from './check';

export const primaryWrites: Check = ({ primary }) =>
  each(
    primary ? [primary] : [],
    ({ view }) => view?.readOnly === true,
    (member) =>
      difference(
        'refused',
        at(member, 'read_only'),
        'the primary is read-only: nobody takes writes',
        'SET GLOBAL read_only=0, if it is meant to be the primary',
      ),
  );
