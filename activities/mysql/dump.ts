import { escape } from 'mysql2';

import { accounts, passwordRef } from '../../schemas/names';
import type { ClusterState, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { mustRun, runFolder, withFiles } from './container-exec';
import type { Flavor, Session } from './types';
import { atLeast, parseVersion } from './version';

const donorFile = `${runFolder}-seed-donor.cnf`;
const rootFile = `${runFolder}-seed-root.cnf`;
const accountsFile = `${runFolder}-seed-accounts.sql`;
const bytesFile = `${runFolder}/seed.bytes`;

/** A value of an option file: quoted, with what the parser takes for an escape doubled. */
export const optionValue = (text: string): string => `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;

const systemSchemas = ['mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo', 'test'];

export interface Schemas {
  names: string[];
  /** Tables that no snapshot covers: the donor must stand still until they are read. */
  withoutSnapshot: string[];
}

export async function schemasOf(donor: Session): Promise<Schemas> {
  const list = systemSchemas.map((name) => escape(name)).join(', ');
  const schemas = await donor.query<{ name: string }>(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (${list})`,
  );
  const tables = await donor.query<{ name: string }>(
    `SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.TABLES ` +
      `WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB' AND TABLE_SCHEMA NOT IN (${list})`,
  );
  return { names: schemas.map(({ name }) => name), withoutSnapshot: tables.map(({ name }) => name) };
}

type Version = Pick<Flavor, 'engine' | 'version'>;

export interface OptionFile {
  path: string;
  content: string;
}

/** Where the tools run that copy data into a member. */
export interface Place {
  /** The container: the member's own, or one beside a member that is none. */
  container: Member;
  /** Option file by which they write on the member. */
  target: OptionFile;
  /** The version of the tools. */
  tool: Version;
}

/** Option file of the operation's account on a member, for the tools of `tool`'s version. */
export async function clientFile(
  env: ActivityEnvironment,
  state: ClusterState,
  server: Version,
  member: Member,
  tool: Version = state.definition,
): Promise<OptionFile> {
  const password = await env.secrets.read(passwordRef(state.definition.name, 'operation'));
  return { path: donorFile, content: optionFile(member, accounts.operation, password) + tlsOption(tool, server) };
}

const optionFile = ({ address, port }: Member, user: string, password: string): string =>
  `[client]\nhost=${address}\nport=${port}\nuser=${optionValue(user)}\npassword=${optionValue(password)}\n`;

/** The member's own container, as root on the server's socket. */
export async function ownPlace(env: ActivityEnvironment, state: ClusterState, tool: Version, member: Member): Promise<Place> {
  const root = await env.secrets.read(passwordRef(state.definition.name, 'root'));
  const content = `[client]\nuser=${accounts.root}\npassword=${optionValue(root)}\nprotocol=socket\nsocket=@socket@\n`;
  return { container: member, target: { path: rootFile, content }, tool };
}

/** A container beside a member that is none, as the administrator over the network. */
export function toolPlace(
  container: Member,
  state: ClusterState,
  server: Version,
  administrator: { user: string; password: string },
): Place {
  const tool = state.definition;
  const content = optionFile(container, administrator.user, administrator.password) + tlsOption(tool, server);
  return { container, target: { path: rootFile, content }, tool };
}

/** All that a member has, compressed, in a file of a container that is not its own. The file has its name when it is whole. */
export async function dumpToFile(
  env: ActivityEnvironment,
  container: Member,
  tool: Version,
  source: OptionFile,
  schemas: string[],
  file: string,
): Promise<void> {
  const script = `umask 077; ${dumpCommand(tool, schemas)} | gzip -1 > ${file}.part && mv ${file}.part ${file}`;
  await withFiles(env, container, [source], () => mustRun(env, container, 'aside', script));
}

const dumpCommand = (tool: Version, schemas: string[]): string =>
  `"$(command -v mysqldump || command -v mariadb-dump)" --defaults-file=${donorFile} ${dumpOptions(tool)} --databases ${schemas.map(shellQuote).join(' ')}`;

/**
 * Streams a dump of the donor into the member, inside the container of `place`, so that the data does not pass through the
 * worker, by the tools of the member's version, which know the older ones. Nothing of it is written to the member's binary log. Passwords are in
 * option files of mode 0600 for as long as it lasts. Returns the bytes of the dump.
 */
export async function pipeDump(
  env: ActivityEnvironment,
  state: ClusterState,
  { container, target, tool }: Place,
  flavor: Version,
  donor: Member,
  schemas: string[],
  accountSql: string[],
): Promise<number> {
  const files = [
    await clientFile(env, state, flavor, donor, tool),
    target,
    {
      path: accountsFile,
      content: `SET SESSION sql_log_bin=0;\n${accountSql.map((statement) => `${statement};\n`).join('')}FLUSH PRIVILEGES;\n`,
    },
  ];
  const dump = dumpCommand(tool, schemas);
  const client = `"$(command -v mysql || command -v mariadb)" --defaults-file=${rootFile}`;
  const script = [
    `socket=/run/mysqld/mysqld.sock; [ -S $socket ] || socket=/var/run/mysqld/mysqld.sock; sed -i "s#@socket@#$socket#" ${rootFile}`,
    `rm -f ${bytesFile}`,
    `${dump} | tee >(wc -c > ${bytesFile}) | ${client} --default-character-set=utf8mb4 --init-command='SET SESSION sql_log_bin=0, SESSION foreign_key_checks=0' || exit 1`,
    // Twice: a role or a definer may be named before it is made. Statements that fail twice are told by the comparison of accounts.
    accountSql.length > 0 ? `${client} --force < ${accountsFile} > /dev/null 2>&1; ${client} --force < ${accountsFile} > /dev/null` : ':',
    `for i in 1 2 3 4 5 6 7 8 9 10; do [ -s ${bytesFile} ] && break; sleep 0.1; done; cat ${bytesFile}`,
  ].join('\n');
  const output = await withFiles(env, container, files, () => mustRun(env, container, 'seed', script));
  return Number(output.trim().split(/\s+/).at(-1));
}

/** From 11.4 on clients of MariaDB insist on TLS, which servers before that have only when they are given certificates. */
function tlsOption(tool: Version, donor: Version): string {
  if (tool.engine !== 'mariadb') return '';
  const insists = ({ version }: Version): boolean => atLeast(parseVersion(version, 'mariadb'), 11, 4);
  return insists(tool) && !insists(donor) ? 'disable-ssl-verify-server-cert\n' : '';
}

const shellQuote = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;

function dumpOptions(tool: Version): string {
  const version = parseVersion(tool.version, tool.engine);
  const options = [
    '--single-transaction',
    '--quick',
    '--skip-lock-tables',
    '--routines',
    '--events',
    '--triggers',
    '--hex-blob',
    '--add-drop-database',
    '--default-character-set=utf8mb4',
    '--max-allowed-packet=64M',
  ];
  // The place is set apart, and the tool would take a global read lock to print it.
  if (tool.engine === 'mysql' && atLeast(version, 5, 6)) options.push('--set-gtid-purged=OFF');
  if (tool.engine === 'mysql' && version.major >= 8) options.push('--column-statistics=0', '--no-tablespaces');
  return options.join(' ');
}
