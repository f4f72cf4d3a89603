import type { ClusterDefinition } from '../../schemas/cluster';
import type { Cluster, Router } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';
import { readAdminCertificates } from '../router/certificates';
import { routerConfiguration, routerFiles, routerPorts } from '../router/configuration';
import { ensureContainer, inspectContainer, removeContainer, startContainer } from './container';
import { hostOf, reasonOf, stillWanted } from './engine';
import { routerImage } from './images';
import { labelsOf, specOf } from './labels';
import { networkName } from './network';
import { publishedOn } from './plan';
import { choosePorts, isPortConflict, portIsFree } from './ports';
import type { ContainerFile } from './tar';
import { waitForRouter } from './wait-for-server';

/** User `haproxy` of images/haproxy. */
const routerUser = 472;
/** Ports that drydock chose are chosen again so many times when somebody was faster. */
const portTries = 5;

function containerOptions(env: ActivityEnvironment, operation: string, definition: ClusterDefinition, router: Router, host: Host) {
  const network = networkName(env.instance, definition.name);
  const at = (port: number) => [{ HostIp: publishedOn(host), HostPort: String(port) }];
  return {
    name: router.container,
    Image: routerImage,
    Hostname: router.name,
    Labels: labelsOf(env.instance, operation, definition.name, 'router', router.name, router),
    StopTimeout: 1,
    HostConfig: {
      NetworkMode: network,
      PortBindings: {
        [`${routerPorts.write}/tcp`]: at(router.write.port),
        [`${routerPorts.read}/tcp`]: at(router.read.port),
        ...(host.address === undefined ? {} : { [`${routerPorts.admin}/tcp`]: at(router.adminPort) }),
      },
      // It may come back by itself: it starts closed.
      RestartPolicy: { Name: 'unless-stopped' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: {
          Aliases: [router.name],
          ...(host.address === undefined ? { IPAMConfig: { IPv4Address: router.address } } : {}),
        },
      },
    },
  };
}

async function routerFilesFor(env: ActivityEnvironment, definition: ClusterDefinition): Promise<ContainerFile[]> {
  const certificates = await readAdminCertificates(env.secrets, definition.name);
  return [
    { path: routerFiles.configuration, content: routerConfiguration(definition), mode: 0o444 },
    { path: routerFiles.server, content: certificates.server + certificates.serverKey, mode: 0o400, owner: routerUser },
    { path: routerFiles.authority, content: certificates.authority, mode: 0o444 },
  ];
}

/** The router with other ports where drydock chose them; undefined when a person asked for all of them. */
async function withOtherPorts(definition: ClusterDefinition, cluster: Cluster, router: Router, host: Host, attempt: number) {
  const given = cluster.routers[0]?.name === router.name ? definition.ports : {};
  if (given.write !== undefined && given.read !== undefined) return undefined;
  const address = publishedOn(host);
  const free: number[] = [];
  const taken = new Set([router.write.port, router.read.port, router.adminPort]);
  while (free.length < 3)
    for (const port of choosePorts(`${router.name} ${attempt}`, 3 - free.length, taken)) {
      taken.add(port);
      if (host.address !== undefined || (await portIsFree(port, address))) free.push(port);
    }
  const [write = 0, read = 0, adminPort = 0] = free;
  return {
    ...router,
    write: { host: address, port: given.write ?? write },
    read: { host: address, port: given.read ?? read },
    adminPort: host.address === undefined ? router.adminPort : adminPort,
  };
}

/**
 * Creates and starts a router; it is closed until it is told the epoch. When somebody took one of the ports that drydock chose
 * in the meantime, others are chosen; `describeCluster` tells which. Throws InvalidInput when a port that a person chose is in use.
 */
export async function createRouter(
  env: ActivityEnvironment,
  operation: string,
  definition: ClusterDefinition,
  cluster: Cluster,
  router: Router,
): Promise<void> {
  const host = hostOf(env, router.host);
  const files = await routerFilesFor(env, definition);
  const there = await inspectContainer(host, router.container);
  let wanted = specOf('router', there?.Config.Labels) ?? router;
  for (let attempt = 1; ; attempt++) {
    stillWanted();
    await ensureContainer(host, containerOptions(env, operation, definition, wanted, host));
    try {
      await startContainer(host, wanted.container, files);
      return await waitForRouter(host, wanted);
    } catch (error) {
      if (!isPortConflict(reasonOf(error))) throw error;
      const other = attempt < portTries ? await withOtherPorts(definition, cluster, wanted, host, attempt) : undefined;
      if (!other)
        throw failure('InvalidInput', `router ${router.name}: ${reasonOf(error)}`, [
          { path: 'cluster.ports', message: `${wanted.write.port} or ${wanted.read.port} on ${publishedOn(host)} is in use` },
        ]);
      wanted = other;
      // It never ran: only its label and its ports are lost.
      await removeContainer(host, router.container);
    }
  }
}
