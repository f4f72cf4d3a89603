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
  members: Member[];
  routers: Router[];
}

/** A cluster with who is primary in which epoch: what `cluster show` and the guard know. */
export interface ClusterState extends Cluster {
  epoch: number;
  primary: string;
}
