import type { ClusterDefinition } from '../../schemas/cluster';
import type { Problem } from '../../schemas/error-codes';
import { accounts, labels, passwordRef, type Purpose } from '../../schemas/names';
import type { Cluster } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';
import { ensureAdminCertificates } from '../router/certificates';
import { ask, stillWanted } from './engine';
import { hostsOf } from './hosts';
import { bringImages } from './bring-images';
import { requireImages, routerImage, serverImage } from './images';
import { ownedBy, specOf } from './labels';
import { ensureNetwork, planOn } from './network';
import { type HostAddress, planCluster, publishedOn } from './plan';
import { choosePorts, portIsFree, portsOn } from './ports';

/** Ports of an engine that somebody has: clusters, whoever made them and running or not, and containers that publish. */
async function takenPorts(host: Host): Promise<Set<number>> {
  const address = publishedOn(host);
  const networks = await ask(host, () => host.engine.listNetworks());
  const containers = await ask(host, () => host.engine.listContainers({ all: true }));
  const { Volumes } = await ask(host, () => host.engine.listVolumes({ filters: { label: [`${labels.kind}=definition`] } }));
  const plans = [
    ...networks.flatMap((network) => specOf('network', network.Labels) ?? []),
    ...(Volumes ?? []).flatMap((volume) => specOf('definition', volume.Labels) ?? []),
  ];
  return new Set([
    ...plans.flatMap((plan) => portsOn(plan, address)),
    ...containers.flatMap((container) => container.Ports.map((port) => port.PublicPort)),
  ]);
}

/** Free ports of a host, none of `planned`, one after the other; of this machine's own engine it also looks who listens. */
export async function portSource(host: Host, cluster: string, wanted: number, planned: number[] = []): Promise<() => number> {
  const taken = new Set([...(await takenPorts(host)), ...planned]);
  const free: number[] = [];
  while (free.length < wanted) {
    for (const port of choosePorts(cluster, wanted - free.length, taken)) {
      taken.add(port);
      if (host.address !== undefined || (await portIsFree(port, publishedOn(host)))) free.push(port);
    }
  }
  return () => {
    const port = free.shift();
    if (port === undefined) throw new RangeError(`more ports asked for on host ${host.name} than were looked for`);
    return port;
  };
}

/** Ports that a person asked for must be free; drydock's own choice is made again instead. */
export async function refuseTakenPorts(host: Host, definition: Pick<ClusterDefinition, 'ports'>): Promise<void> {
  const taken = await takenPorts(host);
  const problems: Problem[] = [];
  for (const [which, port] of Object.entries(definition.ports)) {
    if (port === undefined) continue;
    if (taken.has(port) || (host.address === undefined && !(await portIsFree(port, publishedOn(host)))))
      problems.push({ path: `cluster.ports.${which}`, message: `port ${port} on ${publishedOn(host)} is in use` });
  }
  if (problems.length === 0) return;
  throw failure('InvalidInput', problems.map(({ path, message }) => `${path}: ${message}`).join('; '), problems);
}

/** Data of an earlier cluster of this name is never started on silently. */
async function refuseKeptVolumes(env: ActivityEnvironment, hosts: Host[], cluster: string): Promise<void> {
  const kept: string[] = [];
  for (const host of hosts) {
    const { Volumes } = await ask(host, () => host.engine.listVolumes({ filters: ownedBy(env.instance, cluster, 'volume') }));
    kept.push(...(Volumes ?? []).map((volume) => volume.Name));
  }
  if (kept.length === 0) return;
  throw failure(
    'AlreadyExists',
    `data of an earlier cluster ${cluster} was kept in ${kept.length === 1 ? 'volume' : 'volumes'} ${kept.sort().join(', ')}; ` +
      `choose another name, or delete it for good with \`drydock cluster delete ${cluster} --delete-data\``,
    kept.map((volume) => ({ path: `volumes.${volume}`, message: 'holds data of an earlier cluster' })),
  );
}

/** Finds the plan wherever the cluster has a network already, else makes one. */
async function planOrMake(env: ActivityEnvironment, operation: string, definition: ClusterDefinition, hosts: Host[]): Promise<Cluster> {
  for (const host of hosts) {
    const there = await planOn(host, env.instance, definition.name);
    if (there) return there.plan;
  }
  const images = [serverImage(definition), routerImage];
  await bringImages(env, hosts, images);
  await requireImages(hosts, images);
  await refuseKeptVolumes(env, hosts, definition.name);
  const [first] = hosts;
  if (!first) throw failure('InvalidInput', 'a cluster needs a host');
  await refuseTakenPorts(first, definition);
  // Each member publishes one port and each router three, at most.
  const wanted = definition.replicas + 1 + 3 * definition.routers;
  return ensureNetwork(first, env.instance, operation, definition.name, async (subnet) => {
    const sources = new Map<string, () => number>();
    for (const host of hosts) sources.set(host.name, await portSource(host, definition.name, wanted));
    const nextPort = (host: HostAddress) => (sources.get(host.name) as () => number)();
    return { ...planCluster(definition, hosts, subnet, env.instance, nextPort), created: new Date().toISOString() };
  });
}

/**
 * Networks, passwords and certificates of a cluster. The plan (names, addresses, ports) is made once and kept in the label of
 * its networks: a second call gives the same one. Throws InvalidInput, ImageMissing, AlreadyExists (kept volumes), EngineUnavailable.
 */
export async function prepareCluster(env: ActivityEnvironment, operation: string, definition: ClusterDefinition): Promise<Cluster> {
  const hosts = hostsOf(env, definition);
  const plan = await planOrMake(env, operation, definition, hosts);
  for (const host of hosts) {
    stillWanted();
    await ensureNetwork(host, env.instance, operation, definition.name, () => Promise.resolve(plan));
  }
  for (const purpose of Object.keys(accounts) as Purpose[]) await env.secrets.ensure(passwordRef(definition.name, purpose));
  await ensureAdminCertificates(env.secrets, definition.name);
  return plan;
}
