import { escape } from 'mysql2';

import { maxConnectionsOf } from '../../schemas/connection-limits';
import { accounts, journalSchema, passwordRef } from '../../schemas/names';
import type { Cluster, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { type Account, accountsOf, applicationSchema } from './accounts';
import { errantTable } from './errant-records';
import { flavorOf } from './flavors';
import { sleep } from './flavors/wait';
import { createConnect } from './session';
import { reachOf, SessionError } from './session-error';
import type { Connect, Session } from './types';
import { atLeast, parseVersion, type Version } from './version';

const readOnlyRefusal = 1290;

/** Journal and heartbeat. */
export const journalTables = [
  `CREATE DATABASE IF NOT EXISTS \`${journalSchema}\` DEFAULT CHARACTER SET utf8mb4`,
  `CREATE TABLE IF NOT EXISTS \`${journalSchema}\`.journal (epoch INT UNSIGNED NOT NULL PRIMARY KEY, primary_name VARCHAR(64) NOT NULL, ` +
    'operation VARCHAR(255) NOT NULL, reason VARCHAR(255) NOT NULL, binlog_file VARCHAR(255) NULL, binlog_position BIGINT UNSIGNED NULL, ' +
    'at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB',
  // Milliseconds since 1970.
  `CREATE TABLE IF NOT EXISTS \`${journalSchema}\`.heartbeat (id TINYINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL) ENGINE=InnoDB`,
  errantTable,
];

const applicationDatabase = `CREATE DATABASE IF NOT EXISTS \`${applicationSchema}\` DEFAULT CHARACTER SET utf8mb4`;

/**
 * Accounts, journal and heartbeat on a fresh member, none of it in its binary log; the member stays read-only. The last step
 * removes root from everywhere but the server's own socket: as long as root answers, an earlier attempt did not finish.
 */
export async function initialiseMember(env: ActivityEnvironment, cluster: Cluster, member: Member): Promise<void> {
  const connect = createConnect(env);
  const root = await connectAsRoot(connect, cluster, member);
  if (root === null) return verify(connect, cluster, member);
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await setUp(env, root, cluster, member);
        break;
      } catch (error) {
        // A server accepts connections a moment before it puts its own super_read_only in place, after we opened it.
        if (attempt >= 5 || !(error instanceof SessionError && error.errno === readOnlyRefusal)) throw error;
        await sleep(200);
      }
    }
  } finally {
    root.end();
  }
  await verify(connect, cluster, member);
}

/** Null when root is refused from afar: the member was initialised before. */
async function connectAsRoot(connect: Connect, cluster: Cluster, member: Member): Promise<Session | null> {
  try {
    return await connect(cluster.definition.name, member, { purpose: 'root', connectTimeoutMs: 5000, queryTimeoutMs: 30_000 });
  } catch (error) {
    if (reachOf(error) === 'denied') return null;
    throw unreachable(error, member);
  }
}

function unreachable(error: unknown, member: Member): Error {
  if (error instanceof SessionError)
    return failure('MemberUnreachable', error.message, [{ path: `member ${member.name}`, message: error.message }]);
  return error instanceof Error ? error : new Error(String(error));
}

async function setUp(env: ActivityEnvironment, session: Session, cluster: Cluster, member: Member): Promise<void> {
  const version = parseVersion(session.serverVersion);
  const flavor = flavorOf(session);
  if (version.engine !== cluster.definition.engine)
    throw failure('InvalidInput', `the image of ${member.name} runs ${session.serverVersion}, not ${cluster.definition.engine}`);
  await session.query('SET SESSION sql_log_bin=0');
  await flavor.openForOperation(session);
  for (const statement of [...journalTables, applicationDatabase]) await session.query(statement);
  for (const account of accountsOf(cluster, version)) {
    const password = await env.secrets.read(passwordRef(cluster.definition.name, account.purpose));
    await createAccount(session, account, password, version);
  }
  await dropRemoteRoot(session);
  await flavor.setReadOnly(session);
}

const userOf = (account: Account): string => `${escape(account.user)}@${escape(account.host)}`;

/** Creates or mends: a second attempt ends with the same password and at least the same privileges. */
async function createAccount(session: Session, account: Account, password: string, version: Version): Promise<void> {
  const user = userOf(account);
  const secret = escape(password);
  if (version.engine === 'mysql' && !atLeast(version, 5, 7)) await session.query(`GRANT USAGE ON *.* TO ${user} IDENTIFIED BY ${secret}`);
  else {
    await session.query(`CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY ${secret}`);
    await session.query(`ALTER USER ${user} IDENTIFIED BY ${secret}`);
  }
  for (const grant of account.grants) await session.query(`GRANT ${grant} TO ${user}`);
}

async function dropRemoteRoot(session: Session): Promise<void> {
  const hosts = await session.query<{ host: string }>('SELECT Host AS host FROM mysql.user WHERE User = ?', [accounts.root]);
  if (!hosts.some(({ host }) => host === 'localhost')) return;
  for (const { host } of hosts) if (host !== 'localhost') await session.query(`DROP USER ${escape(accounts.root)}@${escape(host)}`);
}

async function verify(connect: Connect, cluster: Cluster, member: Member): Promise<void> {
  const wanted: string[] = [];
  let session: Session;
  try {
    session = await connect(cluster.definition.name, member, { purpose: 'operation', connectTimeoutMs: 5000, queryTimeoutMs: 10_000 });
  } catch (error) {
    throw unreachable(error, member);
  }
  try {
    const flavor = flavorOf(session);
    // An attempt that died after its last step but one left super_read_only off. A primary is not read-only at all: left alone.
    const { readOnly, superReadOnly } = await flavor.readOnly(session);
    if (readOnly && !superReadOnly && flavor.superReadOnly) await flavor.setReadOnly(session);
    const users = await session.query<{ user: string; host: string }>('SELECT User AS user, Host AS host FROM mysql.user');
    for (const account of accountsOf(cluster, parseVersion(session.serverVersion)))
      if (!users.some(({ user, host }) => user === account.user && host === account.host))
        wanted.push(`account ${account.user}@${account.host}`);
    const tables = await session.query<{ name: string }>(
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?',
      [journalSchema],
    );
    for (const table of ['journal', 'heartbeat'])
      if (!tables.some(({ name }) => name === table)) wanted.push(`table ${journalSchema}.${table}`);
    await refuseFewConnections(session, cluster, member);
  } finally {
    session.end();
  }
  if (wanted.length > 0)
    throw failure(
      'SettingNotKept',
      `${member.name} is not set up as a member: ${wanted.join(', ')} missing`,
      wanted.map((thing) => ({ path: `member ${member.name}`, message: `${thing} is missing` })),
    );
}

/** A server that may not open enough files takes fewer than it was told, and routers would lead more to it than it takes. */
async function refuseFewConnections(session: Session, cluster: Cluster, member: Member): Promise<void> {
  const [row] = await session.query<{ most: number }>('SELECT @@GLOBAL.max_connections AS most');
  const asked = maxConnectionsOf(cluster.definition);
  if (!row || Number(row.most) >= asked || member.adopted) return;
  const message = `max_connections is ${row.most}, asked for ${asked}: raise the limit of open files of its host, or lower settings.max_connections`;
  throw failure('SettingNotKept', `${member.name}: ${message}`, [{ path: `member ${member.name}.max_connections`, message }]);
}
