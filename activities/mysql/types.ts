/**
 * The two seams between drydock and a MySQL or MariaDB server: a session, and a flavor that knows the SQL of one version.
 * Everything above speaks in these verbs; no other folder writes replication SQL.
 */
import type { FilePosition, Position, ReplicationView, SemiSyncView } from '../../schemas/observation';
import type { Purpose } from '../../schemas/names';
import type { Member } from '../../schemas/topology';

/** One connection to one member. Errors are redacted and carry the server's `errno`. */
export interface Session {
  readonly member: string;
  readonly connectionId: number;
  readonly serverVersion: string;
  /** MySQL 5.6 and 5.7: whether the server runs with GTID; undefined where the version alone tells. */
  readonly gtid?: boolean;
  /** Rows of a query. Rejects after `timeoutMs` (default: that of the connection) and then closes the session. */
  query<Row = Record<string, unknown>>(sql: string, values?: unknown[], timeoutMs?: number): Promise<Row[]>;
  /** Resolves once, when the other side closed or the session was ended. `at` is performance.now(). */
  readonly closed: Promise<{ at: number; error: string }>;
  readonly open: boolean;
  /** Closes at once, without a farewell. */
  end(): void;
}

export interface ConnectOptions {
  purpose: Purpose;
  /** Default 500. A dead container's address may answer nothing at all. */
  connectTimeoutMs?: number;
  /** Default bound of each query, 5000. */
  queryTimeoutMs?: number;
  /** One query may hold several statements, separated by semicolons; never with values of others in it. */
  manyStatements?: boolean;
}

export type Connect = (cluster: string, member: Member, options: ConnectOptions) => Promise<Session>;

export interface ApplicationSession {
  connectionId: number;
  user: string;
  host: string;
  inTransaction: boolean;
  /** The server's number of the open transaction: the next one on the same connection has another. */
  transaction?: string;
  /** A statement is being executed now. */
  executing: boolean;
  seconds: number;
}

/** How the operation account speaks to one version. All methods are idempotent. */
export interface Flavor {
  readonly engine: 'mysql' | 'mariadb';
  /** Major and minor, `8.0`. */
  readonly version: string;
  readonly gtid: boolean;
  readonly superReadOnly: boolean;
  /** GET_LOCK keeps earlier locks of the session (MySQL 5.7, MariaDB 10.0.2 and later). */
  readonly manyLocks: boolean;

  /** Strongest read-only there is; waits for commits under way. */
  setReadOnly(session: Session, timeoutMs?: number): Promise<void>;
  /**
   * setReadOnly, and right after it these connections are closed, all in one message: what arrives in between is an error of its client.
   * One that is gone already ends the message, and those behind it stay. Needs a session that takes many statements.
   */
  fence(session: Session, connectionIds: number[], timeoutMs?: number): Promise<void>;
  /** The same if no application executes a statement at this moment, else nothing; answers which. The server looks and acts in one message. */
  fenceIfQuiet(session: Session, connectionIds: number[], timeoutMs?: number): Promise<boolean>;
  /** super_read_only off, read_only on: only accounts with the privilege write. A no-op where there is no super_read_only. */
  openForOperation(session: Session): Promise<void>;
  setWritable(session: Session): Promise<void>;
  readOnly(session: Session): Promise<{ readOnly: boolean; superReadOnly: boolean }>;

  /** All that was executed (GTID where there is one) and the end of its own binary log. */
  executed(session: Session): Promise<Position>;
  ownBinlog(session: Session): Promise<FilePosition>;
  replication(session: Session): Promise<ReplicationView | null>;
  /** Waits until the position of the source was applied; false on time-out. Rejects when the applier is stopped by an error. */
  waitApplied(session: Session, position: Position, timeoutMs: number): Promise<boolean>;
  /** Waits until everything in the relay log was applied (receiver stopped); false on time-out. */
  waitDrained(session: Session, timeoutMs: number): Promise<boolean>;

  stopReceiver(session: Session): Promise<void>;
  startApplier(session: Session): Promise<void>;
  stopReplication(session: Session): Promise<void>;
  /** Forgets its source: RESET REPLICA ALL. Only after everything was applied. */
  detach(session: Session): Promise<void>;
  /** Replicates from `source`; by GTID where there is one, else from `from`. Starts both threads. Without `delaySeconds` its delay stays. */
  follow(
    session: Session,
    source: { address: string; port: number; user: string; password: string; delaySeconds?: number; serverVersion?: string },
    from?: FilePosition,
  ): Promise<void>;

  semiSync(session: Session): Promise<SemiSyncView>;
  /** On, AFTER_SYNC where there is, no fall-back to async, wait without replicas. Only on the primary. */
  enableSemiSyncSource(session: Session, required: number): Promise<void>;
  disableSemiSyncSource(session: Session): Promise<void>;
  /** Commits, also an applier's, wait for no acknowledgement from here on; for a member that is about to replicate. */
  stopSemiSyncWaits(session: Session): Promise<void>;
  /** A running receiver must be restarted to take effect; this does it only when that is safe (relay log kept), and changes nothing else. */
  setSemiSyncReplica(session: Session, enabled: boolean): Promise<void>;

  applicationSessions(session: Session): Promise<ApplicationSession[]>;
  kill(session: Session, connectionIds: number[]): Promise<void>;
  /** Events run on the primary only: enables at promotion, disables at demotion; event_scheduler likewise. */
  setEvents(session: Session, running: boolean): Promise<void>;
}
