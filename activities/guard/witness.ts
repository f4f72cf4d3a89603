import type { MemberView } from '../../schemas/observation';
import type { Facts } from '../../schemas/guard';
import type { Member } from '../../schemas/topology';
import { bounds } from './bounds';

/**
 * What a replica says about the primary.
 * - `hears`: its receiver is connected and something arrived within the bound.
 * - `lost`: it lost the primary, or hears nothing although it is connected.
 * - `no-opinion`: it answers, but its word proves nothing either way.
 * - `absent`: we do not reach it.
 */
export type Witness = 'hears' | 'lost' | 'no-opinion' | 'absent';

/**
 * Errors of the receiver that mean that no living server answered it: can't connect, lost connection, unknown host, network read
 * errors and time-outs. All others (access denied, too many connections, purged binary log) were given by a living primary.
 */
const networkErrors = new Set([0, 1158, 1159, 1160, 1161, 1429, 2002, 2003, 2004, 2005, 2006, 2012, 2013, 2055]);

/** What `replica` says about `primary`. */
export function witness(replica: MemberView, primary: Member, facts: Pick<Facts, 'unheardMs'>): Witness {
  if (replica.reach !== 'answers') return 'absent';
  const view = replica.replication;
  if (!view || view.sourceAddress !== primary.address || view.sourcePort !== primary.port) return 'no-opinion';
  const network = networkErrors.has(view.receiverError?.code ?? 0);
  switch (view.receiver) {
    case 'running':
      return (facts.unheardMs[replica.name] ?? 0) >= bounds.unheardAfterMs ? 'lost' : 'hears';
    case 'connecting':
      return network ? 'lost' : 'no-opinion';
    case 'stopped':
      // Stopped without an error: somebody stopped it.
      return view.receiverError && network ? 'lost' : 'no-opinion';
  }
}
