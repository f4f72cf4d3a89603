import { Context } from '@temporalio/activity';

import { halfBuilt } from '../../schemas/errant';
import { sourcesOf } from '../../schemas/member-rules';
import { accounts, passwordRef } from '../../schemas/names';
import type { ClusterState, Member } from '../../schemas/topology';
import type { SeedingRecipe } from '../../schemas/upgrade';
import { administratorOf } from '../adoption/accounts';
import { connectAsAdministrator, readPassword } from '../adoption/administrator';
import { isBridgeAddress } from '../docker/subnets';
import { asideFolder, withTool } from '../docker/tool';
import type { ActivityEnvironment } from '../environment';
import { failure } from '../failure';
import type { LockedMember } from '../switch/locked-member';
import { changeMember, checkEpoch, memberOf, withSession } from './change-member';
import { runInContainer } from './container-exec';
import { accountStatements } from './copy-accounts';
import { ownPlace, pipeDump, type Place, schemasOf, type Schemas, toolPlace } from './dump';
import { flavorOf } from './flavors';
import { poll } from './flavors/wait';
import { followPrimary } from './follow';
import { seedByCopy } from './physical';
import { seedPosition, type SeedPosition, standAt } from './seed-position';
import { createConnect } from './session';
import type { Connect, Session } from './types';

/** A dump opens its snapshot within a fraction of this; the donor stands still no longer. */
const snapshotBoundMs = 15_000;
/** How long writes of a primary may be held up for a snapshot, when there is no replica to copy from. */
const readLockSeconds = 1;

/**
 * Copies the donor's data into the empty member and makes it follow: its files (./physical), or by dump. For a dump the donor stands still (a replica's applier is stopped; a
 * primary is under a read lock that waits for nobody longer than a second) only until the dump has its snapshot, so the place
 * that the copy stands for is exact. An interrupted copy is begun anew: what it left is replaced.
 */
export async function seedMember(
  env: ActivityEnvironment,
  state: ClusterState,
  name: string,
  donorName: string,
  recipe: Pick<SeedingRecipe, 'kind' | 'upgradeTool'> = { kind: 'logical' },
): Promise<{ bytes: number; seconds: number }> {
  if (recipe.kind === 'physical') return seedByCopy(env, state, name, donorName, recipe.upgradeTool);
  const began = Date.now();
  const connect = createConnect(env);
  const member = memberOf(state, name);
  const donor = memberOf(state, donorName);
  if (name === state.primary || name === donorName) throw failure('InvalidInput', `${name} can not be seeded from ${donorName}`);
  await withSession(connect, state, memberOf(state, state.primary), {}, (session) => checkEpoch(session, state));
  if (await followsAlready(connect, state, member)) {
    await followPrimary(env, state, name);
    return { bytes: 0, seconds: 0 };
  }
  const seeded = await changeMember(connect, state, member, async (locked) => {
    await locked.flavor.detach(locked.session);
    await locked.flavor.openForOperation(locked.session);
    const { bytes, position } = await atPlace(env, state, member, locked, (place) => copy(env, connect, state, member, donor, place));
    await standAt(locked.session, flavorOf(locked.session), position);
    await locked.flavor.setReadOnly(locked.session, 5000);
    if (!locked.flavor.gtid) await followFrom(env, state, locked, position);
    return bytes;
  });
  await followPrimary(env, state, name);
  return { bytes: seeded, seconds: (Date.now() - began) / 1000 };
}

/** Where the tools run: in the member's own container, or beside one that is none, whose other schemas go first. */
async function atPlace<Result>(
  env: ActivityEnvironment,
  state: ClusterState,
  member: Member,
  { flavor, session }: LockedMember,
  work: (place: Place) => Promise<Result>,
): Promise<Result> {
  if (!member.adopted) return work(await ownPlace(env, state, flavor, member));
  const administrator = administratorOf(state);
  const password = await readPassword(administrator);
  const operation = Context.current().info.workflowExecution?.workflowId ?? '';
  return withTool(env, operation, state, member, async (tool) => {
    // It is overwritten: never before all of it was set aside, by this very operation.
    const { exitCode } = await runInContainer(env, tool, 'check', `ls ${asideFolder}/data-epoch-*.sql.gz`);
    if (exitCode !== 0) throw failure('PrecheckFailed', `what ${member.name} has was not set aside, so nothing is copied into it`);
    if (flavor.gtid) await standAt(session, flavorOf(session), marked(flavor.engine));
    return work(toolPlace(tool, state, flavor, { user: administrator.user, password }));
  });
}

const marked = (engine: 'mysql' | 'mariadb'): SeedPosition =>
  engine === 'mysql' ? { gtid: halfBuilt.mysql } : { gtid: '', state: halfBuilt.mariadb };

/** A copy replaces the schemas that the donor has; on a member that was in use others may be left, and none of them is the cluster's. */
async function dropOthers(state: ClusterState, member: Member, wanted: string[]): Promise<void> {
  const session = await connectAsAdministrator(administratorOf(state), member);
  try {
    const { names } = await schemasOf(session);
    await session.query('SET SESSION sql_log_bin=0');
    for (const name of names.filter((each) => !wanted.includes(each)))
      await session.query(`DROP DATABASE IF EXISTS \`${name.replace(/`/g, '``')}\``);
  } finally {
    session.end();
  }
}

