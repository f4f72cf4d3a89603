import type { ErrantChange, ErrantRecord } from '../../schemas/errant';
import { journalSchema } from '../../schemas/names';
import type { ClusterState } from '../../schemas/topology';
import { memberOf, withSession } from './change-member';
import { SessionError } from './session-error';
import type { Connect, Session } from './types';

/** Beside the journal: what was found, where it is kept, and who decided. Of a member's volumes each has at most one row per epoch. */
export const errantTable =
  `CREATE TABLE IF NOT EXISTS \`${journalSchema}\`.errant (member VARCHAR(64) NOT NULL, epoch INT UNSIGNED NOT NULL, volume VARCHAR(160) NOT NULL, ` +
  'gtids MEDIUMTEXT NOT NULL, transactions BIGINT UNSIGNED NULL, changes MEDIUMTEXT NOT NULL, file VARCHAR(255) NULL, outcome VARCHAR(16) NOT NULL, ' +
  'decided VARCHAR(255) NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (member, epoch, volume)) ENGINE=InnoDB DEFAULT CHARSET=utf8';

const noSuchTable = 1146;

/** On the primary, so that every member has it. Found again, the row is written anew unless a person has decided on it. */
export async function recordErrant(primary: Session, record: ErrantRecord): Promise<void> {
  try {
    await insert(primary, record);
  } catch (error) {
    // A cluster that was made before there was such a table.
    if (!(error instanceof SessionError && error.errno === noSuchTable)) throw error;
    await primary.query(errantTable);
    await insert(primary, record);
  }
}

async function insert(primary: Session, record: ErrantRecord): Promise<void> {
  const { member, epoch, volume, gtids, transactions, changes, file, outcome, decided, at } = record;
  await primary.query(
    `INSERT INTO ${journalSchema}.errant (member, epoch, volume, gtids, transactions, changes, file, outcome, decided, at) ` +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE gtids = IF(outcome = 'found', VALUES(gtids), gtids), " +
      "transactions = IF(outcome = 'found', VALUES(transactions), transactions), changes = IF(outcome = 'found', VALUES(changes), changes), " +
      "file = IF(outcome = 'found', VALUES(file), file)",
    [member, epoch, volume, gtids, transactions, JSON.stringify(changes), file, outcome, decided, Date.parse(at)],
  );
}

export async function decideErrant(
  primary: Session,
  { member, epoch, volume }: Pick<ErrantRecord, 'member' | 'epoch' | 'volume'>,
  outcome: ErrantRecord['outcome'],
  decided: string,
): Promise<void> {
  await primary.query(`UPDATE ${journalSchema}.errant SET outcome = ?, decided = ? WHERE member = ? AND epoch = ? AND volume = ?`, [
    outcome,
    decided.slice(0, 255),
    member,
    epoch,
    volume,
  ]);
}

/** What the cluster remembers, the newest hundred. */
export async function listErrant(connect: Connect, state: ClusterState): Promise<ErrantRecord[]> {
  return withSession(connect, state, memberOf(state, state.primary), {}, async (session) => {
    try {
      const rows = await session.query<Omit<ErrantRecord, 'changes' | 'at'> & { changes: string; at: number | string }>(
        `SELECT member, epoch, volume, gtids, transactions, changes, file, outcome, decided, at FROM ${journalSchema}.errant ORDER BY at DESC LIMIT 100`,
      );
      return rows.map((row) => ({
        ...row,
        epoch: Number(row.epoch),
        transactions: row.transactions === null ? null : Number(row.transactions),
        changes: JSON.parse(row.changes) as ErrantChange[],
        at: new Date(Number(row.at)).toISOString(),
      }));
    } catch (error) {
      if (error instanceof SessionError && error.errno === noSuchTable) return [];
      throw error;
    }
  });
}
