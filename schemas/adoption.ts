/** What adoption sees of a cluster that others made, and what it answers. Plain types. */
import type { Problem } from './error-codes';
import type { MemberView } from './observation';

/** One member, as the administrator's account sees it. */
export interface ExaminedMember {
  name: string;
  address: string;
  port: number;
  /** Undefined when it answers. */
  unreachable?: string;
  view?: MemberView;
  engine?: 'mysql' | 'mariadb';
  /** `8.0.33` */
  version?: string;
  serverUuid?: string;
  /** Every setting that adoption may change, by the server's own name and as it is now: what undoes it. */
  settings: Record<string, string>;
  maxConnections?: number;
  logBin: boolean;
  /** Databases that its binary log is limited to or leaves out. */
  binlogFilters: string;
  gtidMode?: string;
  enforceGtidConsistency?: string;
  /** Account that it replicates with. */
  sourceUser?: string;
  /** It replicates by GTID; undefined when it does not replicate or has none. */
  autoPosition?: boolean;
  /** Undefined where the server does not tell. */
  startsReadOnly?: boolean;
  startsDetached?: boolean;
  /** The plug-ins of semi-sync are loaded under the names of this version. */
  semiSyncLoaded: boolean;
  enabledEvents: number;
  /** Events that another member made: on a primary drydock enables them. */
  sleepingEvents: number;
  /** Accounts of drydock that exist already, such as `drydock_op@%`. */
  ownAccounts: string[];
  /** The schema drydock exists already. */
  ownSchema: boolean;
  /** Schemas that look like the store of a Temporal server. */
  temporalSchemas: string[];
  /** Tables of applications that are not transactional. */
  otherTables: number;
  /** The administrator's account as this server knows it: `root@%`. */
  administrator?: string;
  /** What the administrator's account may not do. */
  administratorLacks: string[];
}

export interface Examination {
  members: ExaminedMember[];
  /** Passwords of drydock's accounts are in the secret store: this installation made them. */
  passwordsKnown: boolean;
  /** Programs of the commands that are not in the folder of this worker. */
  missingPrograms: string[];
}

/**
 * - `refused`: the cluster is not taken before it is mended.
 * - `changed`: drydock changes it when it takes the cluster.
 * - `named`: it is taken as it is; what that means is in the message.
 */
export type Verdict = 'refused' | 'changed' | 'named';

export interface Difference extends Problem {
  verdict: Verdict;
  remedy: string;
}

/** Answer of a dry run. */
export interface AdoptionReport {
  cluster: string;
  /** Nothing refuses it. */
  fit: boolean;
  engine?: string;
  version?: string;
  durability: string;
  primary?: string;
  members: { name: string; address: string; role: string }[];
  differences: Difference[];
  /** Schema and accounts that drydock makes in it. */
  makes: string[];
  routers: number;
}

type Place = Pick<ExaminedMember, 'address' | 'port'>;

/** Who is the primary: the one member that replicates from nobody and that others replicate from. Undefined when that is not clear. */
export function primaryOf(members: ExaminedMember[]): ExaminedMember | undefined {
  const follows = (member: ExaminedMember, place: Place): boolean =>
    member.view?.replication?.sourceAddress === place.address && member.view.replication.sourcePort === place.port;
  const free = members.filter(({ view }) => view && !view.replication);
  const followed = free.filter((member) => members.some((other) => follows(other, member)));
  const [primary, second] = followed.length > 0 || members.length > 1 ? followed : free;
  return second ? undefined : primary;
}
