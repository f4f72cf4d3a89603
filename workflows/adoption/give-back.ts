import type { DeletionResult } from '../../schemas/creation';
import type { DeleteClusterInput } from '../../schemas/inputs';
import { accounts, journalSchema } from '../../schemas/names';
import type { Cluster } from '../../schemas/topology';
import { failure, type Operation, summarised, work } from '../operation';
import { lookAtCluster } from '../pivot/look';

/** Servers and data that others made are never touched. */
export function refuseDeletionOfData(name: string, deleteData: boolean): void {
  if (deleteData)
    throw failure('InvalidInput', `cluster ${name} was adopted: its servers and data are not drydock's to delete`, [
      { path: 'deleteData', message: 'is for clusters that drydock made; removeAccounts drops what drydock made in this one' },
    ]);
}

const bounded = { scheduleToCloseTimeout: '2 minutes', retry: { maximumAttempts: 6 } } as const;
const nothing = { removed: [], kept: [] };
const own = [accounts.operation, accounts.guard, accounts.replication].map((user) => `account ${user}@%`);

export function giveBackPrediction({ definition, routers, members }: Cluster, removeAccounts: boolean): DeletionResult {
  const made = [...own, `schema ${journalSchema}`];
  const servers = members.map(({ name, address, port }) => `server ${name} at ${address}:${port}`);
  return {
    cluster: definition.name,
    removed: [...routers.map(({ container }) => `container ${container}`), ...(removeAccounts ? made : [])],
    kept: [...servers, ...(removeAccounts ? [] : made)],
  };
}

/**
 * Drydock looks after the cluster no longer: its guard is stopped before this, its routers go, its accounts only when asked for. Servers,
 * replication and settings stay as they are. The record goes last, so that whatever is cut off can be asked for again.
 */
export async function giveBack(op: Operation<DeleteClusterInput>, cluster: Cluster): Promise<DeletionResult> {
  const { name } = cluster.definition;
  const { primary } = op.input.removeAccounts ? (await lookAtCluster(name)).state : { primary: '' };
  op.pointOfNoReturn({ loses: 'the cluster is looked after by nobody; `drydock cluster adopt` takes it again' });
  const outcome = await op.step('remove containers and networks', async (step) => {
    // Without routers no engine has anything of it.
    const removal =
      cluster.routers.length > 0 ? await summarised(work.removeCluster, `remove the routers of ${name}`)(name, false) : nothing;
    const dropped = op.input.removeAccounts
      ? await summarised(work.dropOwnAccounts, `drop what drydock made in ${name}`, bounded)(cluster, primary, [])
      : { dropped: [], kept: [...own, `schema ${journalSchema}`] };
    await work.forgetAdoption(name);
    step.detail(`removed ${removal.removed.length + dropped.dropped.length}, kept ${dropped.kept.length}`);
    return { removed: [...removal.removed, ...dropped.dropped], kept: [...removal.kept, ...dropped.kept] };
  });
  const servers = cluster.members.map(({ name: member, address, port }) => `server ${member} at ${address}:${port}`);
  if (cluster.definition.durability === 'semi-sync')
    op.warn('semi-sync stays on without a time-out: with no replica left that acknowledges, writes wait');
  return { cluster: name, removed: outcome.removed, kept: [...servers, ...outcome.kept] };
}
