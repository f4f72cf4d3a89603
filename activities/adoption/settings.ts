import { setTimeout as sleep } from 'node:timers/promises';

import type { Cluster, ClusterState } from '../../schemas/topology';
import { failure } from '../failure';
import { applyRole, requiredAcknowledgements } from '../mysql/apply-role';
import { asFailure, connectTimeoutMs, memberOf, withSession } from '../mysql/change-member';
import { flavorOf } from '../mysql/flavors';
import { reachOf } from '../mysql/session-error';
import type { Connect, Session } from '../mysql/types';

/** Settings that a role asks for: what adoption may change, and puts back when it is undone. */
export const changedSettings =
  /^(sync_binlog|innodb_flush_log_at_trx_commit|sync_relay_log|binlog_format|gtid_strict_mode|read_only|super_read_only|event_scheduler|rpl_semi_sync_(source|master|replica|slave)_(enabled|timeout|wait_no_replica|wait_no_slave|wait_point|wait_for_replica_count|wait_for_slave_count))$/;

const receiptBoundMs = 2000;

/**
 * Puts the settings of a member's role in place. The primary begins to wait for receipts here: when none can come, semi-sync is switched
 * off again at once, since whatever waits meanwhile was promised nothing yet.
 */
export async function settleMember(connect: Connect, state: ClusterState, name: string): Promise<void> {
  await applyRole(connect, state, name);
  if (name !== state.primary || state.definition.durability !== 'semi-sync') return;
  await withSession(connect, state, memberOf(state, name), {}, async (session) => {
    const flavor = flavorOf(session);
    for (const deadline = Date.now() + receiptBoundMs; Date.now() < deadline; await sleep(50))
      if ((await flavor.semiSync(session)).clients >= requiredAcknowledgements) return;
    await session.query(`SET GLOBAL ${flavor.words.semiSync.source}_enabled=0`);
    throw failure('NoAcknowledger', `no replica acknowledges for ${name}: semi-sync was switched off again`, [], false);
  });
}

const asValue = (text: string): string => {
  if (/^(ON|OFF)$/.test(text)) return text === 'ON' ? '1' : '0';
  return /^\d+$/.test(text) ? text : `'${text.replace(/[^\w-]/g, '')}'`;
};

/** What comes first when settings are put back: nobody waits for receipts any more, and read-only goes before super_read_only. */
const order = (name: string): number => (name.endsWith('_enabled') ? 0 : name === 'read_only' ? 2 : name === 'super_read_only' ? 3 : 1);

/** Puts settings back as they were; those that are so already are left alone. Nothing happens when drydock's account never came into being. */
export async function restoreSettings(connect: Connect, cluster: Cluster, name: string, settings: Record<string, string>): Promise<void> {
  let session: Session | undefined;
  try {
    session = await connect(cluster.definition.name, memberOf(cluster, name), {
      purpose: 'operation',
      connectTimeoutMs,
      queryTimeoutMs: 10_000,
    });
    await putBack(session, settings);
  } catch (error) {
    if (reachOf(error) !== 'denied' || session) throw asFailure(error);
  } finally {
    session?.end();
  }
}

async function putBack(session: Session, settings: Record<string, string>): Promise<void> {
  const rows = await session.query<{ Variable_name: string; Value: string }>('SHOW GLOBAL VARIABLES');
  const now = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
  const names = Object.keys(settings)
    .filter((name) => changedSettings.test(name) && now.has(name) && now.get(name) !== settings[name])
    .sort((a, b) => order(a) - order(b));
  for (const name of names) await session.query(`SET GLOBAL ${name}=${asValue(settings[name] ?? '')}`);
}
