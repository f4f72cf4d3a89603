import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

import { type ExaminedMember, type Examination, primaryOf } from '../../schemas/adoption';
import type { AdoptionFile } from '../../schemas/adoption-file';
import { accounts, journalSchema, passwordRef } from '../../schemas/names';
import type { Member } from '../../schemas/topology';
import { commandFolder } from '../commands/run';
import type { ActivityEnvironment } from '../environment';
import { codeOf } from '../failure';
import { flavorOf } from '../mysql/flavors';
import { modernNames } from '../mysql/flavors/replication-status';
import { errantBeyond, observeSession } from '../mysql/observe';
import type { Session } from '../mysql/types';
import { atLeast, parseVersion, type Version } from '../mysql/version';
import { connectAsAdministrator } from './administrator';
import { changedSettings } from './settings';

type Place = Pick<Member, 'name' | 'address' | 'port'>;

interface Look {
  examined: ExaminedMember;
  session?: Session;
  /** All that it has executed, in the form that `errantBeyond` compares. */
  executed?: string;
}

/** Looks at every member as the administrator and changes nothing. A member that does not answer is named. Throws SecretMissing, InvalidInput. */
export async function examineMembers(
  env: Pick<ActivityEnvironment, 'home' | 'secrets'>,
  file: AdoptionFile,
  members: Place[],
): Promise<Examination> {
  const looks = await Promise.all(members.map((member) => lookAt(file, member)));
  try {
    await markErrant(looks);
  } finally {
    for (const { session } of looks) session?.end();
  }
  return {
    members: looks.map(({ examined }) => examined),
    passwordsKnown: await knows(env, file.name),
    missingPrograms: await missingPrograms(env, file),
  };
}

async function lookAt({ administrator }: AdoptionFile, { name, address, port }: Place): Promise<Look> {
  const examined: ExaminedMember = {
    name,
    address,
    port,
    settings: {},
    logBin: false,
    binlogFilters: '',
    semiSyncLoaded: false,
    enabledEvents: 0,
    sleepingEvents: 0,
    ownAccounts: [],
    ownSchema: false,
    temporalSchemas: [],
    otherTables: 0,
    administratorLacks: [],
  };
  let session: Session;
  try {
    session = await connectAsAdministrator(administrator, examined);
  } catch (error) {
    if (codeOf(error) !== 'MemberUnreachable') throw error;
    return { examined: { ...examined, unreachable: (error as Error).message } };
  }
  try {
    const { view, state } = await observeSession(session, { purpose: 'root', boundMs: 10_000 });
    Object.assign(examined, { view }, await facts(session));
    return { examined, session, executed: state };
  } catch (error) {
    session.end();
    return { examined: { ...examined, unreachable: error instanceof Error ? error.message : String(error) } };
  }
}

interface NameValue {
  Variable_name: string;
  Value: string;
}

