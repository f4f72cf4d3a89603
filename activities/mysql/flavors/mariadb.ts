import * as gtid from '../../../schemas/gtid';
import type { FilePosition, Position } from '../../../schemas/observation';
import type { Session } from '../types';
import { atLeast, parseVersion, type Version } from '../version';
import { BaseFlavor, type Source } from './base';
import { changeOptions } from './quote';
import { hasReadAll, positionsDrained, type StatusReading, type StatusRow } from './replication-status';
import { poll, waitForTransactions } from './wait';

/** MariaDB 10.5 and later, by GTID with gtid_strict_mode. */
export class Mariadb extends BaseFlavor {
  readonly engine = 'mariadb';
  readonly gtid = true;
  readonly superReadOnly = false;
  readonly manyLocks = true;

  constructor(version: Version) {
    super(version, {
      thread: 'SLAVE',
      binlogStatus: 'SHOW MASTER STATUS',
      resetBinlog: 'RESET MASTER',
      semiSync: { source: 'rpl_semi_sync_master', replica: 'rpl_semi_sync_slave' },
    });
  }

  async executed(session: Session): Promise<Position> {
    const status = await this.binlogStatus(session);
    const [row] = await session.query<{ position: string }>('SELECT @@GLOBAL.gtid_current_pos AS position');
    return { gtid: gtid.normalise(row?.position ?? ''), file: status.file };
  }

  protected async readStatus(session: Session, row: StatusRow): Promise<StatusReading> {
    const [settings] = await session.query<{ applied: string; mode: string; threads: number }>(
      'SELECT @@GLOBAL.gtid_slave_pos AS applied, @@GLOBAL.slave_parallel_mode AS mode, @@GLOBAL.slave_parallel_threads AS threads',
    );
    const applied = gtid.normalise(settings?.applied ?? '');
    const received = gtid.union(applied, row['Gtid_IO_Pos'] ?? '');
    const byGtid = (row['Gtid_IO_Pos'] ?? '') !== '' && gtid.contains(applied, row['Gtid_IO_Pos'] ?? '');
    const readAll = row['Replica_IO_Running'] !== 'Yes' && row['Replica_SQL_Running'] === 'Yes' && hasReadAll(row);
    // The coordinator of parallel workers has read all before they applied all: its word counts with a single applier only.
    const single = Number(settings?.threads) <= 1;
    return { applied, received, drained: byGtid || positionsDrained(row) || (single && readAll), mayHaveGaps: false };
  }

  /** One after the other: told to stop both, it waits 1 to 2 s for the rest of a transaction; with the receiver stopped it stops within ms. */
  override async stopReplication(session: Session): Promise<void> {
    await this.stopReceiver(session);
    await this.stopApplier(session);
  }

  waitApplied(session: Session, position: Position, timeoutMs: number): Promise<boolean> {
    return waitForTransactions(session, 'SELECT MASTER_GTID_WAIT(?, ?) AS waiting', position, timeoutMs, () => this.replication(session));
  }

  protected followsAsWanted(row: StatusRow): boolean {
    return row['Using_Gtid'] === 'Slave_Pos' || row['Using_Gtid'] === 'Replica_Pos';
  }

  protected async changeSource(session: Session, source: Source, _from?: FilePosition): Promise<void> {
    // A member that was primary has its writes in its binary log only: it continues after them.
    const [row] = await session.query<{ current: string; replica: string }>(
      'SELECT @@GLOBAL.gtid_current_pos AS current, @@GLOBAL.gtid_slave_pos AS replica',
    );
    if (row && gtid.normalise(row.current) !== gtid.normalise(row.replica))
      await session.query('SET GLOBAL gtid_slave_pos=?', [row.current]);
    const options = changeOptions('MASTER', {
      HOST: source.address,
      PORT: source.port,
      USER: source.user,
      PASSWORD: source.password,
      CONNECT_RETRY: 1,
      HEARTBEAT_PERIOD: 0.5,
      DELAY: source.delaySeconds,
      SSL_VERIFY_SERVER_CERT: this.mayLackTls(source) ? 0 : undefined,
    });
    await session.query(`CHANGE MASTER TO ${options}, MASTER_USE_GTID=slave_pos`);
  }

  /** From 11.4 on a receiver insists on TLS, which servers before that have only when they are given certificates. */
  private mayLackTls({ serverVersion }: Source): boolean {
    return serverVersion !== undefined && atLeast(this.exact, 11, 4) && !atLeast(parseVersion(serverVersion), 11, 4);
  }

  /**
   * A semi-sync receiver that stops connects to its source to end the dump there, which takes a second and more when the source is
   * dead. Switched off for the moment it does not; a living source notices the closed connection with its next heartbeat.
   */
  override async stopReceiver(session: Session): Promise<void> {
    const [row] = await session.query<{ enabled: number }>('SELECT @@GLOBAL.rpl_semi_sync_slave_enabled AS enabled');
    if (Number(row?.enabled) !== 1) return super.stopReceiver(session);
    await session.query('SET GLOBAL rpl_semi_sync_slave_enabled=0');
    try {
      await super.stopReceiver(session);
    } finally {
      await session.query('SET GLOBAL rpl_semi_sync_slave_enabled=1');
    }
  }

  /** MariaDB throws relay log away when its receiver restarts: so only when all of it was applied. */
  protected override mayRestartReceiver(session: Session): Promise<boolean> {
    return poll(1000, async () => (await this.replication(session))?.drained ?? true);
  }
}
