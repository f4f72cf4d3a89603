import type { Member } from '../../../schemas/topology';
import type { SimulatedCluster } from './cluster';

export type Row = Record<string, string | number | null>;
/** `ok`: a statement without rows. */
export type Answer = Row[] | 'ok';

interface Asked {
  cluster: SimulatedCluster;
  member: Member;
  primary: boolean;
  sql: string;
}

export const serverVersion = '8.0.33';
const started = Date.now() - 3_600_000;

/** What a healthy MySQL 8.0 answers to the statements of a guard, and of the first look at a cluster; nothing else is known here. */
const table: [statement: RegExp, answer: (asked: Asked) => Answer][] = [
  [/^SELECT 1$/, () => [{ 1: 1 }]],
  [/^SET SESSION /, () => 'ok'],
  [/^INSERT INTO drydock\.heartbeat .*VALUES \(1, (\d+)\)/, writeHeartbeat],
  [/^SELECT `at` AS `at` FROM drydock\.heartbeat/, ({ cluster }) => [{ at: cluster.heartbeat }]],
  [/^SHOW GLOBAL VARIABLES WHERE /, ({ member, primary }) => [...settings(member, primary), ...semiSync(primary)]],
  [/^SHOW GLOBAL VARIABLES LIKE 'rpl/, ({ primary }) => semiSync(primary)],
  [/^SHOW GLOBAL STATUS LIKE 'Rpl/, ({ primary }) => semiSyncStatus(primary)],
  [/^SHOW GLOBAL STATUS LIKE 'Uptime'/, () => named({ Uptime: Math.floor((Date.now() - started) / 1000) })],
  [/^SELECT @@GLOBAL\.gtid_executed/, ({ cluster }) => [{ executed: cluster.gtid, purged: '' }]],
  [/FROM information_schema\.PROCESSLIST p LEFT JOIN/, () => []],
  [/^SELECT state AS state FROM information_schema\.processlist/, () => []],
  [/FROM drydock\.journal ORDER BY epoch DESC LIMIT 1/, ({ cluster }) => [{ epoch: 1, name: cluster.primary.name }]],
  [/^SHOW REPLICA STATUS$/, ({ cluster, primary }) => (primary ? [] : [replicaStatus(cluster)])],
  [/^SELECT @@GLOBAL\.replica_preserve_commit_order/, () => [{ ordered: 1, workers: 4 }]],
  [
    /^SHOW MASTER STATUS$/,
    ({ cluster }) => [{ File: 'binlog.000002', Position: cluster.transactions * 300, Executed_Gtid_Set: cluster.gtid }],
  ],
  [/FROM performance_schema\.replication_connection_status/, ({ cluster }) => [{ count: heartbeats(cluster), last: '' }]],
  [/FROM information_schema\.USER_PRIVILEGES/, () => []],
];

/** Undefined: no such statement is known. */
export function answerTo(cluster: SimulatedCluster, member: Member, sql: string): Answer | undefined {
  const found = table.find(([statement]) => statement.test(sql));
  return found?.[1]({ cluster, member, sql, primary: member === cluster.primary });
}

function writeHeartbeat({ cluster, sql }: Asked): Answer {
  cluster.write(Number(/VALUES \(1, (\d+)\)/.exec(sql)?.[1] ?? 0));
  return 'ok';
}

const named = (values: Row): Row[] => Object.entries(values).map(([name, value]) => ({ Variable_name: name, Value: String(value) }));

const settings = (member: Member, primary: boolean): Row[] =>
  named({
    server_id: member.serverId,
    read_only: primary ? 'OFF' : 'ON',
    super_read_only: primary ? 'OFF' : 'ON',
    sync_binlog: 1,
    innodb_flush_log_at_trx_commit: 1,
    sync_relay_log: 1,
    relay_log_recovery: 'OFF',
    log_replica_updates: 'ON',
    binlog_format: 'ROW',
    event_scheduler: 'OFF',
  });

const semiSync = (primary: boolean): Row[] =>
  named({
    rpl_semi_sync_source_enabled: primary ? 'ON' : 'OFF',
    rpl_semi_sync_replica_enabled: primary ? 'OFF' : 'ON',
    rpl_semi_sync_source_wait_for_replica_count: 1,
    rpl_semi_sync_source_wait_point: 'AFTER_SYNC',
    rpl_semi_sync_source_timeout: 4_294_967_295,
    rpl_semi_sync_source_wait_no_replica: 'ON',
  });

const semiSyncStatus = (primary: boolean): Row[] =>
  named({
    Rpl_semi_sync_source_clients: primary ? 2 : 0,
    Rpl_semi_sync_source_no_tx: 0,
    Rpl_semi_sync_source_wait_sessions: 0,
    Rpl_semi_sync_replica_status: primary ? 'OFF' : 'ON',
  });

function replicaStatus(cluster: SimulatedCluster): Row {
  const lost = cluster.healthOf(cluster.primary.name) === 'killed';
  const position = cluster.transactions * 300;
  return {
    Source_Host: cluster.primary.address,
    Source_User: 'drydock_repl',
    Source_Port: cluster.primary.port,
    Source_Log_File: 'binlog.000002',
    Read_Source_Log_Pos: position,
    Relay_Source_Log_File: 'binlog.000002',
    Exec_Source_Log_Pos: position,
    Replica_IO_Running: lost ? 'Connecting' : 'Yes',
    Replica_SQL_Running: 'Yes',
    Replica_SQL_Running_State: 'Replica has read all relay log; waiting for more updates',
    Seconds_Behind_Source: lost ? null : 0,
    Last_IO_Errno: lost ? 2003 : 0,
    Last_IO_Error: lost ? "error connecting to source: Can't connect to MySQL server" : '',
    Last_SQL_Errno: 0,
    Last_SQL_Error: '',
    SQL_Delay: 0,
    Retrieved_Gtid_Set: cluster.gtid,
    Executed_Gtid_Set: cluster.gtid,
    Auto_Position: 1,
  };
}

/** A source that serves sends one every 0.5 s. */
const heartbeats = (cluster: SimulatedCluster): number =>
  cluster.healthOf(cluster.primary.name) === 'serves' ? Math.floor((Date.now() - started) / 500) : 0;
