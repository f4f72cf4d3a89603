import type { Cluster } from '../../schemas/topology';
import { bringImages } from '../docker/bring-images';
import { stillWanted } from '../docker/engine';
import { requireImages, routerImage } from '../docker/images';
import { ensureNetwork, planOn } from '../docker/network';
import { type HostAddress, planRouters } from '../docker/plan';
import { hostsOf } from '../docker/hosts';
import { portSource, refuseTakenPorts } from '../docker/prepare';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { ensureAdminCertificates } from '../router/certificates';

/**
 * Networks and certificates for drydock's own routers in front of a cluster that others made. Answers the cluster with its routers; a second
 * call answers the same ones. Throws InvalidInput, ImageMissing, EngineUnavailable.
 */
export async function prepareRouters(env: ActivityEnvironment, operation: string, cluster: Cluster): Promise<Cluster> {
  const { definition } = cluster;
  await ensureAdminCertificates(env.secrets, definition.name);
  const hosts = hostsOf(env, definition);
  const [first] = hosts;
  if (!first) throw failure('InvalidInput', 'routers need a host');
  await bringImages(env, hosts, [routerImage]);
  await requireImages(hosts, [routerImage]);
  if (!(await planOn(first, env.instance, definition.name))) await refuseTakenPorts(first, definition);
  const plan = await ensureNetwork(first, env.instance, operation, definition.name, async (subnet) => {
    const sources = new Map<string, () => number>();
    for (const host of hosts) sources.set(host.name, await portSource(host, definition.name, 3 * definition.routers));
    const nextPort = (host: HostAddress) => (sources.get(host.name) as () => number)();
    return { ...cluster, routers: planRouters(definition, hosts, subnet, env.instance, nextPort) };
  });
  for (const host of hosts) {
    stillWanted();
    await ensureNetwork(host, env.instance, operation, definition.name, () => Promise.resolve(plan));
  }
  return { ...cluster, routers: plan.routers };
}
