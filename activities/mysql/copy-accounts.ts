import { escape } from 'mysql2';

import { accounts } from '../../schemas/names';
import { convertGrant, createStatement, type OldAccount } from './convert-accounts';
import type { BaseFlavor } from './flavors/base';
import type { Flavor, Session } from './types';
import { atLeast, parseVersion } from './version';

const ours = new Set<string>(Object.values(accounts));

const isSystem = (user: string): boolean => user === '' || user.startsWith('mysql.') || ['mysql', 'mariadb.sys', 'PUBLIC'].includes(user);

/** Neither the server's nor drydock's. */
export const isOfPeople = (user: string): boolean => !ours.has(user) && !isSystem(user);

/**
 * Statements that make the accounts which people created on the donor: a logical copy lacks them. They hold password hashes,
 * so they go into a file that only root of the container reads. Drydock's own accounts were made when the member was initialised.
 */
export async function accountStatements(donor: Session, flavor: BaseFlavor, target: Pick<Flavor, 'engine' | 'version'>): Promise<string[]> {
  const version = parseVersion(donor.serverVersion);
  if (flavor.engine === 'mysql' && !atLeast(version, 5, 7) && atLeast(parseVersion(target.version, target.engine), 8, 0))
    return convertedStatements(donor);
  const mariadb = flavor.engine === 'mariadb';
  const users = await donor.query<{ user: string; host: string; role: string }>(
    `SELECT User AS user, Host AS host, ${mariadb ? 'is_role' : "'N'"} AS role FROM mysql.user`,
  );
  // Hashes of caching_sha2_password hold bytes that no text file keeps.
  if (!mariadb && atLeast(version, 8, 0, 17)) await donor.query('SET SESSION print_identified_with_as_hex=ON');
  const creates: string[] = [];
  const grants: string[] = [];
  for (const { user, host, role } of users) {
    if (!isOfPeople(user)) continue;
    const name = role === 'Y' ? escape(user) : `${escape(user)}@${escape(host)}`;
    if (role === 'Y') creates.push(`CREATE ROLE IF NOT EXISTS ${name}`);
    else if (mariadb || version.major >= 8 || atLeast(version, 5, 7)) {
      const [row] = await donor.query(`SHOW CREATE USER ${name}`);
      const statement = String(Object.values(row ?? {})[0]);
      creates.push(statement.replace(/^CREATE USER (?!IF NOT EXISTS)/, 'CREATE USER IF NOT EXISTS '));
    }
    for (const row of await donor.query(`SHOW GRANTS FOR ${name}`)) grants.push(String(Object.values(row)[0]));
  }
  return [...creates, ...grants];
}

type UserRow = Partial<Record<string, string | number | Buffer | null>>;

/** As 8.0 reads them: it takes no GRANT that makes an account. */
async function convertedStatements(donor: Session): Promise<string[]> {
  const creates: string[] = [];
  const grants: string[] = [];
  for (const row of await donor.query<UserRow>('SELECT * FROM mysql.user')) {
    const account = oldAccount(row);
    const create = isOfPeople(account.user) ? createStatement(account) : undefined;
    if (create === undefined) continue;
    creates.push(create);
    const name = `${escape(account.user)}@${escape(account.host)}`;
    for (const grant of await donor.query(`SHOW GRANTS FOR ${name}`)) grants.push(convertGrant(String(Object.values(grant)[0])));
  }
  return [...creates, ...grants];
}

function oldAccount(row: UserRow): OldAccount {
  const text = (column: string): string => {
    const value = row[column];
    return Buffer.isBuffer(value) ? value.toString('utf8') : String(value ?? '');
  };
  const number = (column: string): number => Number(text(column) || 0);
  return {
    user: text('User'),
    host: text('Host'),
    password: text('Password'),
    plugin: text('plugin'),
    authentication: text('authentication_string'),
    sslType: text('ssl_type'),
    cipher: text('ssl_cipher'),
    issuer: text('x509_issuer'),
    subject: text('x509_subject'),
    limits: {
      questions: number('max_questions'),
      updates: number('max_updates'),
      connections: number('max_connections'),
      userConnections: number('max_user_connections'),
    },
    expired: text('password_expired') === 'Y',
  };
}
