import { accounts, journalSchema, type Purpose } from '../../schemas/names';
import type { Cluster } from '../../schemas/topology';
import { bridgeRange } from '../docker/subnets';
import { atLeast, type Version } from './version';

/**
 * What each account may do, by version. Nobody but the operation account (and root on the server's own socket) can write on a
 * read-only member: 5.5, 5.6 and MariaDB have no super_read_only, so that privilege is the fence.
 */
export interface Account {
  purpose: Exclude<Purpose, 'root'>;
  user: string;
  host: string;
  /** `privileges ON what`, one GRANT each. */
  grants: string[];
}

/** All of drydock's networks on one host, as an account's host. */
const bridges = `${bridgeRange}/255.255.0.0`;

/** The schema that the application is given. */
export const applicationSchema = 'app';

export function accountsOf(cluster: Cluster, version: Version): Account[] {
  const account = (purpose: Account['purpose'], host: string, grants: string[]): Account => ({
    purpose,
    user: accounts[purpose],
    host,
    grants,
  });
  // Applications come through the routers only; their addresses are the routers'. To a member on its own host, where both are reached at
  // the host's address, a router comes through the engine's proxy: from the gateway of the member's network.
  const published = cluster.routers.some(({ address, write }) => address === write.host);
  const routers = [...new Set([...cluster.routers.map((router) => router.address), ...(published ? [bridges] : [])])];
  return [
    account('operation', '%', [...operation(version), `ALL PRIVILEGES ON \`${journalSchema}\`.*`]),
    account('guard', '%', [...guard(version), `SELECT ON \`${journalSchema}\`.*`, `INSERT, UPDATE ON \`${journalSchema}\`.\`heartbeat\``]),
    account('replication', '%', ['REPLICATION SLAVE ON *.*']),
    ...routers.map((host) => account('application', host, [`ALL PRIVILEGES ON \`${applicationSchema}\`.*`])),
  ];
}

/** Reading and dumping all data, seeing all sessions, and speaking replication. */
const readAll = 'SELECT, RELOAD, PROCESS, SHOW DATABASES, SHOW VIEW, LOCK TABLES, EVENT, TRIGGER, REPLICATION SLAVE, REPLICATION CLIENT';

function operation(version: Version): string[] {
  if (version.engine === 'mariadb') {
    // event_scheduler and some others want SUPER; from 11.0 on it no longer includes the rest.
    return [
      `${readAll}, SUPER, READ_ONLY ADMIN, CONNECTION ADMIN, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, SLAVE MONITOR, ` +
        'BINLOG ADMIN, SET USER ON *.*',
    ];
  }
  if (version.major < 8) return [`${readAll}, SUPER ON *.*`];
  const definer = atLeast(version, 8, 2) ? 'SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER' : 'SET_USER_ID';
  return [
    `${readAll} ON *.*`,
    // CONNECTION_ADMIN: writes on a read-only member, kills, and the connection that is kept free; SYSTEM_USER: may kill such as root.
    `SYSTEM_VARIABLES_ADMIN, SESSION_VARIABLES_ADMIN, CONNECTION_ADMIN, REPLICATION_SLAVE_ADMIN, BACKUP_ADMIN, SYSTEM_USER, ${definer} ON *.*`,
  ];
}

function guard(version: Version): string[] {
  if (version.engine === 'mariadb') return ['PROCESS, SLAVE MONITOR, BINLOG MONITOR ON *.*'];
  const grants = ['PROCESS, REPLICATION CLIENT ON *.*'];
  if (version.major >= 8) grants.push('SELECT ON `performance_schema`.*');
  return grants;
}
