import { clusterDefinition } from '../../../schemas/cluster';
import type { Cluster, Member } from '../../../schemas/topology';

/** What became of a simulated member. */
export type Health = 'serves' | 'killed' | 'hangs';

/** One simulated cluster: what its members know, and what an engine would say of their containers. All members share one truth. */
export class SimulatedCluster {
  /** Value of the heartbeat row; replicas have it at once. */
  heartbeat = 0;
  /** Transactions of the primary; it grows with each heartbeat. */
  transactions = 100;
  private readonly health = new Map<string, Health>();

  constructor(
    readonly cluster: Cluster,
    readonly uuid: string,
  ) {}

  get name(): string {
    return this.cluster.definition.name;
  }

  get primary(): Member {
    const [first] = this.cluster.members;
    if (!first) throw new Error(`${this.name} has no members`);
    return first;
  }

  get gtid(): string {
    return `${this.uuid}:1-${this.transactions}`;
  }

  healthOf(member: string): Health {
    return this.health.get(member) ?? 'serves';
  }

  becomes(member: string, health: Health): void {
    this.health.set(member, health);
  }

  write(heartbeat: number): void {
    this.heartbeat = heartbeat;
    this.transactions += 1;
  }
}

/** A cluster of one primary and two replicas as `createCluster` would have made it, at these ports of this machine. */
export function clusterAt(name: string, memberPorts: number[], adminPort: number): Cluster {
  const address = '127.0.0.1';
  return {
    definition: clusterDefinition.parse({ name, engine: 'mysql', version: '8.0', replicas: memberPorts.length - 1 }),
    members: memberPorts.map((port, index) => ({
      name: `${name}-${index + 1}`,
      serverId: index + 1,
      host: 'local',
      address,
      port,
      container: `simulated.${name}.${index + 1}`,
      volume: `simulated.${name}.${index + 1}`,
    })),
    routers: [
      {
        name: 'router-1',
        host: 'local',
        container: `simulated.${name}.router-1`,
        address,
        adminPort,
        // Nobody connects to these.
        write: { host: address, port: 1 },
        read: { host: address, port: 2 },
      },
    ],
  };
}
