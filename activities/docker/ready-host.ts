import type { ClusterDefinition } from '../../schemas/cluster';
import type { ActivityEnvironment } from '../environment';
import { bringImages } from './bring-images';
import { describeCluster } from './describe';
import { hostOf } from './engine';
import { requireImages, serverImage } from './images';
import { ensureNetwork, planOn } from './network';

/**
 * Before something of a cluster is made on a host: the cluster's network and the images are there. They are missing on a host that came back with
 * an empty engine; the plan is on the others. Where there is no plan yet, prepareCluster has not run.
 */
export async function readyHost(
  env: ActivityEnvironment,
  operation: string,
  definition: ClusterDefinition,
  name: string,
  image: string = serverImage(definition),
): Promise<void> {
  const host = hostOf(env, name);
  await bringImages(env, [host], [image]);
  await requireImages([host], [image]);
  if (await planOn(host, env.instance, definition.name)) return;
  const plan = await describeCluster(env, definition.name);
  if (plan) await ensureNetwork(host, env.instance, operation, definition.name, () => Promise.resolve(plan));
}
