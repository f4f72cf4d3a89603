import type { ClusterDefinition } from '../../schemas/cluster';
import type { Problem } from '../../schemas/error-codes';
import type { MemberView } from '../../schemas/observation';
import type { Member } from '../../schemas/topology';
import { failure } from '../failure';
import { keepsReceipts } from './server-arguments';
import { observeSession } from './observe';
import type { Session } from './types';

/** What is asked of a member's settings. */
export interface Wanted {
  /** Received events are on disk one by one: see `keepsReceipts`. */
  receipts: boolean;
  /** What can't be kept is an error. */
  insist: boolean;
}

/** Members of async clusters that others made may be started with other settings. */
export const wantedOf = (
  definition: Pick<ClusterDefinition, 'durability' | 'engine' | 'version'>,
  member: Pick<Member, 'adopted'>,
): Wanted => ({
  receipts: keepsReceipts(definition),
  insist: definition.durability === 'semi-sync' || !member.adopted,
});

/** What design.md, promise 1, asks of every member, against what the server says. Pure. */
export function settingProblems(view: MemberView, { receipts }: Pick<Wanted, 'receipts'>): Problem[] {
  const problems: Problem[] = [];
  const settings = view.settings;
  const path = `member ${view.name}`;
  const want = (name: string, found: unknown, expected: unknown): void => {
    if (found !== expected) problems.push({ path: `${path}.${name}`, message: `${name} is ${String(found)}, must be ${String(expected)}` });
  };
  if (!settings) return [{ path, message: 'its settings could not be read' }];
  want('sync_binlog', settings.syncBinlog, 1);
  want('innodb_flush_log_at_trx_commit', settings.flushLogAtCommit, 1);
  if (receipts && settings.syncRelayLog !== null) want('sync_relay_log', settings.syncRelayLog, 1);
  want('relay_log_recovery', settings.relayLogRecovery, false);
  want('log_slave_updates', settings.logReplicaUpdates, true);
  want('binlog_format', settings.binlogFormat, 'ROW');
  if (settings.gtidStrict !== undefined) want('gtid_strict_mode', settings.gtidStrict, true);
  return problems;
}

/** Those of the settings that may be changed while the server runs, with what they are to be. */
const dynamic: Record<string, string> = {
  sync_binlog: '1',
  innodb_flush_log_at_trx_commit: '1',
  sync_relay_log: '1',
  binlog_format: "'ROW'",
  gtid_strict_mode: '1',
};

/**
 * Puts the durability settings in place and reads all of them back. Throws SettingNotKept with each that is not as it must be; what can not
 * be changed while an adopted server runs was named when it was adopted, and is accepted there (`insist` false).
 */
export async function makeDurable(session: Session, wanted: Wanted): Promise<MemberView> {
  const { view } = await observeSession(session, { boundMs: 5000 });
  const wrong = settingProblems(view, wanted).map(({ path }) => path.split('.').at(-1) ?? '');
  if (wrong.length === 0) return view;
  for (const name of wrong) if (dynamic[name]) await session.query(`SET GLOBAL ${name}=${dynamic[name]}`);
  const { view: kept } = await observeSession(session, { boundMs: 5000 });
  const problems = settingProblems(kept, wanted);
  if (problems.length > 0 && wanted.insist)
    throw failure('SettingNotKept', `${session.member}: ${problems.map(({ message }) => message).join('; ')}`, problems);
  return kept;
}
