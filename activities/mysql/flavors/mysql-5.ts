import * as gtid from '../../../schemas/gtid';
import type { FilePosition, Position } from '../../../schemas/observation';
import { failure } from '../../failure';
import type { Session } from '../types';
import { atLeast, type Version } from '../version';
import { BaseFlavor, type Source } from './base';
import { waitApplied5 } from './mysql-5-wait';
import { changeOptions } from './quote';
import { hasReadAll, positionsDrained, type StatusReading, type StatusRow } from './replication-status';

/** MySQL 5.5 (file and position only) and 5.6 (with GTID, as drydock starts it; without, as it follows 5.5). */
export class Mysql5 extends BaseFlavor {
  readonly engine = 'mysql';
  readonly gtid: boolean;
  readonly superReadOnly: boolean;
  readonly manyLocks: boolean;

  constructor(version: Version, gtid = atLeast(version, 5, 6)) {
    super(version, {
      thread: 'SLAVE',
      binlogStatus: 'SHOW MASTER STATUS',
      resetBinlog: 'RESET MASTER',
      semiSync: { source: 'rpl_semi_sync_master', replica: 'rpl_semi_sync_slave' },
    });
    this.gtid = gtid;
    this.superReadOnly = atLeast(version, 5, 7, 8);
    this.manyLocks = atLeast(version, 5, 7, 5);
  }

  /** Switching it off takes no time here; MySQL 5.5 and 5.6 die when it is on, is told not to wait, and is switched off while they receive. */
  override stopSemiSyncWaits(session: Session): Promise<void> {
    return this.disableSemiSyncSource(session);
  }

  async executed(session: Session): Promise<Position> {
    const status = await this.binlogStatus(session);
    return this.gtid ? { gtid: gtid.normalise(status.gtid), file: status.file } : { file: status.file };
  }

  protected readStatus(_session: Session, row: StatusRow): Promise<StatusReading> {
    const applied = this.gtid ? (row['Executed_Gtid_Set'] ?? '') : undefined;
    // 5.6 counts a transaction as retrieved when its first event came, so "received is executed" may never become true:
    // what the applier says of its relay log decides.
    const drained =
      positionsDrained(row) || (row['Replica_IO_Running'] !== 'Yes' && row['Replica_SQL_Running'] === 'Yes' && hasReadAll(row));
    return Promise.resolve({
      applied,
      received: applied === undefined ? undefined : gtid.union(applied, row['Retrieved_Gtid_Set'] ?? ''),
      drained,
      mayHaveGaps: false,
    });
  }

  waitApplied(session: Session, position: Position, timeoutMs: number): Promise<boolean> {
    return waitApplied5(session, position, timeoutMs, () => this.replication(session), this.gtid);
  }

  protected followsAsWanted(row: StatusRow): boolean {
    return !this.gtid || row['Auto_Position'] === '1';
  }

  protected async changeSource(session: Session, source: Source, from?: FilePosition): Promise<void> {
    if (!this.gtid && !from)
      throw failure('Internal', `${session.member} has no GTID: where in the binary log of ${source.address} it shall start must be given`);
    await session.query(
      `CHANGE MASTER TO ${changeOptions('MASTER', {
        HOST: source.address,
        PORT: source.port,
        USER: source.user,
        PASSWORD: source.password,
        CONNECT_RETRY: 1,
        RETRY_COUNT: this.gtid ? 86400 : undefined,
        HEARTBEAT_PERIOD: 0.5,
        DELAY: source.delaySeconds,
        AUTO_POSITION: this.gtid ? 1 : undefined,
        LOG_FILE: this.gtid ? undefined : from?.file,
        LOG_POS: this.gtid ? undefined : from?.position,
      })}`,
    );
  }
}
