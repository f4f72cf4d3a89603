import { accounts } from '../../../schemas/names';
import type { Session } from '../types';

/** With one of these an account writes on a read-only member, or may end the fence. */
const unfenced = ['SUPER', 'CONNECTION_ADMIN', 'SYSTEM_VARIABLES_ADMIN', 'READ_ONLY ADMIN'];

const ours = new Set<string>([accounts.operation, accounts.guard, accounts.replication]);

/** Accounts that the servers make for themselves; they can't log in, or only on the server's own socket. */
function isSystemAccount(user: string, host: string): boolean {
  return host === 'localhost' && (user === accounts.root || user === 'mysql' || user === 'mariadb.sys' || user.startsWith('mysql.'));
}

/** `user@host (PRIVILEGE, ...)` of every account that the read-only fence does not hold. Needs SELECT on the schema mysql. */
export async function privilegedApplications(session: Session): Promise<string[]> {
  const rows = await session.query<{ grantee: string; privilege: string }>(
    `SELECT GRANTEE AS grantee, PRIVILEGE_TYPE AS privilege FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN (${unfenced.map(() => '?').join(', ')})`,
    unfenced,
  );
  const found = new Map<string, string[]>();
  for (const { grantee, privilege } of rows) {
    const [, user = '', host = ''] = /^'(.*)'@'(.*)'$/.exec(grantee) ?? [];
    if (ours.has(user) || isSystemAccount(user, host)) continue;
    const name = `${user}@${host}`;
    found.set(name, [...(found.get(name) ?? []), privilege]);
  }
  return [...found].map(([name, privileges]) => `${name} (${privileges.join(', ')})`).sort();
}
