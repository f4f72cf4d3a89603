import type { Difference } from '../../../schemas/adoption';
import { at, difference, replication, type Check } from './check';

export const replicasFollow: Check = ({ replicas, primary }) => {
  if (!primary) return [];
  return replicas.flatMap((member) => {
    const status = replication(member);
    if (!status)
      return [
        difference('refused', at(member, 'replication'), 'it replicates from nobody', `let it follow ${primary.name}, or leave it out`),
      ];
    const found: Difference[] = [];
    if (status.sourceAddress !== primary.address || status.sourcePort !== primary.port)
      found.push(
        difference(
          'refused',
          at(member, 'source'),
          `it replicates from ${status.sourceAddress}:${status.sourcePort}, expected ${primary.name} at ${primary.address}:${primary.port}`,
          'give the addresses at which members reach each other, or let it follow the primary at that address',
        ),
      );
    const error = status.receiverError?.message ?? status.applierError?.message;
    if (status.receiver !== 'running' || status.applier !== 'running')
      found.push(
        difference(
          'refused',
          at(member, 'replication'),
          `receiver ${status.receiver}, applier ${status.applier}${error ? `: ${error}` : ''}`,
          'START REPLICA, and mend what it names',
        ),
      );
    return found;
  });
};
