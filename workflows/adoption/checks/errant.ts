import { at, difference, each, type Check } from './check';

export const errant: Check = ({ replicas, primary, needed }) =>
  each(
    replicas,
    ({ view }) => Boolean(view?.errant),
    (member) =>
      difference(
        needed('named'),
        at(member, 'errant'),
        `it has transactions that ${primary?.name ?? 'the primary'} lacks: ${member.view?.errant}; it is never promoted`,
        'build it anew from the primary, or bring them to the primary',
      ),
  );
