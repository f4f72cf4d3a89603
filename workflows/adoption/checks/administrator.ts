import { at, difference, each, type Check } from './check';

export const administrator: Check = ({ seen, primary }) =>
  each(
    primary ? [primary] : seen,
    ({ administratorLacks }) => administratorLacks.length > 0,
    (member) =>
      difference(
        'refused',
        at(member, 'administrator'),
        `${member.administrator} lacks ${member.administratorLacks.join(', ')}`,
        'name an account that may make accounts, the schema drydock, and grant what drydock needs',
      ),
  );
