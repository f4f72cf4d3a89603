import * as gtid from '../../../schemas/gtid';
import type { MemberView, SettingsView } from '../../../schemas/observation';
import type { Cluster, Member } from '../../../schemas/topology';
import { redact } from '../../redact';
import { flavorOf } from '../flavors';
import { modernNames, type StatusRow } from '../flavors/replication-status';
import { semiSyncView } from '../flavors/semi-sync';
import { reachOf, SessionError } from '../session-error';
import type { Connect, ConnectOptions, Session } from '../types';
import { blockers, longWork, processes } from './processes';
import { privilegedApplications } from './privileges';

export interface ObserveOptions {
  /** Account to look with: the guard's sees all but who has privileges. Default `operation`. */
  purpose?: ConnectOptions['purpose'];
  /** Bound of the whole look, default 1000. What came in time is in the view. */
  boundMs?: number;
}

/** A view with what decisions need beside it. */
export interface Sight {
  view: MemberView;
  /** MariaDB: highest sequence of each domain and server; MySQL: the executed set. */
  state?: string;
}

/** Looks at a member over a new session. Never throws: `reach` says how it answered. */
export async function observeMember(connect: Connect, cluster: Cluster, member: Member, options: ObserveOptions = {}): Promise<Sight> {
  const boundMs = options.boundMs ?? 1000;
  const began = Date.now();
  let session: Session;
  try {
    session = await connect(cluster.definition.name, member, {
      purpose: options.purpose ?? 'operation',
      connectTimeoutMs: Math.min(500, boundMs),
      queryTimeoutMs: boundMs,
    });
  } catch (error) {
    return { view: unseen(member.name, error) };
  }
  try {
    return await observeSession(session, { ...options, boundMs: Math.max(100, boundMs - (Date.now() - began)) });
  } finally {
    session.end();
  }
}

function unseen(name: string, error: unknown): MemberView {
  if (!(error instanceof SessionError)) throw error;
  return { name, reach: reachOf(error), error: error.message, container: 'unknown' };
}

/**
 * Looks at a member over a session that is open. Whatever may block on a server that is short of disk comes last, so that a
 * member which answers anything is seen as one that answers.
 */
export async function observeSession(session: Session, options: ObserveOptions = {}): Promise<Sight> {
  const deadline = Date.now() + (options.boundMs ?? 1000);
  const sight: Sight = { view: { name: session.member, reach: 'silent', container: 'unknown' } };
  const { view } = sight;
  const bounded = bound(session, () => deadline - Date.now());
  const steps = [
    () => lookAtVariables(bounded, sight),
    () => lookAtSets(bounded, sight),
    () => lookAtProcesses(bounded, view),
    () => lookAtJournal(bounded, view),
    () => lookAtReplication(bounded, view),
    () => lookAtPrivileges(bounded, view, options.purpose ?? 'operation'),
    () => lookAtBinlog(bounded, view),
  ];
  for (const step of steps) {
    try {
      await step();
      view.reach = 'answers';
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      view.error = redact(error.message);
      const reach = reachOf(error);
      // An SQL error is an answer. A look that broke off after others had answered has answered too, unless the member is gone.
      if (reach === 'answers') view.reach = 'answers';
      else {
        if (view.reach !== 'answers' || reach === 'closed' || reach === 'refused') view.reach = reach;
        break;
      }
    }
  }
  return sight;
}

function bound(session: Session, leftMs: () => number): Session {
  const query: Session['query'] = (sql, values, timeoutMs = Number.POSITIVE_INFINITY) =>
    session.query(sql, values, Math.max(50, Math.min(leftMs(), timeoutMs)));
  return new Proxy(session, {
    get: (target, name) => (name === 'query' ? query : (Reflect.get(target, name) as unknown)),
  });
}

const settingNames = [
  'server_id',
  'read_only',
  'super_read_only',
  'sync_binlog',
  'innodb_flush_log_at_trx_commit',
  'sync_relay_log',
  'relay_log_recovery',
  'log_slave_updates',
  'log_replica_updates',
  'binlog_format',
  'event_scheduler',
  'gtid_strict_mode',
];

