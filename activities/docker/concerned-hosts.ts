import type { ActivityEnvironment, Host } from '../environment';
import { describeCluster } from './describe';

/**
 * The hosts that may have something of a cluster: those that it was made on. All of them while that can not be known, so that nothing is left
 * behind. A host that has nothing to do with it may be down; one that has, must answer. One that left the inventory is `gone`: a person says
 * by that that it does not come back.
 */
export async function concernedHosts(env: ActivityEnvironment, cluster: string): Promise<{ hosts: Host[]; gone: string[] }> {
  const found = await describeCluster(env, cluster);
  if (!found) return { hosts: [...env.hosts.values()], gone: [] };
  const { members, routers, definition } = found;
  const names = new Set([...definition.hosts, ...members.map(({ host }) => host), ...routers.map(({ host }) => host)]);
  return {
    hosts: [...env.hosts.values()].filter(({ name }) => names.has(name)),
    gone: [...names].filter((name) => !env.hosts.has(name)),
  };
}
