import type { ClusterDefinition } from './cluster';

/** One server of a cluster, as its container's label tells. Address and port are how peers, routers and workers reach it. */
export interface Member {
  name: string;
  serverId: number;
  host: string;
  /** Of its host, by the inventory as it is now. */
  dataCentre?: string;
  address: string;
  port: number;
  container: string;
  volume: string;
  /** Made by others and no container of drydock (docs/adoption.md): no engine is asked about it; `container` and `volume` are empty. */
  adopted?: true;
  /** The user's commands for this member. */
  commands?: MemberCommands;
  /** Members that replace each other: 1 when not given, each upgrade adds one. */
  generation?: number;
  /** Of a member that an upgrade made; else those of the definition. `image` belongs to `version`. */
  version?: string;
  image?: string;
  /** Beside those of the definition. */
  settings?: Record<string, string>;
}

/** Lists of words; the first is the name of a program in the installation's folder `commands`. */
export interface MemberCommands {
  fence?: string[];
  start?: string[];
  status?: string[];
  timeoutSeconds: number;
}

/** One HAProxy of a cluster. `write` and `read` are where clients connect to. */
export interface Router {
  name: string;
  host: string;
  container: string;
  /** Where the authenticated admin port is reached by workers. */
  address: string;
  adminPort: number;
  write: Endpoint;
  read: Endpoint;
}

export interface Endpoint {
  host: string;
  port: number;
}

/** What exists of a cluster: read from Docker labels (`describeCluster`), never from memory. */
export interface Cluster {
  definition: ClusterDefinition;
  /** ISO time at which it was made (its first plan): tells two clusters apart that had the same name. */
  created?: string;
  members: Member[];
  routers: Router[];
  adoption?: Adoption;
  /** How often its plan was changed since it was made: the highest that any host knows is true. */
  revision?: number;
  /** Members that were taken out for good. Their names and server ids are never given again. */
  removed?: string[];
  /** It has members of two generations: an upgrade is under way, or its window is open. */
  upgrade?: UpgradeRecord;
}

/**
 * - `building`: the new generation is made; only the old one counts.
 * - `cutting`: from the old to the new generation: both count until the journal names a primary of the new one.
 * - `returning`: back from the new to the old one: both count until the journal names a primary of the old one.
 */
export type Standing = 'building' | 'cutting' | 'returning';

/** What the plan of a cluster says of an upgrade that is under way, its window included. */
export interface UpgradeRecord {
  operation: string;
  /** Members of this generation are the new ones; all others are the old ones. */
  generation: number;
  standing: Standing;
}

/** How a cluster that others made came here. */
export interface Adoption {
  /** Operation that took it. */
  operation: string;
  /** Whose account makes and drops drydock's own; the password is read from this file of the worker's machine. */
  administrator: { user: string; passwordFile: string };
}

/** A cluster with who is primary in which epoch: what `cluster show` and the guard know. */
export interface ClusterState extends Cluster {
  epoch: number;
  primary: string;
}
