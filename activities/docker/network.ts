import { failure } from '../failure';
import type { Host } from '../environment';
import type { Cluster } from '../../schemas/topology';
import { ask, ifThere, reasonOf, statusOf } from './engine';
import { labelsOf, objectName, ownedBy, specOf } from './labels';
import { newestOf, revisionsOn } from './revisions';
import { freeSubnets } from './subnets';

export const networkName = (instance: string, cluster: string): string => objectName(instance, cluster);

/** The plan that a host has of this cluster, as it was changed last; undefined when the cluster has no network there. */
export async function planOn(host: Host, instance: string, cluster: string): Promise<{ id: string; plan: Cluster } | undefined> {
  const [found, revisions] = await Promise.all([
    ask(host, () => host.engine.listNetworks({ filters: ownedBy(instance, cluster, 'network') })),
    revisionsOn(host, instance, cluster),
  ]);
  // Two attempts at once may both have made one: the older one counts, and its maker goes on with it.
  const [kept] = found.sort((a, b) => `${a.Created} ${a.Id}`.localeCompare(`${b.Created} ${b.Id}`));
  const plan = specOf('network', kept?.Labels);
  if (!kept || !plan) return undefined;
  const changed = revisions.map((each) => each.plan);
  return { id: kept.Id, plan: newestOf(plan, changed) };
}

/** Every subnet that the engine uses. */
export async function takenSubnets(host: Host): Promise<string[]> {
  const networks = await ask(host, () => host.engine.listNetworks());
  return networks.flatMap((network) => (network.IPAM?.Config ?? []).map((each) => each.Subnet ?? ''));
}

/**
 * Makes the network of a cluster on one host, with the plan in its label, in the first free subnet. `planFor` makes the plan for
 * a subnet. Returns the plan that counts: that of a network which another attempt made in the meantime, if there is one.
 */
export async function ensureNetwork(
  host: Host,
  instance: string,
  operation: string,
  cluster: string,
  planFor: (subnet: string) => Promise<Cluster>,
): Promise<Cluster> {
  const there = await planOn(host, instance, cluster);
  if (there) return there.plan;
  for (const subnet of freeSubnets(await takenSubnets(host)).slice(0, 100)) {
    const plan = await planFor(subnet);
    let id: string;
    try {
      const network = await ask(host, () =>
        host.engine.createNetwork({
          Name: networkName(instance, cluster),
          CheckDuplicate: true,
          Driver: 'bridge',
          IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
          Labels: labelsOf(instance, operation, cluster, 'network', cluster, plan),
        }),
      );
      id = network.id;
    } catch (error) {
      // Somebody else took the subnet, or another attempt made the network, since we looked.
      if (/overlap/i.test(reasonOf(error))) continue;
      if (statusOf(error) !== 409) throw error;
      id = '';
    }
    const kept = await planOn(host, instance, cluster);
    if (!kept) throw failure('AlreadyExists', `a network ${networkName(instance, cluster)} exists that is not of this cluster`);
    if (id !== '' && kept.id !== id) await ifThere(host, () => host.engine.getNetwork(id).remove());
    return kept.plan;
  }
  throw failure('EngineUnavailable', `host ${host.name} has no free subnet left in 10.213.0.0/16`, [], false);
}
