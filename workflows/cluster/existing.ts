import { latestRow } from '../../schemas/journal';
import type { Observation } from '../../schemas/observation';
import type { Cluster, ClusterState } from '../../schemas/topology';
import { work } from '../operation';

export interface ExistingLook {
  /** Undefined while no member knows a first row of the journal: its creation did not come that far. */
  state?: ClusterState;
  complete: boolean;
  /** What is not as it should be, for people. */
  missing: string[];
}

export async function lookAtExisting(cluster: Cluster): Promise<ExistingLook> {
  const [observed, routers] = await Promise.all([work.observeCluster(cluster), work.viewRouters(cluster)]);
  return judgeExisting(cluster, { ...observed, routers });
}

/** Whether everything of a cluster is in its place: a pure function. */
export function judgeExisting(cluster: Cluster, observation: Observation): ExistingLook {
  const latest = latestRow(observation.members.flatMap((view) => view.journal ?? []));
  const missing: string[] = [];
  if (!latest) missing.push('no member knows who is primary');
  const primary = cluster.members.find((member) => member.name === latest?.primary);
  for (const member of cluster.members) {
    const view = observation.members.find((each) => each.name === member.name);
    if (view?.reach !== 'answers') missing.push(`${member.name} does not answer`);
    else if (member.name !== latest?.primary && view.replication?.receiver !== 'running') missing.push(`${member.name} does not replicate`);
    else if (member.name === latest?.primary && view.readOnly) missing.push(`${member.name} is the primary and read-only`);
  }
  for (const router of cluster.routers) {
    const view = observation.routers.find((each) => each.name === router.name);
    if (!view?.reachable) missing.push(`${router.name} does not answer`);
    else if (latest && (view.epoch !== latest.epoch || !view.open || view.primary?.address !== primary?.address))
      missing.push(`${router.name} was not told epoch ${latest.epoch}`);
  }
  return {
    ...(latest ? { state: { ...cluster, epoch: latest.epoch, primary: latest.primary } } : {}),
    complete: missing.length === 0,
    missing,
  };
}
