/**
 * What drydock sees of a cluster at one moment. Plain data: decisions (who is dead, who is promoted) are pure functions over it.
 */

/**
 * How a member answered.
 * - `answers`: a query came back.
 * - `refused`: the connection was refused or the address is unreachable at once (nothing listens).
 * - `closed`: an open connection was closed by the other side and no new one could be made yet.
 * - `silent`: nothing came back within the probe's bound (hung or cut off).
 * - `busy`: it answered, but not with data: Too many connections, shutdown in progress. That is not a death.
 * - `denied`: it answered with access denied or an unknown account. That is not a death.
 */
export type Reach = 'answers' | 'refused' | 'closed' | 'silent' | 'busy' | 'denied';

/** What the engine says of a member's container; `unknown` when it was not asked or did not answer. */
export type ContainerState = 'running' | 'paused' | 'stopped' | 'missing' | 'unknown';

export interface FilePosition {
  file: string;
  position: number;
}

/** A place in the stream of writes. GTID sets are normalised (no white space); `file` is the member's own binary log. */
export interface Position {
  gtid?: string;
  file?: FilePosition;
}

export interface ReplicationView {
  /** Address and port that it replicates from. */
  sourceAddress: string;
  sourcePort: number;
  receiver: 'running' | 'connecting' | 'stopped';
  applier: 'running' | 'stopped';
  /** Everything received into the relay log: a GTID set (received and executed together) and/or coordinates in the SOURCE's binary log. */
  received: Position;
  /** Everything applied: a GTID set and/or coordinates in the SOURCE's binary log. */
  applied: Position;
  /** True when all of the relay log was applied. */
  drained: boolean;
  lagSeconds: number | null;
  receiverError?: { code: number; message: string };
  applierError?: { code: number; message: string };
  /** Configured delay in seconds. */
  delaySeconds: number;
  /** Replication filters are configured. */
  filtered: boolean;
  /** A parallel applier that does not keep the commit order may have gaps until it was stopped cleanly. */
  mayHaveGaps: boolean;
}

export interface SemiSyncView {
  /** False when the version has it as a plug-in that is not loaded. */
  available: boolean;
  sourceEnabled: boolean;
  replicaEnabled: boolean;
  /** Replicas connected that may acknowledge. */
  clients: number;
  /** Acknowledgements required (1 where the version has no setting). */
  required: number;
  waitPoint: 'AFTER_SYNC' | 'AFTER_COMMIT';
  timeoutMs: number;
  waitNoReplica: boolean;
  /** Commits that were not acknowledged by semi-sync since start (Rpl_semi_sync_*_no_tx). */
  unacknowledged: number;
  /** Sessions that wait for an acknowledgement now. */
  waiting: number;
}

/** Who holds up writes on a primary that answers: never a death. */
export interface Blocker {
  kind: 'acknowledgement' | 'global-read-lock' | 'metadata-lock' | 'disk-full' | 'read-only' | 'other';
  detail: string;
  seconds: number;
}

export interface LongWork {
  kind: 'transaction' | 'ddl' | 'statement';
  connection: number;
  user: string;
  seconds: number;
  /** First 100 characters, literals replaced by `?`. */
  statement: string;
}

/** Durability and safety settings that design.md section 6 rule 1 asks for, read back from the server. */
export interface SettingsView {
  syncBinlog: number;
  flushLogAtCommit: number;
  syncRelayLog: number | null;
  relayLogRecovery: boolean;
  logReplicaUpdates: boolean;
  binlogFormat: string;
  eventScheduler: boolean;
  gtidStrict?: boolean;
}

export interface MemberView {
  name: string;
  reach: Reach;
  /** Why it did not answer, in the server's or the system's words, redacted. */
  error?: string;
  container: ContainerState;
  /** All below only when `reach` is `answers`. */
  serverId?: number;
  version?: string;
  readOnly?: boolean;
  superReadOnly?: boolean;
  /** What it has executed: GTID set (MySQL: gtid_executed; MariaDB: gtid_current_pos) and its own binary log's end. */
  executed?: Position;
  /** What its binary logs no longer hold (MySQL: gtid_purged). */
  purged?: Position;
  replication?: ReplicationView;
  semiSync?: SemiSyncView;
  settings?: SettingsView;
  /** Highest row of the journal: what it believes. */
  journal?: { epoch: number; primary: string };
  /** Privileges that let an application account write on a read-only server. */
  privilegedApplications?: string[];
  longWork?: LongWork[];
  blockers?: Blocker[];
  /** Transactions that the primary does not have (computed by the observer when both answer; empty string or undefined: none). */
  errant?: string;
}

export interface RouterView {
  name: string;
  reachable: boolean;
  error?: string;
  /** 0 when it was not told yet since its start. */
  epoch: number;
  primary: { address: string; port: number } | null;
  held: boolean;
  open: boolean;
  sessions: number;
  /** Most connections that its ports take now; `write` is 0 while it holds. */
  limits?: { write: number; read: number };
  readers: string[];
}

export interface Observation {
  /** ISO time. */
  at: string;
  members: MemberView[];
  routers: RouterView[];
}