/** An attempt before this one had finished: it replicates from the primary (or from whom its rule names), with all that is before it. */
async function followsAlready(connect: Connect, state: ClusterState, member: Member): Promise<boolean> {
  const sources = sourcesOf(state.definition, member.name, state.primary).map((name) => memberOf(state, name));
  return withSession(connect, state, member, {}, async (session) => {
    const view = await flavorOf(session).replication(session);
    const known = sources.some(({ address, port }) => view?.sourceAddress === address && view.sourcePort === port);
    return known && !view?.applierError && !view?.receiverError;
  });
}

async function followFrom(
  env: ActivityEnvironment,
  state: ClusterState,
  { session, flavor }: LockedMember,
  position: SeedPosition,
): Promise<void> {
  const { address, port } = memberOf(state, state.primary);
  const password = await env.secrets.read(passwordRef(state.definition.name, 'replication'));
  await flavor.follow(session, { address, port, user: accounts.replication, password }, position.from);
}

async function copy(
  env: ActivityEnvironment,
  connect: Connect,
  state: ClusterState,
  member: Member,
  donor: Member,
  place: Place,
): Promise<{ bytes: number; position: SeedPosition }> {
  const primary = memberOf(state, state.primary);
  return withSession(connect, state, donor, { queryTimeoutMs: 30_000 }, async (reader) => {
    const flavor = flavorOf(reader);
    const schemas = await schemasOf(reader);
    const accountSql = await accountStatements(reader, flavor, place.tool);
    const isDump = await dumpBy(reader, member, donor);
    if (member.adopted) await dropOthers(state, member, schemas.names);
    const dump = (): Promise<number> => pipeDump(env, state, place, flavor, donor, schemas.names, accountSql);
    if (donor.name === primary.name) return copyFromPrimary(reader, primary, schemas, isDump, dump);
    return changeMember(connect, state, donor, async (locked) => {
      await locked.flavor.replication(locked.session).then((view) => {
        if (view?.applier !== 'running')
          throw failure('PrecheckFailed', `${donor.name} does not replicate: choose another donor`, [], true);
      });
      await flavor.stopApplier(locked.session);
      try {
        const position = await seedPosition(locked.session, flavor, primary);
        const running = dump();
        await standStill(reader, running, schemas, isDump);
        await locked.flavor.startApplier(locked.session);
        return { bytes: await running, position };
      } finally {
        await locked.flavor.startApplier(locked.session).catch(() => undefined);
      }
    });
  });
}

async function copyFromPrimary(
  reader: Session,
  primary: Member,
  schemas: Schemas,
  isDump: IsDump,
  dump: () => Promise<number>,
): Promise<{ bytes: number; position: SeedPosition }> {
  await reader.query(`SET SESSION lock_wait_timeout=${readLockSeconds}`);
  await reader.query('FLUSH TABLES WITH READ LOCK');
  try {
    const position = await seedPosition(reader, flavorOf(reader), primary);
    const running = dump();
    await standStill(reader, running, schemas, isDump);
    await reader.query('UNLOCK TABLES');
    return { bytes: await running, position };
  } finally {
    if (reader.open) await reader.query('UNLOCK TABLES');
  }
}

/** Until the dump's transaction is open, or, with tables that no snapshot covers, until it is done. */
async function standStill(reader: Session, running: Promise<number>, schemas: Schemas, isDump: IsDump): Promise<void> {
  let done = false;
  const ended = running.then(
    () => (done = true),
    () => (done = true),
  );
  if (schemas.withoutSnapshot.length > 0) {
    await ended;
    return;
  }
  const open = await poll(snapshotBoundMs, async () => {
    Context.current().cancellationSignal.throwIfAborted();
    return done || (await dumpHasSnapshot(reader, isDump));
  });
  if (!open) throw failure('Internal', `the dump of ${reader.member} did not begin within ${snapshotBoundMs / 1000} s`, [], true);
}

interface Holder {
  id: number;
  host: string;
}
type IsDump = (holder: Holder) => boolean;

/** Sessions of the operation's account that have a transaction of InnoDB open. */
const holders = (reader: Session): Promise<Holder[]> =>
  reader.query<Holder>(
    'SELECT p.ID AS id, p.HOST AS host FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id WHERE p.USER = ?',
    [accounts.operation],
  );

/**
 * How the dump is told from others. It comes from the member's address, or, where both are on one host and the donor is reached at the host's
 * address, through the engine's proxy. To a member that is no container it comes from elsewhere: it is one that was not there before.
 */
async function dumpBy(reader: Session, member: Member, donor: Member): Promise<IsDump> {
  if (member.adopted) {
    const before = new Set((await holders(reader)).map(({ id }) => Number(id)));
    return ({ id }) => !before.has(Number(id));
  }
  return ({ host }) => {
    const [from = ''] = host.split(':');
    return from === member.address || (donor.host === member.host && donor.address === member.address && isBridgeAddress(from));
  };
}

/** Every consistent snapshot is a transaction of InnoDB. */
const dumpHasSnapshot = async (reader: Session, isDump: IsDump): Promise<boolean> => (await holders(reader)).some(isDump);
