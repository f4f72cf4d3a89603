import * as gtid from '../../../schemas/gtid';
import type { FilePosition, Position, ReplicationView, SemiSyncView } from '../../../schemas/observation';
import type { ApplicationSession, Flavor, Session } from '../types';
import { SessionError } from '../session-error';
import type { Version } from '../version';
import { setEvents } from './events';
import { quoteText } from './quote';
import { compareFiles, modernNames, replicationView, type StatusReading, type StatusRow } from './replication-status';
import { disableSource, enableSource, semiSyncRows, type SemiSyncWords, semiSyncView, stopWaiting } from './semi-sync';
import { applicationsExecuting, applicationSessions, kill, unknownThread } from './sessions';
import { poll, refuseStoppedApplier } from './wait';

export interface Source {
  address: string;
  port: number;
  user: string;
  password: string;
  delaySeconds?: number;
  /** Of the source, where it is known: it may be older. */
  serverVersion?: string;
}

/** The words that changed over the versions. */
export interface Words {
  thread: 'REPLICA' | 'SLAVE';
  binlogStatus: string;
  /** Empties the binary log (and what was executed, by GTID). */
  resetBinlog: string;
  semiSync: SemiSyncWords;
}

/** Replication that was never configured: stopping or detaching it is done already. */
const notConfigured = new Set([1200, 1198, 1617]);

/** Whoever was let through has committed, and may not have been told yet: closing its connection now would make that a lost answer. */
const letAnswersLeaveSeconds = 0.001;

/** One message; a session that is gone already ends it. */
async function untilUnknown(session: Session, statements: string[], boundMs: number): Promise<void> {
  try {
    await session.query(statements.join('; '), [], boundMs);
  } catch (error) {
    if (!(error instanceof SessionError && error.errno === unknownThread)) throw error;
  }
}

/** What all versions do alike; what they do not is left to their files. */
export abstract class BaseFlavor implements Flavor {
  abstract readonly engine: 'mysql' | 'mariadb';
  abstract readonly gtid: boolean;
  abstract readonly superReadOnly: boolean;
  abstract readonly manyLocks: boolean;
  readonly version: string;

  constructor(
    protected readonly exact: Version,
    readonly words: Words,
  ) {
    this.version = `${exact.major}.${exact.minor}`;
  }

  async setReadOnly(session: Session, timeoutMs = 1000): Promise<void> {
    const { lockWait, readOnly, boundMs } = this.readOnlyWords(timeoutMs);
    await session.query(lockWait);
    await session.query(readOnly, [], boundMs);
  }

  async fence(session: Session, connectionIds: number[], timeoutMs = 1000): Promise<void> {
    const { lockWait, readOnly, boundMs } = this.readOnlyWords(timeoutMs);
    const kills = connectionIds.map((id) => `KILL CONNECTION ${Math.trunc(id)}`);
    await untilUnknown(session, [lockWait, readOnly, `DO SLEEP(${letAnswersLeaveSeconds})`, ...kills], boundMs);
  }

  async fenceIfQuiet(session: Session, connectionIds: number[], timeoutMs = 1000): Promise<boolean> {
    const { lockWait, variable, boundMs } = this.readOnlyWords(timeoutMs);
    const look = `SET @drydock_busy=(${applicationsExecuting})`;
    const readOnly = `SET GLOBAL ${variable}=IF(@drydock_busy=0, 1, @@GLOBAL.${variable})`;
    const letAnswersLeave = `DO SLEEP(IF(@drydock_busy=0, ${letAnswersLeaveSeconds}, 0))`;
    // There is no session 0: it ends the message when nobody may be closed.
    const kills = connectionIds.map((id) => `KILL CONNECTION IF(@drydock_busy=0, ${Math.trunc(id)}, 0)`);
    await untilUnknown(session, [lockWait, look, readOnly, letAnswersLeave, ...kills], boundMs);
    const [row] = await session.query<{ busy: number | string }>('SELECT @drydock_busy AS busy');
    return Number(row?.busy) === 0;
  }

  /** The server itself must give up in time: a client that stops waiting would leave the statement to succeed later. */
  private readOnlyWords(timeoutMs: number): { lockWait: string; variable: string; readOnly: string; boundMs: number } {
    const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
    const variable = this.superReadOnly ? 'super_read_only' : 'read_only';
    return {
      lockWait: `SET SESSION lock_wait_timeout=${seconds}`,
      variable,
      readOnly: `SET GLOBAL ${variable}=1`,
      boundMs: seconds * 1000 + 500,
    };
  }

