import type { ClusterDefinition } from '../../schemas/cluster';
import { maxConnectionsOf } from '../../schemas/connection-limits';
import { mayAcknowledge } from '../../schemas/member-rules';
import type { Member } from '../../schemas/topology';
import { atLeast, parseVersion, type Version } from './version';

/** The servers' own default. */
const relayLogSyncedEvery = 10_000;

/**
 * Whether a replica must have every received event on disk: it acknowledges (semi-sync), or without GTID only its relay log tells where it goes
 * on. Elsewhere it asks its source again for what it lost. A transaction is five events, so a replica that catches up would keep a
 * disk that it shares with its primary busy: clients waited 60 to 150 ms for each pivot's.
 */
export function keepsReceipts(definition: Pick<ClusterDefinition, 'durability' | 'engine' | 'version'>): boolean {
  const { engine, version } = definition;
  return definition.durability === 'semi-sync' || (engine === 'mysql' && !atLeast(parseVersion(version, engine), 5, 6));
}

/**
 * Everything that a member's server is started with, whatever image it runs in. A server that comes back by itself is fenced
 * (read-only) and replicates from nobody until it is told. Settings of the definition come last and win.
 */
export function serverArguments(definition: ClusterDefinition, member: Member): string[] {
  const version = parseVersion(definition.version, definition.engine);
  const family = version.engine === 'mariadb' ? mariadb(version) : version.major < 8 ? mysql5(version) : mysql8(version);
  return [
    ...common(version, member),
    // What routers count on.
    `--max_connections=${maxConnectionsOf(definition)}`,
    `--sync_relay_log=${keepsReceipts(definition) ? 1 : relayLogSyncedEvery}`,
    ...family,
    ...semiSync(version, mayAcknowledge(definition, member)),
    ...memory(definition.resources.memory),
    ...Object.entries(definition.settings).map(([name, value]) => `--${name}=${value}`),
  ];
}

function common(version: Version, member: Member): string[] {
  return [
    `--server-id=${member.serverId}`,
    '--port=3306',
    `--report-host=${member.address}`,
    `--report-port=${member.port}`,
    '--read_only=1',
    '--skip-name-resolve',
    '--log-bin=binlog',
    '--log-bin-index=binlog.index',
    '--relay-log=relay',
    '--relay-log-index=relay.index',
    '--binlog_format=ROW',
    // Design, promise 1: a commit is on disk before it is acknowledged, and so is a received event (see keepsReceipts) ...
    '--sync_binlog=1',
    '--innodb_flush_log_at_trx_commit=1',
    // ... and relay log that was acknowledged is never thrown away at a start.
    '--relay_log_recovery=0',
    // A silent source is noticed in two seconds; heartbeats come every half.
    `--${atLeast(version, 8, 4) && version.engine === 'mysql' ? 'replica' : 'slave'}_net_timeout=2`,
    '--event_scheduler=OFF',
    // Behind a proxy all clients come from one address: one cut must not block them all.
    '--max_connect_errors=4294967295',
  ];
}

function mysql5(version: Version): string[] {
  const old = ['--log-slave-updates', '--skip-slave-start', '--expire_logs_days=7'];
  if (!atLeast(version, 5, 6)) return old;
  return [
    ...old,
    '--gtid_mode=ON',
    '--enforce_gtid_consistency=ON',
    // Survives a crash together with the data.
    '--master_info_repository=TABLE',
    '--relay_log_info_repository=TABLE',
  ];
}

function mysql8(version: Version): string[] {
  // 8.0 takes the old words in each of its releases, the new ones only from 8.0.26 on; 8.4 takes the new ones only.
  const word = atLeast(version, 8, 4) ? 'replica' : 'slave';
  return [
    `--log-${word}-updates=ON`,
    `--skip-${word}-start=ON`,
    '--super_read_only=1',
    '--gtid_mode=ON',
    '--enforce_gtid_consistency=ON',
    `--${word}_parallel_workers=4`,
    // Without it a parallel applier may have gaps, and a member with gaps can't be promoted.
    `--${word}_preserve_commit_order=ON`,
    '--performance_schema=ON',
    '--mysqlx=OFF',
  ];
}

function mariadb(_version: Version): string[] {
  return [
    '--log-slave-updates',
    '--skip-slave-start',
    '--gtid_strict_mode=1',
    '--expire_logs_days=7',
    '--slave_parallel_threads=4',
    '--slave_parallel_mode=conservative',
    // Stopping the receiver connects to the source to end its dump there: a hung one must not hold that up.
    '--rpl_semi_sync_slave_kill_conn_timeout=1',
  ];
}

/**
 * Loaded everywhere; the source's side is enabled at promotion only. MariaDB that starts with the replica's side on rolls back, after a
 * crash, what the binary log has of prepared transactions and cuts the log there, in many releases also what was acknowledged
 * (MDEV-33465): there it is switched on before a member is made to follow.
 */
function semiSync(version: Version, acknowledges: boolean): string[] {
  if (version.engine === 'mariadb') return ['--rpl_semi_sync_master_wait_point=AFTER_SYNC', '--rpl_semi_sync_slave_enabled=0'];
  const enabled = acknowledges ? 1 : 0;
  if (!atLeast(version, 5, 6))
    return [
      '--plugin-load=rpl_semi_sync_master=semisync_master.so;rpl_semi_sync_slave=semisync_slave.so',
      `--loose-rpl_semi_sync_slave_enabled=${enabled}`,
    ];
  const [source, replica] = atLeast(version, 8, 0, 26) ? ['source', 'replica'] : ['master', 'slave'];
  return [
    `--plugin-load-add=rpl_semi_sync_${source}=semisync_${source}.so`,
    `--plugin-load-add=rpl_semi_sync_${replica}=semisync_${replica}.so`,
    `--loose-rpl_semi_sync_${replica}_enabled=${enabled}`,
  ];
}

/** Half of a limited container's memory for the buffer pool: the rest is for connections and the system's cache. */
function memory(limit: string | undefined): string[] {
  if (!limit) return [];
  const bytes = Number(limit.slice(0, -1)) * (limit.endsWith('g') ? 2 ** 30 : 2 ** 20);
  return [`--innodb_buffer_pool_size=${Math.max(32 * 2 ** 20, Math.floor(bytes / 2 / 2 ** 20) * 2 ** 20)}`];
}
