import type { FilePosition } from '../../schemas/observation';
import type { Member } from '../../schemas/topology';
import { failure } from '../failure';
import type { BaseFlavor } from './flavors/base';
import { stoppedAt } from './lineage';
import type { Session } from './types';

/** The place that a copy of a donor's data stands for. */
export interface SeedPosition {
  /** MySQL: gtid_executed. MariaDB: what a replica that begins here has as gtid_slave_pos. */
  gtid?: string;
  /** MariaDB: gtid_binlog_state, so that errant transactions stay visible per server. */
  state?: string;
  /** Without GTID: coordinates in the primary's binary log. */
  from?: FilePosition;
}

/** Place of a donor that writes nothing now: a replica whose applier is stopped, or a primary under a read lock. */
export async function seedPosition(donor: Session, flavor: BaseFlavor, primary: Member): Promise<SeedPosition> {
  if (flavor.engine === 'mariadb') {
    const [row] = await donor.query<{ position: string; state: string }>(
      'SELECT @@GLOBAL.gtid_current_pos AS position, @@GLOBAL.gtid_binlog_state AS state',
    );
    return { gtid: row?.position ?? '', state: row?.state ?? '' };
  }
  if (flavor.gtid) return { gtid: (await flavor.executed(donor)).gtid ?? '' };
  if (donor.member === primary.name) return { from: await flavor.ownBinlog(donor) };
  const view = await flavor.replication(donor);
  if (view?.sourceAddress !== primary.address || !view.applied.file)
    throw failure('PrecheckFailed', `${donor.member} does not replicate from ${primary.name}: without GTID it can not be a donor`);
  return { from: stoppedAt(view)?.at ?? view.applied.file };
}

/** Makes a restored member stand where its copy stands. Its own binary logs are emptied: they hold nothing that counts. */
export async function standAt(member: Session, flavor: BaseFlavor, position: SeedPosition): Promise<void> {
  await member.query(flavor.words.resetBinlog);
  if (position.gtid === undefined) return;
  if (flavor.engine === 'mysql') {
    if (position.gtid !== '') await member.query('SET GLOBAL gtid_purged=?', [position.gtid]);
    return;
  }
  if (position.state) await member.query('SET GLOBAL gtid_binlog_state=?', [position.state]);
  await member.query('SET GLOBAL gtid_slave_pos=?', [position.gtid]);
}
