import { escape } from 'mysql2';

import { accounts } from '../../schemas/names';
import type { BaseFlavor } from './flavors/base';
import type { Session } from './types';
import { atLeast, parseVersion } from './version';

const ours = new Set<string>(Object.values(accounts));

const isSystem = (user: string): boolean => user === '' || user.startsWith('mysql.') || ['mysql', 'mariadb.sys', 'PUBLIC'].includes(user);

/** Neither the server's nor drydock's. */
export const isOfPeople = (user: string): boolean => !ours.has(user) && !isSystem(user);

/**
 * Statements that make the accounts which people created on the donor: a logical copy lacks them. They hold password hashes,
 * so they go into a file that only root of the container reads. Drydock's own accounts were made when the member was initialised.
 */
export async function accountStatements(donor: Session, flavor: BaseFlavor): Promise<string[]> {
  const version = parseVersion(donor.serverVersion);
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
