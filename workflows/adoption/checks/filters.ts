import { at, difference, each, replication, type Check } from './check';

export const filters: Check = ({ replicas, needed }) => [
  ...each(
    replicas,
    (member) => replication(member)?.filtered === true,
    (member) =>
      difference(
        needed('named'),
        at(member, 'filters'),
        'it has replication filters: it lacks data, and is never promoted',
        'remove the filters, or leave it out',
      ),
  ),
  ...each(
    replicas,
    (member) => (replication(member)?.delaySeconds ?? 0) > 0,
    (member) =>
      difference(
        'named',
        at(member, 'delay'),
        `it replicates with a delay of ${replication(member)?.delaySeconds} s: it is never promoted and does not count as an acknowledger`,
        'name it under candidates.never',
      ),
  ),
  ...each(
    replicas,
    (member) => replication(member)?.mayHaveGaps === true,
    (member) =>
      difference(
        'named',
        at(member, 'replica_preserve_commit_order'),
        'its parallel applier does not keep the order of commits: it may have gaps, and is not promoted while it has',
        'SET GLOBAL replica_preserve_commit_order=ON with the applier stopped',
      ),
  ),
];
