import type { Cluster, ClusterState } from '../../schemas/topology';
import { failure } from '../failure';
import { changeMember, memberOf } from '../mysql/change-member';
import type { Connect } from '../mysql/types';

/**
 * Writes into the journal that the member which takes writes now is the primary. Idempotent: a row that says so already counts. A cluster that
 * was adopted before and has another primary since gets the next epoch.
 */
export async function openAdopted(connect: Connect, cluster: Cluster, name: string, operation: string): Promise<ClusterState> {
  const anyEpoch: ClusterState = { ...cluster, epoch: Number.MAX_SAFE_INTEGER, primary: name };
  return changeMember(connect, anyEpoch, memberOf(cluster, name), async ({ session, flavor, journal }) => {
    const { readOnly } = await flavor.readOnly(session);
    if (readOnly || (await flavor.replication(session)))
      throw failure('ExpectationFailed', `${name} is not the primary any more: ${readOnly ? 'it is read-only' : 'it replicates'}`);
    if (journal?.primary === name) return { ...cluster, epoch: journal.epoch, primary: name };
    const epoch = (journal?.epoch ?? 0) + 1;
    const { file, position } = await flavor.ownBinlog(session);
    await session.query(
      'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (?, ?, ?, ?, ?, ?)',
      [epoch, name, operation, 'adopted', file, position],
    );
    return { ...cluster, epoch, primary: name };
  });
}
