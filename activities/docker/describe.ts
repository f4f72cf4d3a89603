import type { Cluster, Member, Router } from '../../schemas/topology';
import type { ActivityEnvironment, Host } from '../environment';
import { codeOf } from '../failure';
import { ask } from './engine';
import { ownedBy, specOf } from './labels';
import { planOn } from './network';

interface Found {
  plan?: Cluster;
  members: Member[];
  routers: Router[];
}

async function lookAt(env: ActivityEnvironment, host: Host, cluster: string): Promise<Found> {
  const [network, containers] = await Promise.all([
    planOn(host, env.instance, cluster),
    ask(host, () => host.engine.listContainers({ all: true, filters: ownedBy(env.instance, cluster) })),
  ]);
  const members = containers.flatMap((container) => specOf('member', container.Labels) ?? []);
  // The volume may have been replaced since; the mount tells.
  for (const member of members) {
    const mount = containers
      .find((container) => specOf('member', container.Labels)?.name === member.name)
      ?.Mounts.find((each) => each.Type === 'volume' && each.Name);
    if (mount?.Name) member.volume = mount.Name;
  }
  return { plan: network?.plan, members, routers: containers.flatMap((container) => specOf('router', container.Labels) ?? []) };
}

/** What was found takes the place of what was planned, by name; what is missing stays as planned. */
export function overlay<Item extends { name: string }>(planned: Item[], found: Item[]): Item[] {
  const byName = new Map([...planned, ...found].map((item) => [item.name, item]));
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/**
 * What exists of a cluster, from labels. A member whose container was removed or whose host does not answer is still named:
 * who may have acknowledged must be counted in full. Null when no host knows the cluster. Throws EngineUnavailable when none
 * that answers knows it and some did not answer.
 */
export async function describeCluster(env: ActivityEnvironment, cluster: string): Promise<Cluster | null> {
  const found: Found[] = [];
  let silent: Error | undefined;
  const looks = [...env.hosts.values()].map(async (host) => {
    try {
      found.push(await lookAt(env, host, cluster));
    } catch (error) {
      if (!(error instanceof Error) || codeOf(error) !== 'EngineUnavailable') throw error;
      silent = error;
    }
  });
  await Promise.all(looks);
  const plan = found.find((each) => each.plan)?.plan;
  if (!plan) {
    if (silent) throw silent;
    return null;
  }
  return {
    definition: plan.definition,
    created: plan.created,
    members: overlay(
      plan.members,
      found.flatMap((each) => each.members),
    ),
    routers: overlay(
      plan.routers,
      found.flatMap((each) => each.routers),
    ),
  };
}