  async openForOperation(session: Session): Promise<void> {
    if (this.superReadOnly) await session.query('SET GLOBAL super_read_only=0');
  }

  async setWritable(session: Session): Promise<void> {
    // Switches super_read_only off too.
    await session.query('SET GLOBAL read_only=0');
  }

  async readOnly(session: Session): Promise<{ readOnly: boolean; superReadOnly: boolean }> {
    const [row] = await session.query<{ plain: number | string; strong: number }>(
      `SELECT @@GLOBAL.read_only AS plain, ${this.superReadOnly ? '@@GLOBAL.super_read_only' : '0'} AS strong`,
    );
    // MariaDB 12 has levels (OFF, ON, ...), older versions 0 and 1.
    return { readOnly: !['0', 'OFF'].includes(String(row?.plain)), superReadOnly: Number(row?.strong) === 1 };
  }

  abstract executed(session: Session): Promise<Position>;

  async ownBinlog(session: Session): Promise<FilePosition> {
    return (await this.binlogStatus(session)).file;
  }

  protected async binlogStatus(session: Session): Promise<{ file: FilePosition; gtid: string }> {
    const [row] = await session.query<{ File: string; Position: number; Executed_Gtid_Set?: string }>(this.words.binlogStatus);
    if (!row) throw new SessionError(session.member, 'the binary log is off; every member must have one (log_bin)', 'NO_BINLOG');
    return { file: { file: row.File, position: Number(row.Position) }, gtid: row.Executed_Gtid_Set ?? '' };
  }

  async replication(session: Session): Promise<ReplicationView | null> {
    const row = await this.statusRow(session);
    return row === null ? null : replicationView(row, await this.readStatus(session, row));
  }

  /** What GTIDs and states of this version prove. */
  protected abstract readStatus(session: Session, row: StatusRow): Promise<StatusReading>;

  protected async statusRow(session: Session): Promise<StatusRow | null> {
    const [row] = await session.query(`SHOW ${this.words.thread} STATUS`);
    if (!row) return null;
    const modern = modernNames(row);
    return (modern['Source_Host'] ?? '') === '' ? null : modern;
  }

  abstract waitApplied(session: Session, position: Position, timeoutMs: number): Promise<boolean>;

  async waitDrained(session: Session, timeoutMs: number): Promise<boolean> {
    return poll(timeoutMs, async () => {
      const view = await this.replication(session);
      if (view === null || view.drained) return true;
      refuseStoppedApplier(session, view);
      return false;
    });
  }

  async stopReceiver(session: Session): Promise<void> {
    await this.tolerant(session, `STOP ${this.words.thread} IO_THREAD`);
  }

  async stopApplier(session: Session): Promise<void> {
    await this.tolerant(session, `STOP ${this.words.thread} SQL_THREAD`);
  }

  async startApplier(session: Session): Promise<void> {
    await session.query(`START ${this.words.thread} SQL_THREAD`);
  }

  /**
   * With the applier stopped: applies exactly up to a position of the primary and stops there. False when it is not there in
   * time; then, too, the applier is stopped. Receiving goes on meanwhile.
   */
  async applyUntil(session: Session, position: Position, timeoutMs: number): Promise<boolean> {
    if (await this.standsAt(session, position)) return true;
    await session.query(`START ${this.words.thread} SQL_THREAD UNTIL ${this.untilClause(position)}`);
    const stopped = await poll(timeoutMs, async () => {
      const view = await this.replication(session);
      refuseStoppedApplier(session, view);
      return view?.applier !== 'running';
    });
    if (!stopped) await this.stopApplier(session);
    return this.standsAt(session, position);
  }

  /** All up to a position was applied, and nothing beyond it. */
  protected async standsAt(session: Session, position: Position): Promise<boolean> {
    const view = await this.replication(session);
    if (position.gtid !== undefined) return view?.applied.gtid !== undefined && gtid.equal(view.applied.gtid, position.gtid);
    return view?.applied.file !== undefined && position.file !== undefined && compareFiles(view.applied.file, position.file) === 0;
  }

