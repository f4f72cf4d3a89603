import type { ClusterDefinition } from '../../schemas/cluster';
import type { Cluster, Member, Router } from '../../schemas/topology';
import type { Host } from '../environment';
import { routerPorts } from '../router/configuration';
import { objectName } from './labels';
import { memberAddress, routerAddress } from './subnets';

const serverPort = 3306;
const loopback = '127.0.0.1';

export type HostAddress = Pick<Host, 'name' | 'address'>;

/** Where a cluster's published ports are: on the host's address, and on the loopback address of the one local engine. */
export const publishedOn = (host: HostAddress): string => host.address ?? loopback;

/** The host of the member or router with this index: spread in turn. */
export function hostFor(hosts: HostAddress[], index: number): HostAddress {
  const host = hosts[index % hosts.length];
  if (!host) throw new RangeError('a cluster needs a host');
  return host;
}

/**
 * Names and addresses of everything that a cluster will be made of. On the one local engine members and admin ports are reached
 * at their containers; on hosts with an address everything is published there. `nextPort` gives a free port of a host.
 */
export function planCluster(
  definition: ClusterDefinition,
  hosts: HostAddress[],
  subnet: string,
  instance: string,
  nextPort: (host: HostAddress) => number,
): Cluster {
  const { name } = definition;
  const members = Array.from({ length: definition.replicas + 1 }, (_, index): Member => {
    const host = hostFor(hosts, index);
    const member = `${name}-${index + 1}`;
    return {
      name: member,
      serverId: index + 1,
      host: host.name,
      address: host.address ?? memberAddress(subnet, index),
      port: host.address === undefined ? serverPort : nextPort(host),
      container: objectName(instance, name, member),
      volume: objectName(instance, name, member, 1),
    };
  });
  return { definition, members, routers: planRouters(definition, hosts, subnet, instance, nextPort) };
}

/** Those of a cluster in front of which drydock's routers stand; the first one has the ports that its file names. */
export function planRouters(
  { name, routers, ports }: Pick<ClusterDefinition, 'name' | 'routers' | 'ports'>,
  hosts: HostAddress[],
  subnet: string,
  instance: string,
  nextPort: (host: HostAddress) => number,
): Router[] {
  return Array.from({ length: routers }, (_, index): Router => {
    const host = hostFor(hosts, index);
    const given = index === 0 ? ports : {};
    const router = `${name}-router-${index + 1}`;
    return {
      name: router,
      host: host.name,
      container: objectName(instance, name, router),
      address: host.address ?? routerAddress(subnet, index),
      adminPort: host.address === undefined ? routerPorts.admin : nextPort(host),
      write: { host: publishedOn(host), port: given.write ?? nextPort(host) },
      read: { host: publishedOn(host), port: given.read ?? nextPort(host) },
    };
  });
}
