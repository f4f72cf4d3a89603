/** Name, server id, host, address and port of a member that is to be added. */
import type { Cluster, Member } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { codeOf, failure } from '../failure';
import { ask, hostOf } from './engine';
import { hostProblems } from './hosts';
import { objectName, ownedBy } from './labels';
import { portsOn } from './ports';
import { portSource } from './prepare';
import { freeMemberAddress } from './subnets';

const serverPort = 3306;

/**
 * The next number: names and server ids of members that were taken out are never given again, since binary logs and positions name the server
 * that wrote them. Pure.
 */
export function nextNumber(cluster: Pick<Cluster, 'definition' | 'members' | 'removed'>): number {
  const { name } = cluster.definition;
  const numbers = [...cluster.members.map((member) => member.name), ...(cluster.removed ?? [])].map((member) =>
    Number(member.startsWith(`${name}-`) ? member.slice(name.length + 1) : 0),
  );
  return Math.max(0, ...numbers.filter(Number.isInteger), ...cluster.members.map(({ serverId }) => serverId)) + 1;
}

/** Hosts of the cluster, the one with the fewest members first; never one whose members may not be promoted. Pure. */
export function hostsByRoom(cluster: Pick<Cluster, 'definition' | 'members'>, without: string | undefined): string[] {
  const { hosts, candidates } = cluster.definition;
  const members = cluster.members.filter(({ name }) => name !== without);
  const count = (host: string): number => members.filter((member) => member.host === host).length;
  return [...new Set(hosts)].filter((host) => !candidates.neverHosts.includes(host)).sort((a, b) => count(a) - count(b));
}

/**
 * Where a new member goes; nothing is made. `without` is the member that it replaces, which does not count. Throws InvalidInput (a host that is not
 * known or can not be reached by the others), EngineUnavailable.
 */
export async function placeMember(
  env: Pick<ActivityEnvironment, 'hosts' | 'instance'>,
  cluster: Cluster,
  wish: { host?: string; without?: string },
): Promise<Member> {
  const { host } = wish;
  if (host !== undefined) {
    const [problem] = hostProblems(env, { hosts: [...cluster.definition.hosts.filter((each) => each !== host), host] }).slice(-1);
    if (problem) throw failure('InvalidInput', problem.message, [{ path: 'host', message: problem.message }]);
    return placeOn(env, cluster, hostOf(env, host));
  }
  const silent: string[] = [];
  for (const name of hostsByRoom(cluster, wish.without)) {
    const found = env.hosts.get(name);
    if (!found) continue;
    try {
      return await placeOn(env, cluster, found);
    } catch (error) {
      if (codeOf(error) !== 'EngineUnavailable') throw error;
      silent.push(name);
    }
  }
  throw failure(
    'EngineUnavailable',
    `no host of cluster ${cluster.definition.name} has room: ${silent.join(', ') || 'none'} did not answer`,
  );
}

async function placeOn(env: Pick<ActivityEnvironment, 'instance'>, cluster: Cluster, host: Host): Promise<Member> {
  const { name: clusterName } = cluster.definition;
  const number = nextNumber(cluster);
  const name = `${clusterName}-${number}`;
  const container = objectName(env.instance, clusterName, name);
  return {
    name,
    serverId: number,
    host: host.name,
    address: host.address ?? (await addressOn(env, cluster, host)),
    port: host.address === undefined ? serverPort : (await portSource(host, clusterName, 1, portsOn(cluster, host.address)))(),
    container,
    volume: objectName(env.instance, clusterName, name, 1),
  };
}

/** A place in the cluster's own small network on the one local engine. */
async function addressOn(env: Pick<ActivityEnvironment, 'instance'>, cluster: Cluster, host: Host): Promise<string> {
  const { name } = cluster.definition;
  const [network] = await ask(host, () => host.engine.listNetworks({ filters: ownedBy(env.instance, name, 'network') }));
  const subnet = network?.IPAM?.Config?.[0]?.Subnet;
  if (subnet === undefined) throw failure('EngineUnavailable', `cluster ${name} has no network on host ${host.name}`, [], false);
  const address = freeMemberAddress(subnet, new Set(cluster.members.map((member) => member.address)));
  if (address === undefined) throw failure('PrecheckFailed', `the network of cluster ${name} has no room for another member`);
  return address;
}
