import type { Difference } from '../../../schemas/adoption';
import { at, difference, type Check } from './check';

export const fencedAtStart: Check = ({ seen, file, needed }) =>
  seen.flatMap((member) => {
    const found: Difference[] = [];
    const tell = (name: string, known: boolean | undefined, danger: string): void => {
      if (known === true || (known === undefined && file.startsFenced)) return;
      const message =
        known === false ? `it is started without ${name}: ${danger}` : `whether it is started with ${name} is not known: if not, ${danger}`;
      const remedy = `put ${name} into its configuration${known === false ? '' : ', then say startsFenced: true'}`;
      found.push(difference(needed('named'), at(member, name), message, remedy));
    };
    tell('read_only', member.startsReadOnly, 'an old primary that comes back takes writes beside the new one');
    tell('skip_replica_start', member.startsDetached, 'a member that comes back acknowledges for an old primary');
    return found;
  });
