import { subscribersOf } from '../../schemas/announcement';
import type { DeletionResult } from '../../schemas/creation';
import type { DeleteClusterInput } from '../../schemas/inputs';
import { clusterTarget } from '../../schemas/names';
import type { Cluster, ClusterState } from '../../schemas/topology';
import { tell } from '../announce/tell';
import { failure, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { lookAtJournal } from '../guard/look';
import { lookAtCluster, refuseUnexpected } from '../pivot/look';
import { giveBack, giveBackPrediction, refuseDeletionOfData } from '../adoption/give-back';
import { startGuard, stopGuard } from './guard';

const steps = ['look at the cluster', 'stop the guard', 'remove containers and networks'] as const;

/** Removes a cluster; its data and passwords only with `deleteData`. docs/cluster.md says what is kept and where. */
export async function deleteCluster(raw: unknown): Promise<WithProgress<DeletionResult>> {
  return operation<DeleteClusterInput, DeletionResult>(
    {
      type: 'deleteCluster',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
    },
    raw,
    remove,
  );
}

async function remove(op: Operation<DeleteClusterInput>): Promise<DeletionResult> {
  const { cluster: name, deleteData, expect } = op.input;
  const cluster = await op.step('look at the cluster', async (step) => {
    const found = await work.describeCluster(name);
    step.detail(
      found ? `${found.members.length} members, ${found.routers.length} routers` : 'no cluster of this name; its data may be there',
    );
    return found;
  });
  // Data that an earlier deletion kept can be deleted by name.
  if (!cluster && !deleteData) throw failure('UnknownCluster', `no cluster ${name}`);
  if (cluster?.adoption) refuseDeletionOfData(name, deleteData);
  else if (op.input.removeAccounts)
    throw failure('InvalidInput', `cluster ${name} was made by drydock: its accounts go with its data`, [
      { path: 'removeAccounts', message: 'is for adopted clusters' },
    ]);
  if (expect) refuseUnexpected((await lookAtCluster(name)).state, expect);
  if (op.dryRun) return cluster?.adoption ? giveBackPrediction(cluster, op.input.removeAccounts) : prediction(name, cluster, deleteData);
  const what = deleteData ? 'with all of its data' : 'and keep its data';
  await op.gate('before-switch', cluster?.adoption ? `give cluster ${name} back` : `delete cluster ${name} ${what}`);

  op.compensate('guard the cluster again', () => (cluster ? startGuard(name) : Promise.resolve()));
  await op.step('stop the guard', async (step) => step.detail((await stopGuard(name)) ? 'stopped' : 'there was none'));
  const last = cluster ? await lastState(cluster) : undefined;
  await op.safePoint('before containers are removed');
  if (cluster?.adoption) return giveBack(op, cluster);
  op.pointOfNoReturn({ loses: deleteData ? 'the data is gone' : 'containers are gone; data and passwords are kept' });
  const outcome = await op.step('remove containers and networks', async (step) => {
    const removal = await summarised(work.removeCluster, `remove ${name} ${what}`)(name, deleteData);
    step.detail(`removed ${removal.removed.length}, kept ${removal.kept.length}`);
    return removal;
  });
  if (!cluster && outcome.removed.length === 0) throw failure('UnknownCluster', `no cluster ${name}, and no data of one`);
  if (last) await tell(op, last, 'deleted');
  if (outcome.kept.length > 0)
    op.warn(`kept: ${outcome.kept.join(', ')}; \`drydock cluster delete ${name} --delete-data\` removes them for good`);
  return { cluster: name, ...outcome };
}

/** What its subscribers are told that it was; epoch 0 when no member can be asked any more. */
async function lastState(cluster: Cluster): Promise<ClusterState | undefined> {
  if (subscribersOf(cluster.definition).length === 0) return undefined;
  return (await lookAtJournal(cluster.definition.name)) ?? { ...cluster, epoch: 0, primary: '' };
}

function prediction(name: string, cluster: Cluster | null, deleteData: boolean): DeletionResult {
  const containers = [...(cluster?.members ?? []), ...(cluster?.routers ?? [])].map((each) => `container ${each.container}`);
  const volumes = (cluster?.members ?? []).map((member) => `volume ${member.volume}`);
  const data = [...volumes, `secrets clusters/${name}`];
  return { cluster: name, removed: deleteData ? [...containers, ...data] : containers, kept: deleteData ? [] : data };
}
