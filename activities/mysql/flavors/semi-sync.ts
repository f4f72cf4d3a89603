import type { SemiSyncView } from '../../../schemas/observation';
import { failure } from '../../failure';
import type { Session } from '../types';
import { modernNames, type StatusRow } from './replication-status';

/** Prefixes of a version's semi-sync variables: the plug-in was renamed in 8.0.26. */
export interface SemiSyncWords {
  source: 'rpl_semi_sync_source' | 'rpl_semi_sync_master';
  replica: 'rpl_semi_sync_replica' | 'rpl_semi_sync_slave';
}

/** About 49 days, the longest that every version takes: writes wait for an acknowledgement, they never fall back to async. */
export const noTimeoutMs = 4_294_967_295;

interface NameValue {
  Variable_name: string;
  Value: string;
}

export async function semiSyncRows(session: Session): Promise<StatusRow> {
  const variables = await session.query<NameValue>("SHOW GLOBAL VARIABLES LIKE 'rpl\\_semi\\_sync\\_%'");
  const status = variables.length === 0 ? [] : await session.query<NameValue>("SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%'");
  return modernNames(Object.fromEntries([...variables, ...status].map((row) => [row.Variable_name.toLowerCase(), row.Value])));
}

const isOn = (value: string | undefined): boolean => value === 'ON' || value === '1';

export function semiSyncView(rows: StatusRow): SemiSyncView {
  return {
    available: rows['rpl_semi_sync_source_enabled'] !== undefined && rows['rpl_semi_sync_replica_enabled'] !== undefined,
    sourceEnabled: isOn(rows['rpl_semi_sync_source_enabled']),
    replicaEnabled: isOn(rows['rpl_semi_sync_replica_enabled']),
    clients: Number(rows['rpl_semi_sync_source_clients'] ?? 0),
    required: Number(rows['rpl_semi_sync_source_wait_for_replica_count'] ?? 1),
    waitPoint: rows['rpl_semi_sync_source_wait_point'] === 'AFTER_SYNC' ? 'AFTER_SYNC' : 'AFTER_COMMIT',
    timeoutMs: Number(rows['rpl_semi_sync_source_timeout'] ?? 0),
    waitNoReplica: isOn(rows['rpl_semi_sync_source_wait_no_replica']),
    unacknowledged: Number(rows['rpl_semi_sync_source_no_tx'] ?? 0),
    waiting: Number(rows['rpl_semi_sync_source_wait_sessions'] ?? 0),
  };
}

/** Sets everything, enables last, reads back. Throws SettingNotKept. */
export async function enableSource(session: Session, words: SemiSyncWords, required: number): Promise<void> {
  const rows = await semiSyncRows(session);
  if (!semiSyncView(rows).available)
    throw failure(
      'SettingNotKept',
      `semi-sync is not there on ${session.member}: its plug-in is not loaded (see the server's start arguments)`,
    );
  const settings = [`${words.source}_timeout=${noTimeoutMs}`];
  settings.push(`${words.source}_${waitNoReplicaOf(words)}=1`);
  if ('rpl_semi_sync_source_wait_point' in rows) settings.push(`${words.source}_wait_point='AFTER_SYNC'`);
  const countable = 'rpl_semi_sync_source_wait_for_replica_count' in rows;
  if (countable)
    settings.push(
      `${words.source}_wait_for_${words.source === 'rpl_semi_sync_source' ? 'replica' : 'slave'}_count=${Math.max(1, required)}`,
    );
  // One statement sets from left to right: when it is on, the rest is in place.
  settings.push(`${words.source}_enabled=1`);
  await session.query(`SET ${settings.map((setting) => `GLOBAL ${setting}`).join(', ')}`);
  const kept = await semiSyncRows(session);
  const view = semiSyncView(kept);
  const wrong = [
    !view.sourceEnabled && 'it is not enabled',
    view.timeoutMs !== noTimeoutMs && `its time-out is ${view.timeoutMs} ms`,
    !view.waitNoReplica && 'it does not wait without replicas',
    'rpl_semi_sync_source_wait_point' in kept && view.waitPoint !== 'AFTER_SYNC' && `its wait point is ${view.waitPoint}`,
    countable && view.required !== Math.max(1, required) && `it requires ${view.required} acknowledgements`,
  ].filter((problem) => problem !== false);
  if (wrong.length > 0) throw failure('SettingNotKept', `semi-sync on ${session.member} is not as it was set: ${wrong.join('; ')}`);
}

/**
 * Switching it off wakes sessions that wait for an acknowledgement and tells their clients that the commit is safe. So it is
 * refused while any waits: they are to be killed first, when the member no longer counts.
 */
export async function disableSource(session: Session, words: SemiSyncWords): Promise<void> {
  if (await isOnAndIdle(session)) await session.query(`SET GLOBAL ${words.source}_enabled=0`);
}

/**
 * What an applier needs, at once: switching it off takes up to a second (the server waits for its thread that reads acknowledgements), in which
 * a former primary would fall behind by as much. From here on nothing that it commits waits; enableSource sets all of it anew.
 */
export async function stopWaiting(session: Session, words: SemiSyncWords): Promise<void> {
  if (await isOnAndIdle(session))
    await session.query(`SET GLOBAL ${words.source}_timeout=1, GLOBAL ${words.source}_${waitNoReplicaOf(words)}=0`);
}

async function isOnAndIdle(session: Session): Promise<boolean> {
  const view = semiSyncView(await semiSyncRows(session));
  if (!view.available || !view.sourceEnabled) return false;
  if (view.waiting > 0)
    throw failure(
      'NoAcknowledger',
      `${view.waiting} sessions on ${session.member} wait for an acknowledgement; switching semi-sync off would acknowledge them`,
    );
  return true;
}

const waitNoReplicaOf = ({ source }: SemiSyncWords): string => (source === 'rpl_semi_sync_source' ? 'wait_no_replica' : 'wait_no_slave');