  private untilClause(position: Position): string {
    if (position.gtid !== undefined) return `SQL_AFTER_GTIDS=${quoteText(position.gtid)}`;
    return `MASTER_LOG_FILE=${quoteText(position.file?.file ?? '')}, MASTER_LOG_POS=${position.file?.position ?? 0}`;
  }

  async startReceiver(session: Session): Promise<void> {
    await session.query(`START ${this.words.thread} IO_THREAD`);
  }

  async stopReplication(session: Session): Promise<void> {
    await this.tolerant(session, `STOP ${this.words.thread}`);
  }

  async detach(session: Session): Promise<void> {
    await this.stopReplication(session);
    await this.tolerant(session, `RESET ${this.words.thread} ALL`);
  }

  async follow(session: Session, source: Source, from?: FilePosition): Promise<void> {
    const now = await this.statusRow(session);
    const same =
      now !== null &&
      now['Source_Host'] === source.address &&
      Number(now['Source_Port']) === source.port &&
      now['Source_User'] === source.user &&
      (source.delaySeconds === undefined || Number(now['SQL_Delay']) === source.delaySeconds);
    // The same source again: its relay log may hold what it alone acknowledged, so nothing is thrown away.
    if (same && from === undefined && this.followsAsWanted(now)) {
      await session.query(`START ${this.words.thread}`);
      return;
    }
    await this.stopReplication(session);
    await this.changeSource(session, source, from);
    await session.query(`START ${this.words.thread}`);
  }

  /** The present set-up of replication is the one that `follow` would make. */
  protected abstract followsAsWanted(row: StatusRow): boolean;

  protected abstract changeSource(session: Session, source: Source, from?: FilePosition): Promise<void>;

  async semiSync(session: Session): Promise<SemiSyncView> {
    return semiSyncView(await semiSyncRows(session));
  }

  enableSemiSyncSource(session: Session, required: number): Promise<void> {
    return enableSource(session, this.words.semiSync, required);
  }

  disableSemiSyncSource(session: Session): Promise<void> {
    return disableSource(session, this.words.semiSync);
  }

  stopSemiSyncWaits(session: Session): Promise<void> {
    return stopWaiting(session, this.words.semiSync);
  }

  async setSemiSyncReplica(session: Session, enabled: boolean): Promise<void> {
    const view = await this.semiSync(session);
    if (!view.available && !enabled) return;
    const restart = await this.receivesOtherwise(session, enabled);
    // The setting tells what the receiver does: one that can't be restarted now is seen by the guard, and tried again.
    if (restart && !(await this.mayRestartReceiver(session))) return;
    if (view.replicaEnabled !== enabled) await session.query(`SET GLOBAL ${this.words.semiSync.replica}_enabled=${enabled ? 1 : 0}`);
    if (!restart) return;
    await this.stopReceiver(session);
    await this.startReceiver(session);
  }

  /** A receiver runs that took up the other setting when it was started. */
  private async receivesOtherwise(session: Session, enabled: boolean): Promise<boolean> {
    const status = await this.statusRow(session);
    if (status?.['Replica_IO_Running'] !== 'Yes') return false;
    const [answered] = await session.query<{ Value: string }>(`SHOW GLOBAL STATUS LIKE '${this.semiSyncReplicaStatus()}'`);
    return (answered?.Value === 'ON') !== enabled;
  }

  private semiSyncReplicaStatus(): string {
    return this.words.semiSync.replica === 'rpl_semi_sync_replica'
      ? 'Rpl\\_semi\\_sync\\_replica\\_status'
      : 'Rpl\\_semi\\_sync\\_slave\\_status';
  }

  /** Whether the relay log outlives a restart of the receiver alone. */
  protected mayRestartReceiver(_session: Session): Promise<boolean> {
    return Promise.resolve(true);
  }

  applicationSessions(session: Session): Promise<ApplicationSession[]> {
    return applicationSessions(session);
  }

  kill(session: Session, connectionIds: number[]): Promise<void> {
    return kill(session, connectionIds);
  }

  setEvents(session: Session, running: boolean): Promise<void> {
    return setEvents(session, running);
  }

  private async tolerant(session: Session, sql: string): Promise<void> {
    try {
      await session.query(sql);
    } catch (error) {
      if (!(error instanceof SessionError && error.errno !== undefined && notConfigured.has(error.errno))) throw error;
    }
  }
}
