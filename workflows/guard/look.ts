import { asWatched } from '../../schemas/generations';
import { latestRow } from '../../schemas/journal';
import type { ClusterState } from '../../schemas/topology';
import { meaningOf, work } from '../operation';

const once = { scheduleToCloseTimeout: '20s', retry: { maximumAttempts: 5 } } as const;

/** Who is primary in which epoch, by the highest journal row that any member knows; undefined when that can not be seen now. */
export async function lookAtJournal(name: string): Promise<ClusterState | undefined> {
  try {
    const cluster = await work.describeCluster.executeWithOptions({ ...once, summary: `what exists of ${name}` }, [name]);
    if (!cluster) return undefined;
    const observation = await work.observeCluster.executeWithOptions({ ...once, summary: `who is primary of ${name}` }, [cluster]);
    const latest = latestRow(observation.members.flatMap(({ journal }) => journal ?? []));
    // A plan that does not know the primary is an older one.
    if (!cluster.members.some(({ name }) => name === latest?.primary)) return undefined;
    return latest && asWatched({ ...cluster, epoch: latest.epoch, primary: latest.primary });
  } catch (error) {
    const { code } = meaningOf(error);
    if (code === 'UnknownCluster') throw error;
    return undefined;
  }
}
