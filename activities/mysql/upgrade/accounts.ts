import { isOfPeople } from '../copy-accounts';
import type { Session } from '../types';

/** The hash of before 4.1. */
const oldHashLength = 16;

interface UserRow {
  user: string;
  host: string;
  plugin: string | null;
  length: number | null;
}

/** Accounts of people with what checks their password. No hash leaves the server. */
export async function readAccounts(session: Session): Promise<{ account: string; plugin: string }[]> {
  const [password] = await session.query("SHOW COLUMNS FROM mysql.user LIKE 'Password'");
  const rows = await session.query<UserRow>(
    `SELECT User AS user, Host AS host, plugin, ${password ? 'LENGTH(Password)' : 'NULL'} AS length FROM mysql.user`,
  );
  return rows
    .filter(({ user }) => isOfPeople(user))
    .map(({ user, host, plugin, length }) => ({ account: `${user}@${host}`, plugin: pluginOf(plugin ?? '', Number(length ?? 0)) }));
}

/** Versions without a plug-in in the row go by the length of the hash. */
function pluginOf(plugin: string, length: number): string {
  if (length === oldHashLength || plugin === 'mysql_old_password') return 'old-password';
  if (plugin !== '') return plugin;
  return length > 0 ? 'mysql_native_password' : 'none';
}