async function lookAtVariables(session: Session, { view }: Sight): Promise<void> {
  const list = settingNames.map((name) => `'${name}'`).join(', ');
  const rows = await session.query<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list}) OR Variable_name LIKE 'rpl\\_semi\\_sync\\_%'`,
  );
  const status = await session.query<{ Variable_name: string; Value: string }>("SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%'");
  const values = modernNames(Object.fromEntries([...rows, ...status].map((row) => [row.Variable_name.toLowerCase(), row.Value])));
  view.version = session.serverVersion;
  view.serverId = Number(values['server_id']);
  // MariaDB 12 has levels beyond ON.
  view.readOnly = values['read_only'] !== 'OFF' && values['read_only'] !== '0';
  view.superReadOnly = values['super_read_only'] === 'ON';
  view.settings = settingsView(values);
  view.semiSync = semiSyncView(values);
}

export function settingsView(values: StatusRow): SettingsView {
  const strict = values['gtid_strict_mode'];
  return {
    syncBinlog: Number(values['sync_binlog']),
    flushLogAtCommit: Number(values['innodb_flush_log_at_trx_commit']),
    syncRelayLog: values['sync_relay_log'] === undefined ? null : Number(values['sync_relay_log']),
    relayLogRecovery: values['relay_log_recovery'] === 'ON',
    logReplicaUpdates: values['log_replica_updates'] === 'ON',
    binlogFormat: values['binlog_format'] ?? 'ROW',
    eventScheduler: values['event_scheduler'] === 'ON',
    ...(strict === undefined ? {} : { gtidStrict: strict === 'ON' }),
  };
}

async function lookAtSets(session: Session, sight: Sight): Promise<void> {
  const sets = await executedSets(session);
  if (!sets) return;
  sight.state = sets.state;
  sight.view.executed = { ...sight.view.executed, gtid: sets.executed };
  if (sets.purged !== undefined) sight.view.purged = { gtid: sets.purged };
}

/** Without SHOW MASTER STATUS, which waits for the binary log's lock. Undefined on a version without GTID. */
export async function executedSets(session: Session): Promise<{ executed: string; state: string; purged?: string } | undefined> {
  const flavor = flavorOf(session);
  if (!flavor.gtid) return undefined;
  if (flavor.engine === 'mysql') {
    const [row] = await session.query<{ executed: string; purged: string }>(
      'SELECT @@GLOBAL.gtid_executed AS executed, @@GLOBAL.gtid_purged AS purged',
    );
    const executed = gtid.normalise(row?.executed ?? '');
    return { executed, state: executed, purged: gtid.normalise(row?.purged ?? '') };
  }
  const [row] = await session.query<{ executed: string; binlog: string; replica: string }>(
    'SELECT @@GLOBAL.gtid_current_pos AS executed, @@GLOBAL.gtid_binlog_state AS binlog, @@GLOBAL.gtid_slave_pos AS replica',
  );
  return { executed: gtid.normalise(row?.executed ?? ''), state: gtid.unionStates(row?.binlog ?? '', row?.replica ?? '') };
}

async function lookAtProcesses(session: Session, view: MemberView): Promise<void> {
  const list = await processes(session);
  view.longWork = longWork(list);
  view.blockers = blockers(list);
}

const noSuchTable = new Set([1146, 1049, 1142]);

async function lookAtJournal(session: Session, view: MemberView): Promise<void> {
  try {
    const [row] = await session.query<{ epoch: number; name: string }>(
      'SELECT epoch, primary_name AS name FROM drydock.journal ORDER BY epoch DESC LIMIT 1',
    );
    if (row) view.journal = { epoch: Number(row.epoch), primary: row.name };
  } catch (error) {
    if (!(error instanceof SessionError && error.errno !== undefined && noSuchTable.has(error.errno))) throw error;
  }
}

async function lookAtReplication(session: Session, view: MemberView): Promise<void> {
  const replication = await flavorOf(session).replication(session);
  if (replication) view.replication = replication;
}

async function lookAtPrivileges(session: Session, view: MemberView, purpose: ConnectOptions['purpose']): Promise<void> {
  if (purpose === 'operation' || purpose === 'root') view.privilegedApplications = await privilegedApplications(session);
}

/**
 * With GTID the file is only worth knowing. MariaDB tells it under a lock that a commit may hold until its receipt comes: who asks then
 * waits with it, and the connections that were given up meanwhile would fill the server until nobody could bring the receipt.
 */
async function lookAtBinlog(session: Session, view: MemberView): Promise<void> {
  const flavor = flavorOf(session);
  if (flavor.gtid && view.semiSync?.sourceEnabled && view.semiSync.waiting > 0) return;
  view.executed = { ...view.executed, file: await flavor.ownBinlog(session) };
}
