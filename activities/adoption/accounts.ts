import { createHash } from 'node:crypto';

import { escape } from 'mysql2';

import { accounts, journalSchema, passwordRef, type Purpose } from '../../schemas/names';
import type { Cluster, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import { type Account, accountsOf } from '../mysql/accounts';
import { memberOf } from '../mysql/change-member';
import { flavorOf } from '../mysql/flavors';
import { modernNames } from '../mysql/flavors/replication-status';
import { sleep } from '../mysql/flavors/wait';
import { journalTables } from '../mysql/initialise';
import { createConnect } from '../mysql/session';
import { reachOf } from '../mysql/session-error';
import type { Connect, Session } from '../mysql/types';
import { parseVersion, type Version } from '../mysql/version';
import { type Administrator, connectAsAdministrator } from './administrator';

/** So long replicas may take until they have what was made on the primary. */
const arrivalBoundMs = 60_000;

const purposes = ['operation', 'guard', 'replication'] as const satisfies Purpose[];

/** Accounts that drydock makes in a cluster that others made: none for applications, which have their own. */
export const ownAccounts = (cluster: Cluster, version: Version): Account[] =>
  accountsOf(cluster, version).filter(({ purpose }) => purpose !== 'application');

export function administratorOf({ adoption, definition }: Cluster): Administrator {
  if (adoption) return adoption.administrator;
  throw failure('InvalidInput', `cluster ${definition.name} was not adopted`);
}

/**
 * The schema drydock and an account for each purpose, made on the primary and through its binary log, so that every replica has them without
 * being written to. Waits until all of them have. A second run ends with the same passwords and privileges.
 */
export async function makeOwnAccounts(
  env: Pick<ActivityEnvironment, 'secrets'>,
  cluster: Cluster,
  primary: string,
  beat: () => void,
): Promise<void> {
  const { name } = cluster.definition;
  for (const purpose of purposes) await env.secrets.ensure(passwordRef(name, purpose));
  const session = await connectAsAdministrator(administratorOf(cluster), memberOf(cluster, primary));
  try {
    const version = parseVersion(session.serverVersion);
    for (const statement of journalTables) await session.query(statement);
    for (const account of ownAccounts(cluster, version))
      await makeAccount(session, account, await env.secrets.read(passwordRef(name, account.purpose)), version);
  } finally {
    session.end();
  }
  const connect = createConnect(env);
  for (const member of cluster.members) await untilArrived(connect, name, member, beat);
}

const userOf = ({ user, host }: Pick<Account, 'user' | 'host'>): string => `${escape(user)}@${escape(host)}`;

/** Of mysql_native_password. */
function hashOf(password: string): string {
  const once = createHash('sha1').update(password).digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}

/** MySQL from 5.7 on writes a password's hash into its binary log; others would write the password, so they are given the hash. */
async function makeAccount(session: Session, account: Account, password: string, { engine, major, minor }: Version): Promise<void> {
  const user = userOf(account);
  const old = engine === 'mysql' && (major < 5 || (major === 5 && minor < 7));
  const identified = old || engine === 'mariadb' ? `IDENTIFIED BY PASSWORD '${hashOf(password)}'` : `IDENTIFIED BY ${escape(password)}`;
  if (old) await session.query(`GRANT USAGE ON *.* TO ${user} ${identified}`);
  else {
    await session.query(`CREATE USER IF NOT EXISTS ${user} ${identified}`);
    await session.query(`ALTER USER ${user} ${identified}`);
  }
  for (const grant of account.grants) await session.query(`GRANT ${grant} TO ${user}`);
}

async function untilArrived(connect: Connect, cluster: string, member: Member, beat: () => void): Promise<void> {
  for (const deadline = Date.now() + arrivalBoundMs; ; await sleep(200)) {
    beat();
    const missing = await whatIsMissing(connect, cluster, member);
    if (missing === undefined) return;
    if (Date.now() > deadline)
      throw failure(
        'CatchUpTimeout',
        `${member.name} does not have drydock's accounts after ${arrivalBoundMs / 1000} s: ${missing}`,
        [],
        false,
      );
  }
}

async function whatIsMissing(connect: Connect, cluster: string, member: Member): Promise<string | undefined> {
  for (const purpose of purposes) {
    let session: Session | undefined;
    try {
      session = await connect(cluster, member, { purpose, connectTimeoutMs: 2000 });
      if (purpose === 'guard') await session.query(`SELECT epoch FROM \`${journalSchema}\`.journal LIMIT 1`);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      session?.end();
    }
  }
  return undefined;
}

export interface Dropping {
  dropped: string[];
  kept: string[];
}

/**
 * Drops what drydock made in the cluster, on the primary and through its binary log; not what is in `keep`, nor the account that a member
 * replicates with. Passwords go when nothing is left that needs them.
 */
export async function dropOwnAccounts(
  env: Pick<ActivityEnvironment, 'secrets'>,
  cluster: Cluster,
  primary: string,
  keep: string[],
): Promise<Dropping> {
  const administrator = administratorOf(cluster);
  const kept = [...keep];
  for (const user of await replicatingAccounts(administrator, cluster))
    if (user === accounts.replication) kept.push(`${accounts.replication}@%`);
  const dropped: string[] = [];
  const session = await connectAsAdministrator(administrator, memberOf(cluster, primary));
  try {
    const users = await session.query<{ user: string; host: string }>('SELECT User AS user, Host AS host FROM mysql.user');
    for (const { user, host } of ownAccounts(cluster, parseVersion(session.serverVersion))) {
      const account = `${user}@${host}`;
      if (kept.includes(account) || !users.some((each) => each.user === user && each.host === host)) continue;
      await session.query(`DROP USER ${userOf({ user, host })}`);
      dropped.push(`account ${account}`);
    }
    if (!kept.includes(journalSchema)) {
      await session.query(`DROP DATABASE IF EXISTS \`${journalSchema}\``);
      dropped.push(`schema ${journalSchema}`);
    }
  } finally {
    session.end();
  }
  const secrets = `clusters/${cluster.definition.name}`;
  if (kept.length === 0) await env.secrets.remove(secrets);
  return { dropped, kept: [...new Set(kept)].map((what) => (what.includes('@') ? `account ${what}` : `schema ${what}`)) };
}

/** Whom members replicate as. A member that does not answer may replicate with drydock's account when it is back. */
async function replicatingAccounts(administrator: Administrator, cluster: Cluster): Promise<string[]> {
  return Promise.all(
    cluster.members.map(async (member) => {
      let session: Session | undefined;
      try {
        session = await connectAsAdministrator(administrator, member);
        const [row] = await session.query(`SHOW ${flavorOf(session).words.thread} STATUS`);
        return row ? (modernNames(row)['Source_User'] ?? '') : '';
      } catch (error) {
        if (reachOf(error) === 'answers') throw error;
        return accounts.replication;
      } finally {
        session?.end();
      }
    }),
  );
}
