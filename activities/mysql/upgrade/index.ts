import { Context } from '@temporalio/activity';

import type { Cluster, Member } from '../../../schemas/topology';
import type { TableShape, UpgradeExamination, UpgradeQuestion } from '../../../schemas/upgrade';
import type { ActivityEnvironment } from '../../environment';
import { memberOf, withSession } from '../change-member';
import { mustRun } from '../container-exec';
import { createConnect } from '../session';
import type { Session } from '../types';
import { atLeast, parseVersion, type Version } from '../version';
import { readAccounts } from './accounts';
import { listed, oldTemporalColumns, tellInventory } from './judge-inventory';
import { readInventory, readSettings } from './read';
import { findZeroDates } from './zero-dates';

/**
 * Reads from one member what an upgrade wants to know, and changes nothing. Names and numbers only: no row of a user, and no hash of a
 * password, leaves the server. Throws MemberUnreachable.
 */
export async function examineUpgrade(
  env: ActivityEnvironment,
  cluster: Cluster,
  name: string,
  question: UpgradeQuestion,
): Promise<UpgradeExamination> {
  const context = Context.current();
  const stillWanted = (): void => {
    context.cancellationSignal.throwIfAborted();
    context.heartbeat();
  };
  const read = await withSession(createConnect(env), cluster, memberOf(cluster, name), { queryTimeoutMs: 30_000 }, async (session) => {
    const version = parseVersion(session.serverVersion);
    const inventory = await readInventory(session);
    stillWanted();
    const variables = await readSettings(session);
    const known = await oldTemporalKnown(session, version);
    return {
      member: name,
      version: `${version.major}.${version.minor}.${version.patch}`,
      ...tellInventory(inventory, question, variables['sql_mode'] ?? ''),
      oldTemporal: listed(oldTemporalColumns(version, inventory.columns, known)),
      accounts: listed(await readAccounts(session)),
      variables,
      ...(await zeroDates(session, inventory, stillWanted)),
    };
  });
  stillWanted();
  return { ...read, disks: await readDisks(env, cluster) };
}

/** What columns and indexes tables have on a member. Throws MemberUnreachable. */
export async function readShapes(env: ActivityEnvironment, cluster: Cluster, name: string, tables: string[]): Promise<TableShape[]> {
  return withSession(createConnect(env), cluster, memberOf(cluster, name), { queryTimeoutMs: 30_000 }, async (session) => {
    const inventory = await readInventory(session);
    return tellInventory(inventory, { words: [], tables }, '').shapes;
  });
}

async function zeroDates(
  session: Session,
  inventory: Parameters<typeof findZeroDates>[1],
  stillWanted: () => void,
): Promise<Pick<UpgradeExamination, 'zeroDates' | 'searchedInPart'>> {
  const { zeroDates: zero, searchedInPart } = await findZeroDates(session, inventory, stillWanted);
  return { zeroDates: listed(zero.items), searchedInPart: listed(searchedInPart.items) };
}

/** InnoDB's own type of what is stored as a number: temporal values have it in the format of 5.5 only. */
const storedAsNumber = 6;

/** 5.6 and 5.7 may have columns of either format. Names that need quoting in a file's name are told as they are there, and so are not found. */
async function oldTemporalKnown(session: Session, version: Version): Promise<Set<string>> {
  if (version.engine === 'mariadb' || version.major !== 5 || !atLeast(version, 5, 6)) return new Set();
  const rows = await session.query<{ table: string; column: string }>(
    'SELECT t.NAME AS `table`, c.NAME AS `column` FROM information_schema.INNODB_SYS_TABLES t ' +
      `JOIN information_schema.INNODB_SYS_COLUMNS c ON c.TABLE_ID = t.TABLE_ID WHERE c.MTYPE = ${storedAsNumber}`,
  );
  return new Set(rows.map(({ table, column }) => `${table.replace('/', '.')}.${column}`));
}

/** One member of each host tells: members of a host have their data on one disk. A host that does not tell is left out. */
async function readDisks(env: ActivityEnvironment, cluster: Cluster): Promise<UpgradeExamination['disks']> {
  const first = new Map<string, Member>();
  for (const member of cluster.members) if (!member.adopted && !first.has(member.host)) first.set(member.host, member);
  const disks = await Promise.all(
    [...first.values()].map(async (member) => {
      try {
        const line = await mustRun(env, member, 'disk', 'df -PB1 /var/lib/mysql | tail -n 1');
        const [, totalBytes = NaN, , freeBytes = NaN] = line.trim().split(/\s+/).map(Number);
        return Number.isFinite(totalBytes) && Number.isFinite(freeBytes)
          ? [{ member: member.name, host: member.host, freeBytes, totalBytes }]
          : [];
      } catch (error) {
        Context.current().cancellationSignal.throwIfAborted();
        env.log.info(
          { member: member.name, error: error instanceof Error ? error.message : String(error) },
          'the disk of a member could not be read',
        );
        return [];
      }
    }),
  );
  return disks.flat();
}