async function facts(session: Session): Promise<Partial<ExaminedMember>> {
  const version = parseVersion(session.serverVersion);
  const rows = await session.query<NameValue>('SHOW GLOBAL VARIABLES');
  const variables = Object.fromEntries(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
  const { words } = flavorOf(session);
  const [status] = variables['log_bin'] === 'ON' ? await session.query(words.binlogStatus) : [];
  const [replica] = await session.query(`SHOW ${words.thread} STATUS`);
  const source = replica && modernNames(replica);
  return {
    engine: version.engine,
    version: `${version.major}.${version.minor}.${version.patch}`,
    serverUuid: variables['server_uuid'],
    settings: Object.fromEntries(Object.entries(variables).filter(([name]) => changedSettings.test(name))),
    maxConnections: Number(variables['max_connections']) || undefined,
    logBin: variables['log_bin'] === 'ON',
    binlogFilters: ['Binlog_Do_DB', 'Binlog_Ignore_DB'].flatMap((name) => text(status?.[name]) || []).join(', '),
    gtidMode: variables['gtid_mode'],
    enforceGtidConsistency: variables['enforce_gtid_consistency'],
    ...(source && (source['Source_Host'] ?? '') !== '' ? { sourceUser: source['Source_User'], autoPosition: byGtid(source) } : {}),
    ...(await atStart(session, version, variables)),
    semiSyncLoaded:
      variables[`${words.semiSync.source}_enabled`] !== undefined && variables[`${words.semiSync.replica}_enabled`] !== undefined,
    ...(await contents(session)),
    ...(await administratorOf(session)),
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** MySQL says Auto_Position, MariaDB Using_Gtid. */
const byGtid = (status: Record<string, string>): boolean =>
  status['Using_Gtid'] === undefined ? status['Auto_Position'] === '1' : status['Using_Gtid'] !== 'No';

/** What a member does when it is started, as far as its server tells where a setting comes from. */
async function atStart(
  session: Session,
  version: Version,
  variables: Record<string, string>,
): Promise<Pick<ExaminedMember, 'startsReadOnly' | 'startsDetached'>> {
  const detached = variables['skip_replica_start'] ?? variables['skip_slave_start'];
  const startsDetached = detached === undefined ? undefined : detached === 'ON';
  if (version.engine === 'mysql' && !atLeast(version, 8, 0)) return { startsDetached };
  const sql =
    version.engine === 'mariadb'
      ? "SELECT GLOBAL_VALUE_ORIGIN AS origin, NULL AS persisted FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = 'READ_ONLY'"
      : "SELECT i.VARIABLE_SOURCE AS origin, p.VARIABLE_VALUE AS persisted FROM performance_schema.variables_info i LEFT JOIN performance_schema.persisted_variables p USING (VARIABLE_NAME) WHERE i.VARIABLE_NAME = 'read_only'";
  const [row] = await session.query<{ origin: string; persisted: string | null }>(sql);
  if (!row) return { startsDetached };
  if (row.persisted !== null) return { startsDetached, startsReadOnly: row.persisted === 'ON' };
  // Set since the start: what it was started with is not known any more.
  if (row.origin === 'DYNAMIC' || row.origin === 'SQL') return { startsDetached };
  return { startsDetached, startsReadOnly: variables['read_only'] !== 'OFF' };
}

const systemSchemas = "'mysql', 'sys', 'information_schema', 'performance_schema'";
/** Tables by which the store of a Temporal server is known: that of workflows, and that of its visibility. */
const temporalTables = [
  ['executions', 'history_node'],
  ['executions_visibility', 'schema_version'],
];

async function contents(
  session: Session,
): Promise<Pick<ExaminedMember, 'enabledEvents' | 'sleepingEvents' | 'ownAccounts' | 'ownSchema' | 'temporalSchemas' | 'otherTables'>> {
  const [events] = await session.query<{ enabled: number | null; sleeping: number | null }>(
    "SELECT SUM(STATUS = 'ENABLED') AS enabled, SUM(STATUS IN ('SLAVESIDE_DISABLED', 'REPLICA_SIDE_DISABLED')) AS sleeping FROM information_schema.EVENTS",
  );
  const ours = [accounts.operation, accounts.guard, accounts.replication];
  const own = await session.query<{ account: string }>(
    "SELECT CONCAT(User, '@', Host) AS account FROM mysql.user WHERE User IN (?, ?, ?)",
    ours,
  );
  const [schema] = await session.query('SELECT 1 AS one FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?', [journalSchema]);
  const suspects = temporalTables.flat();
  const stores = await session.query<{ name: string; tables: string }>(
    `SELECT TABLE_SCHEMA AS name, GROUP_CONCAT(TABLE_NAME) AS tables FROM information_schema.TABLES WHERE TABLE_NAME IN (${suspects.map(() => '?').join(', ')}) GROUP BY TABLE_SCHEMA`,
    suspects,
  );
  const [others] = await session.query<{ n: number }>(
    `SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' AND TABLE_SCHEMA NOT IN (${systemSchemas})`,
  );
  return {
    enabledEvents: Number(events?.enabled ?? 0),
    sleepingEvents: Number(events?.sleeping ?? 0),
    ownAccounts: own.map(({ account }) => account).sort(),
    ownSchema: schema !== undefined,
    temporalSchemas: stores
      .filter(({ tables }) => temporalTables.some((some) => some.every((table) => tables.split(',').includes(table))))
      .map(({ name }) => name)
      .sort(),
    otherTables: Number(others?.n ?? 0),
  };
}

async function administratorOf(session: Session): Promise<Pick<ExaminedMember, 'administrator' | 'administratorLacks'>> {
  const [row] = await session.query<{ account: string }>('SELECT CURRENT_USER() AS account');
  const account = row?.account ?? '';
  const at = account.lastIndexOf('@');
  const grantee = `'${account.slice(0, at)}'@'${account.slice(at + 1)}'`;
  const rows = await session.query<{ privilege: string; grantable: string }>(
    'SELECT PRIVILEGE_TYPE AS privilege, IS_GRANTABLE AS grantable FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?',
    [grantee],
  );
  const lacks = [
    ...(rows.some(({ privilege }) => privilege === 'CREATE USER') ? [] : ['CREATE USER']),
    ...(rows.some(({ privilege }) => privilege === 'CREATE') ? [] : ['CREATE']),
    ...(rows.some(({ grantable }) => grantable === 'YES') ? [] : ['GRANT OPTION']),
  ];
  return { administrator: account, administratorLacks: lacks };
}

/** Sets of replicas were read before; the primary's is read now, so what is beyond it is errant for certain. */
async function markErrant(looks: Look[]): Promise<void> {
  const name = primaryOf(looks.map(({ examined }) => examined))?.name;
  const primary = looks.find(({ examined }) => examined.name === name)?.session;
  if (!primary) return;
  for (const { examined, executed } of looks) {
    if (examined.name === name || executed === undefined || !examined.view) continue;
    const errant = await errantBeyond(primary, executed);
    if (errant !== '') examined.view.errant = errant;
  }
}

async function knows({ secrets }: Pick<ActivityEnvironment, 'secrets'>, cluster: string): Promise<boolean> {
  try {
    await secrets.read(passwordRef(cluster, 'operation'));
    return true;
  } catch (error) {
    if (codeOf(error) !== 'SecretMissing') throw error;
    return false;
  }
}

async function missingPrograms(env: Pick<ActivityEnvironment, 'home'>, { commands }: AdoptionFile): Promise<string[]> {
  const all = commands ? [commands, ...Object.values(commands.members)] : [];
  const programs = new Set(all.flatMap(({ fence, start, status }) => [fence, start, status].flatMap((words) => words?.[0] ?? [])));
  const found = await Promise.all(
    [...programs].map((program) =>
      access(join(commandFolder(env), program), constants.X_OK).then(
        () => [],
        () => [program],
      ),
    ),
  );
  return found.flat();
}
