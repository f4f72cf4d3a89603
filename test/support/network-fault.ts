/**
 * Faults of the network between members, for as long as some work lasts; undone whatever becomes of it. Nothing outside of the members'
 * own containers is touched: a member is unplugged by the engine, packets are dropped inside of its network namespace. The container that
 * is given is the one that holds the namespace.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type Docker from 'dockerode';

const execute = promisify(execFile);

/** The member's cable is pulled: nobody reaches it and it reaches nobody, and no connection is closed. Plugged in again under the same address. */
export async function whileUnplugged<Result>(engine: Docker, container: Docker.Container, work: () => Promise<Result>): Promise<Result> {
  const plug = await plugOf(container);
  if (!plug) throw new Error(`container ${container.id} is in no network`);
  const network = engine.getNetwork(plug.network);
  await network.disconnect({ Container: container.id, Force: true });
  try {
    return await work();
  } finally {
    // An engine that was told to start it meanwhile has plugged it in by itself, under any address.
    const now = await plugOf(container);
    if (now) await network.disconnect({ Container: container.id, Force: true });
    await network.connect({
      Container: container.id,
      EndpointConfig: { Aliases: plug.aliases, IPAMConfig: { IPv4Address: plug.address } },
    });
  }
}

interface Plug {
  network: string;
  address: string;
  aliases: string[];
}

/** As the engine tells it; null where nothing was asked for. */
interface Endpoint {
  IPAddress: string;
  IPAMConfig: { IPv4Address?: string } | null;
  Aliases: string[] | null;
}

async function plugOf(container: Docker.Container): Promise<Plug | undefined> {
  const { NetworkSettings } = await container.inspect();
  const [found] = Object.entries(NetworkSettings.Networks);
  if (!found) return undefined;
  const [network, endpoint] = found;
  const { IPAddress, IPAMConfig, Aliases } = endpoint as Endpoint;
  return { network, address: IPAMConfig?.IPv4Address ?? IPAddress, aliases: Aliases ?? [] };
}

export interface Deaf {
  container: Docker.Container;
  /** Whose packets it does not get, and who does not get its packets. */
  addresses: string[];
}

/** Packets between each member and these addresses are dropped without a word; all others pass. */
export async function whileDeaf<Result>(deaf: Deaf[], work: () => Promise<Result>): Promise<Result> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const { container, addresses } of deaf) {
      const pid = await pidOf(container);
      for (const rule of addresses.flatMap(rulesFor)) {
        undo.push(() => withdraw(container, pid, rule));
        await inNetworkOf(pid, ['-I', ...rule]);
      }
    }
    return await work();
  } finally {
    for (const each of undo.reverse()) await each();
  }
}

type Rule = readonly [chain: 'INPUT' | 'OUTPUT', ...match: string[]];

const rulesFor = (address: string): Rule[] => [
  ['INPUT', '-s', address, '-j', 'DROP'],
  ['OUTPUT', '-d', address, '-j', 'DROP'],
];

/** A container that was started again meanwhile has a new namespace, in which the rule never was. */
async function withdraw(container: Docker.Container, pid: number, rule: Rule): Promise<void> {
  if ((await pidOf(container).catch(() => 0)) !== pid) return;
  // Not there when the cut itself failed half-way.
  await inNetworkOf(pid, ['-D', ...rule]).catch(() => undefined);
  const left = await inNetworkOf(pid, ['-C', ...rule]).then(
    () => true,
    () => false,
  );
  if (left) throw new Error(`the rule ${rule.join(' ')} could not be removed from container ${container.id}`);
}

async function inNetworkOf(pid: number, rule: readonly string[]): Promise<void> {
  await execute('nsenter', ['--target', String(pid), '--net', 'iptables', '--wait', ...rule]);
}

async function pidOf(container: Docker.Container): Promise<number> {
  const { State } = await container.inspect();
  if (!State.Running || State.Pid <= 0) throw new Error(`container ${container.id} does not run`);
  return State.Pid;
}

/** The address under which processes of this host reach the container, as seen by it. */
export async function hostAddressFor(container: Docker.Container): Promise<string> {
  const { NetworkSettings } = await container.inspect();
  const gateway = Object.values(NetworkSettings.Networks)[0]?.Gateway;
  if (!gateway) throw new Error(`the network of container ${container.id} has no gateway`);
  return gateway;
}
