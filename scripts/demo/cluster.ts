import { setTimeout as sleep } from 'node:timers/promises';

import { type ClusterView, type DrydockClient, DrydockError } from '../../client';
import { clusterTarget } from '../../schemas/names';
import { followSteps } from './follow-steps';
import type { Story } from './story';

export const demoCluster = { name: 'demo', engine: 'mysql', version: '8.0', replicas: 2, durability: 'semi-sync' } as const;

export const isFollowing = (state: string): boolean => /^replicat/.test(state);

/** All members are there, follow the primary, and are watched. */
export const isHealthy = ({ guard, replicas, findings }: ClusterView): boolean =>
  guard === 'watching' &&
  replicas.length === demoCluster.replicas &&
  replicas.every(({ state }) => isFollowing(state)) &&
  findings.every(({ diagnosis }) => diagnosis === 'Healthy');

/** A new cluster. One of an earlier run is deleted with its data: its guard would remember the failures that the demo caused. */
export async function newCluster(client: DrydockClient, story: Story): Promise<ClusterView> {
  const { name } = demoCluster;
  await othersEnd(client, story);
  if (await exists(client)) {
    story.note(`the cluster ${name} of an earlier run is deleted with its data`);
    await ended(client, await client.start('deleteCluster', { cluster: name, deleteData: true }), story);
  }
  await ended(client, await client.start('createCluster', { cluster: demoCluster }), story);
  return waitFor(client, isHealthy, 30_000);
}

/** A guard that does not answer is a cluster all the same. */
async function exists(client: DrydockClient): Promise<boolean> {
  try {
    await client.cluster(demoCluster.name);
    return true;
  } catch (error) {
    return !(error instanceof DrydockError && error.code === 'UnknownCluster');
  }
}

/** An interrupted run may have left operations under way; they end by themselves. */
async function othersEnd(client: DrydockClient, story: Story): Promise<void> {
  const running = await client.list({ target: clusterTarget(demoCluster.name), running: true });
  for (const { id, type } of running) {
    if (type === 'guardCluster' || type === 'proof') continue;
    story.note(`${id} of an earlier run is still under way; waiting for its end`);
    await client.result(id).catch(() => undefined);
  }
}

async function ended(client: DrydockClient, id: string, story: Story): Promise<void> {
  const view = await followSteps(client, id, story, Date.now());
  if (view.status !== 'COMPLETED')
    throw new Error(`${id} ${view.status.toLowerCase()}: ${view.failure?.code ?? ''} ${view.failure?.message ?? ''}`);
}

/** Looks at the cluster, as its guard knows it, until something holds. */
export async function waitFor(client: DrydockClient, holds: (cluster: ClusterView) => boolean, timeoutMs: number): Promise<ClusterView> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const cluster = await client.cluster(demoCluster.name).catch(() => undefined);
    if (cluster && holds(cluster)) return cluster;
    if (Date.now() > until)
      throw new Error(`cluster ${demoCluster.name} did not come to the expected state within ${timeoutMs / 1000} s; ${inShort(cluster)}`);
    await sleep(200);
  }
}

function inShort(cluster: ClusterView | undefined): string {
  if (!cluster) return 'its guard does not answer';
  const { epoch, primary, replicas, guard, findings } = cluster;
  const members = replicas.map(({ name, state }) => `${name} ${state}`).join(', ');
  const found = findings.map(({ diagnosis, member }) => (member ? `${diagnosis} (${member})` : diagnosis)).join(', ');
  return `epoch ${epoch}, primary ${primary.name}, ${members}, guard ${guard}, found: ${found || 'nothing'}`;
}
