import { Context } from '@temporalio/activity';

import type { ActivityEnvironment, Host } from '../environment';
import { removeContainer, stopContainer } from './container';
import { concernedHosts } from './concerned-hosts';
import { ask, ifThere, stillWanted } from './engine';
import { operationOf, ownedBy, specOf } from './labels';

export interface Removal {
  removed: string[];
  kept: string[];
}

/**
 * Removes a cluster's containers and networks; volumes and passwords only with `deleteData`. With `operation` only what that
 * operation made: the way back of a creation, which must never touch what was there before.
 */
export async function removeCluster(env: ActivityEnvironment, cluster: string, deleteData: boolean, operation?: string): Promise<Removal> {
  const outcome: Removal = { removed: [], kept: [] };
  const { hosts, gone } = await concernedHosts(env, cluster);
  outcome.kept.push(...gone.map((name) => `whatever host ${name} has, which is not in the inventory`));
  for (const host of hosts) {
    stillWanted();
    await removeFrom(env, host, cluster, { deleteData, operation }, outcome);
  }
  // Passwords belong to the data: they go when nothing is left that needs them.
  const secrets = `clusters/${cluster}`;
  if (deleteData && outcome.kept.length === 0) await env.secrets.remove(secrets);
  else if (outcome.kept.length) outcome.kept.push(`secrets ${secrets}`);
  return outcome;
}

async function removeFrom(
  env: ActivityEnvironment,
  host: Host,
  cluster: string,
  what: { deleteData: boolean; operation?: string },
  outcome: Removal,
): Promise<void> {
  const chosen = (labels: Record<string, string> | null | undefined) =>
    what.operation === undefined || operationOf(labels) === what.operation;
  const filters = ownedBy(env.instance, cluster);
  const all = await ask(host, () => host.engine.listContainers({ all: true, filters }));
  const containers = all.filter(({ Labels }) => chosen(Labels));
  outcome.kept.push(...all.filter(({ Labels }) => !chosen(Labels)).map((each) => `container ${nameOf(each)}`));
  // Routers first: clients are turned away before servers stop.
  const routers = containers.filter(({ Labels }) => specOf('router', Labels));
  const members = containers.filter(({ Labels }) => specOf('member', Labels) ?? specOf('trial', Labels) ?? specOf('helper', Labels));
  const addresses = containers.filter(({ Labels }) => specOf('address', Labels) ?? specOf('tool', Labels));
  for (const group of [routers, members, addresses])
    await Promise.all(
      group.map(async (container) => {
        // Data that is kept is left as a clean stop leaves it.
        if (group === members && !what.deleteData) await beating(() => stopContainer(host, container.Id, false));
        if (await removeContainer(host, container.Id)) outcome.removed.push(`container ${nameOf(container)}`);
      }),
    );
  stillWanted();
  const { Volumes } = await ask(host, () => host.engine.listVolumes({ filters }));
  const records = (Volumes ?? []).filter(({ Labels }) => specOf('definition', Labels));
  for (const volume of (Volumes ?? []).filter((each) => !records.includes(each)))
    if (!what.deleteData || !chosen(volume.Labels)) outcome.kept.push(`volume ${volume.Name}`);
    else if (await removed(host, () => host.engine.getVolume(volume.Name).remove())) outcome.removed.push(`volume ${volume.Name}`);
  for (const network of await ask(host, () => host.engine.listNetworks({ filters })))
    if (!chosen(network.Labels)) outcome.kept.push(`network ${network.Name}`);
    else if (await removed(host, () => host.engine.getNetwork(network.Id).remove())) outcome.removed.push(`network ${network.Name}`);
  // They say what the networks' plan has become, and are worth nothing without.
  for (const { Name, Labels } of records) if (chosen(Labels)) await removed(host, () => host.engine.getVolume(Name).remove());
}

const nameOf = ({ Id, Names }: { Id: string; Names: string[] }): string => (Names[0] ?? Id).replace(/^\//, '');

/** False when another attempt removed it. */
async function removed(host: Host, remove: () => Promise<unknown>): Promise<boolean> {
  return (await ifThere(host, async () => (await remove(), true))) ?? false;
}

/** Heartbeats meanwhile: a clean stop of a large server takes up to a minute. */
async function beating<Result>(work: () => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 5000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
