import * as gtid from '../../../schemas/gtid';
import type { FilePosition, Position } from '../../../schemas/observation';
import type { Session } from '../types';
import { atLeast, type Version } from '../version';
import { BaseFlavor, type Source, type Words } from './base';
import { changeOptions } from './quote';
import { type StatusReading, type StatusRow } from './replication-status';
import { poll, waitForTransactions } from './wait';

/** A killed applier rolls back first. */
const killBoundMs = 5000;

function wordsOf(version: Version): Words {
  const renamed = atLeast(version, 8, 0, 26);
  return {
    thread: atLeast(version, 8, 0, 22) ? 'REPLICA' : 'SLAVE',
    binlogStatus: atLeast(version, 8, 2) ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
    resetBinlog: atLeast(version, 8, 2) ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER',
    semiSync: renamed
      ? { source: 'rpl_semi_sync_source', replica: 'rpl_semi_sync_replica' }
      : { source: 'rpl_semi_sync_master', replica: 'rpl_semi_sync_slave' },
  };
}

/** MySQL 8.0 and later, always with GTID. */
export class Mysql8 extends BaseFlavor {
  readonly engine = 'mysql';
  readonly gtid = true;
  readonly superReadOnly = true;
  readonly manyLocks = true;

  constructor(version: Version) {
    super(version, wordsOf(version));
  }

  async executed(session: Session): Promise<Position> {
    const status = await this.binlogStatus(session);
    return { gtid: gtid.normalise(status.gtid), file: status.file };
  }

  protected async readStatus(session: Session, row: StatusRow): Promise<StatusReading> {
    const applied = gtid.normalise(row['Executed_Gtid_Set'] ?? '');
    const received = gtid.union(applied, row['Retrieved_Gtid_Set'] ?? '');
    const [settings] = await session.query<{ ordered: number; workers: number }>(
      this.words.thread === 'REPLICA' && atLeast(this.exact, 8, 0, 26)
        ? 'SELECT @@GLOBAL.replica_preserve_commit_order AS ordered, @@GLOBAL.replica_parallel_workers AS workers'
        : 'SELECT @@GLOBAL.slave_preserve_commit_order AS ordered, @@GLOBAL.slave_parallel_workers AS workers',
    );
    // A transaction counts as retrieved when all of it came, so this is exact, also for a parallel applier.
    return {
      applied,
      received,
      drained: received === applied,
      mayHaveGaps: Number(settings?.workers) > 1 && Number(settings?.ordered) !== 1,
    };
  }

  waitApplied(session: Session, position: Position, timeoutMs: number): Promise<boolean> {
    return waitForTransactions(session, 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS waiting', position, timeoutMs, () =>
      this.replication(session),
    );
  }

  /**
   * With the receiver running, the rest of the transaction in hand arrives, and the applier stops within milliseconds. Without it, a
   * parallel applier that was told to stop in the middle of a transaction waits 60 s for the rest, deaf to everything; that is
   * the usual case under load, since a receiver stops in the middle of a transaction, too. Killed instead, its coordinator
   * ends at once and rolls back what is incomplete (error 1756, which the next start forgets).
   */
  override async stopApplier(session: Session): Promise<void> {
    const row = await this.statusRow(session);
    if (row?.['Replica_SQL_Running'] === 'Yes' && row['Replica_IO_Running'] !== 'Yes') {
      await this.stopReceiver(session);
      await this.killCoordinator(session);
    }
    await super.stopApplier(session);
  }

  override async stopReplication(session: Session): Promise<void> {
    const row = await this.statusRow(session);
    if (row?.['Replica_IO_Running'] !== 'Yes') await this.stopApplier(session);
    await super.stopReplication(session);
  }

  private async killCoordinator(session: Session): Promise<void> {
    // None with a single applier, which stops at once by itself.
    const coordinators = await session.query<{ id: number }>(
      'SELECT t.PROCESSLIST_ID AS id FROM performance_schema.replication_applier_status_by_coordinator c ' +
        'JOIN performance_schema.threads t ON t.THREAD_ID = c.THREAD_ID',
    );
    if (coordinators.length === 0) return;
    await this.kill(
      session,
      coordinators.map(({ id }) => Number(id)),
    );
    await poll(killBoundMs, async () => (await this.statusRow(session))?.['Replica_SQL_Running'] !== 'Yes');
  }

  protected followsAsWanted(row: StatusRow): boolean {
    return row['Auto_Position'] === '1';
  }

  protected async changeSource(session: Session, source: Source, _from?: FilePosition): Promise<void> {
    const renamed = atLeast(this.exact, 8, 0, 23);
    const options = changeOptions(renamed ? 'SOURCE' : 'MASTER', {
      HOST: source.address,
      PORT: source.port,
      USER: source.user,
      PASSWORD: source.password,
      CONNECT_RETRY: 1,
      // 8.4 gives up after 10 by default.
      RETRY_COUNT: 86400,
      HEARTBEAT_PERIOD: 0.5,
      DELAY: source.delaySeconds,
      AUTO_POSITION: 1,
      GET_PUBLIC_KEY: 1,
    });
    await session.query(`CHANGE ${renamed ? 'REPLICATION SOURCE' : 'MASTER'} TO ${options}`);
  }
}
