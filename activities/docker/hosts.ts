import type { ClusterDefinition } from '../../schemas/cluster';
import type { Problem } from '../../schemas/error-codes';
import type { ActivityEnvironment, Host } from '../environment';
import { failure } from '../failure';

type Hosts = Pick<ActivityEnvironment, 'hosts'>;

/** What is wrong with the hosts that a definition names, by its path. */
export function hostProblems({ hosts: known }: Hosts, { hosts }: Pick<ClusterDefinition, 'hosts'>): Problem[] {
  return hosts.flatMap((name, index): Problem[] => {
    const host = known.get(name);
    const path = `cluster.hosts.${index}`;
    if (!host) return [{ path, message: `${name} is not in the inventory; known are ${[...known.keys()].join(', ')}` }];
    if (host.address !== undefined || hosts.length === 1) return [];
    return [{ path, message: `${name} has no address in the inventory, which hosts that share a cluster need` }];
  });
}

/** Throws InvalidInput with every problem. */
export function refuseHosts(env: Hosts, definition: Pick<ClusterDefinition, 'hosts'>): void {
  const problems = hostProblems(env, definition);
  if (problems.length > 0) throw failure('InvalidInput', problems.map(({ path, message }) => `${path}: ${message}`).join('; '), problems);
}

/** The hosts that a definition names. Throws InvalidInput with every problem. */
export function hostsOf(env: Hosts, definition: Pick<ClusterDefinition, 'hosts'>): Host[] {
  refuseHosts(env, definition);
  return definition.hosts.flatMap((name) => env.hosts.get(name) ?? []);
}
