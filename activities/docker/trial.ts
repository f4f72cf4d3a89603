import type { Cluster, Member } from '../../schemas/topology';
import { trialName } from '../../schemas/upgrade';
import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';
import { inspectContainer, removeContainer } from './container';
import { concernedHosts } from './concerned-hosts';
import { ask, hostOf, ifThere, stillWanted } from './engine';
import { objectName, operationOf, ownedBy, specOf } from './labels';
import { createMember } from './member';
import { planOn } from './network';
import { portSource } from './prepare';
import { readyHost } from './ready-host';
import { lastFreeMemberAddress } from './subnets';

/** Members are numbered from 1: none ever gets here. */
const trialServerId = 4_000_000_000;

/**
 * A server beside the cluster, of the version that `trial` names, on the host of the donor. It is no member: `describeCluster` does not know it, so
 * nobody reads from it, waits for it or promotes it. One that another operation left is removed first. A second run goes on with the first one's.
 */
export async function createTrial(env: ActivityEnvironment, operation: string, trial: Cluster, donor: string): Promise<Member> {
  const { name } = trial.definition;
  const host = hostOf(env, trial.members.find((member) => member.name === donor)?.host ?? '');
  const found = await inspectContainer(host, objectName(env.instance, name, trialName(name)));
  const mine = operationOf(found?.Config.Labels) === operation ? specOf('trial', found?.Config.Labels) : undefined;
  if (!mine) await removeTrial(env, name, operation);
  stillWanted();
  await readyHost(env, operation, trial.definition, host.name);
  const member = mine ?? (await planTrial(env, trial, host));
  await createMember(env, operation, trial.definition, member, 'trial');
  return member;
}

async function planTrial(env: ActivityEnvironment, trial: Cluster, host: Host): Promise<Member> {
  const cluster = trial.definition.name;
  const name = trialName(cluster);
  const container = objectName(env.instance, cluster, name);
  const place = host.address === undefined ? { address: await freeAddress(env, trial, host), port: 3306 } : undefined;
  return {
    name,
    serverId: trialServerId,
    host: host.name,
    ...(place ?? { address: host.address ?? '', port: (await portSource(host, cluster, 1))() }),
    container,
    volume: objectName(env.instance, cluster, name, 1),
  };
}

/** From the end: the next member that is added takes the first. */
export async function freeAddress(env: ActivityEnvironment, { definition, members }: Cluster, host: Host): Promise<string> {
  const { name } = definition;
  const network = await planOn(host, env.instance, name);
  const found = network && (await ifThere(host, () => host.engine.getNetwork(network.id).inspect()));
  const { IPAM, Containers } = (found ?? {}) as {
    IPAM?: { Config?: { Subnet?: string }[] };
    Containers?: Record<string, { IPv4Address?: string }>;
  };
  const subnet = IPAM?.Config?.[0]?.Subnet;
  if (subnet === undefined) throw failure('MemberUnreachable', `cluster ${name} has no network on host ${host.name}`, [], false);
  const inUse = Object.values(Containers ?? {}).map(({ IPv4Address = '' }) => IPv4Address.split('/')[0] ?? '');
  const address = lastFreeMemberAddress(subnet, new Set([...members.map((member) => member.address), ...inUse]));
  if (address === undefined) throw failure('PrecheckFailed', `the network of cluster ${name} has no room for another server`);
  return address;
}

/** Container, address and data of a trial, whichever operation made it, but those of `spared`. Safe to repeat. Answers what is gone. */
export async function removeTrial(env: ActivityEnvironment, cluster: string, spared?: string): Promise<string[]> {
  const removed: string[] = [];
  const { hosts } = await concernedHosts(env, cluster);
  for (const host of hosts) {
    stillWanted();
    const containers = await ask(host, () => host.engine.listContainers({ all: true, filters: ownedBy(env.instance, cluster) }));
    const name = trialName(cluster);
    // Another attempt of the same operation may be at work.
    const wanted = (labels: Record<string, string> | null): boolean => spared === undefined || operationOf(labels) !== spared;
    const ours = containers.filter(
      ({ Labels }) =>
        wanted(Labels) &&
        (specOf('trial', Labels) !== undefined || specOf('address', Labels)?.member === name || specOf('helper', Labels)?.member === name),
    );
    // The server before the address that it borrows.
    for (const { Id, Names } of ours.sort(
      (a, b) => Number(specOf('address', a.Labels) !== undefined) - Number(specOf('address', b.Labels) !== undefined),
    ))
      if (await removeContainer(host, Id)) removed.push(`container ${(Names[0] ?? Id).replace(/^\//, '')}`);
    const { Volumes } = await ask(host, () => host.engine.listVolumes({ filters: ownedBy(env.instance, cluster, 'volume') }));
    for (const volume of Volumes ?? [])
      if (wanted(volume.Labels) && specOf('volume', volume.Labels)?.member === name && (await gone(host, volume.Name)))
        removed.push(`volume ${volume.Name}`);
  }
  return removed;
}

const gone = async (host: Host, volume: string): Promise<boolean> =>
  (await ifThere(host, async () => (await ask(host, () => host.engine.getVolume(volume).remove()), true))) ?? false;
