import * as gtid from '../../schemas/gtid';
import { delayOf, mayAcknowledge, sourcesOf } from '../../schemas/member-rules';
import { accounts, passwordRef } from '../../schemas/names';
import type { FilePosition, ReplicationView } from '../../schemas/observation';
import type { ClusterState, Member } from '../../schemas/topology';
import type { ActivityEnvironment } from '../environment';
import { codeOf, failure } from '../failure';
import type { JournalRow, LockedMember } from '../switch/locked-member';
import { changeMember, checkEpoch, memberOf, withSession } from './change-member';
import { flavorOf } from './flavors';
import { compareFiles } from './flavors/replication-status';
import { poll } from './flavors/wait';
import { endOf, samePlace, type Stopped, stoppedAt, wasPrimary } from './lineage';
import { errantBeyond, executedSets } from './observe';
import { createConnect } from './session';
import type { Connect, Session } from './types';

const threadsBoundMs = 15_000;
const catchUpBoundMs = 20_000;

/**
 * Makes a member replicate from the primary, or from the member that its rule names, and waits until both threads run. It refuses a stale
 * epoch, a member that has what the primary does not (its set is read before the primary's), and, without GTID, one whose place is not proven.
 */
export async function followPrimary(env: ActivityEnvironment, state: ClusterState, name: string, from?: FilePosition): Promise<void> {
  const connect = createConnect(env);
  const member = memberOf(state, name);
  const primary = memberOf(state, state.primary);
  if (name === state.primary) throw failure('InvalidInput', `${name} is the primary and follows nobody`);
  const password = await env.secrets.read(passwordRef(state.definition.name, 'replication'));
  await changeMember(connect, state, member, (locked) =>
    withSession(connect, state, primary, {}, async (primarySession) => {
      const journal = await checkEpoch(primarySession, state);
      await fence(locked);
      const source = await sourceOf(connect, state, name, primarySession);
      if (locked.flavor.gtid) await refuseDiverged(locked, primarySession, source);
      const delaySeconds = delayOf(state.definition, name) || undefined;
      if (delaySeconds !== undefined) await refuseUnapplied(state, locked, primarySession, source.member);
      const start = locked.flavor.gtid ? undefined : await startWithoutGtid(state, locked, primarySession, journal, from);
      await locked.flavor.stopSemiSyncWaits(locked.session);
      await locked.flavor.setSemiSyncReplica(locked.session, mayAcknowledge(state.definition, member));
      const { address, port } = source.member;
      await locked.flavor.follow(
        locked.session,
        { address, port, user: accounts.replication, password, delaySeconds, serverVersion: source.serverVersion },
        start,
      );
      await waitForThreads(locked, source.member);
      await locked.flavor.disableSemiSyncSource(locked.session);
    }),
  );
}

async function fence({ session, flavor, member }: LockedMember): Promise<void> {
  const { readOnly, superReadOnly } = await flavor.readOnly(session);
  if (!readOnly || (flavor.superReadOnly && !superReadOnly)) await flavor.setReadOnly(session, 5000);
  if (!(await flavor.readOnly(session)).readOnly) throw failure('SettingNotKept', `${member.name} was set read-only, but it is not`);
}

interface Source {
  member: Member;
  serverVersion: string;
  /** What its binary logs no longer hold; undefined where the version does not tell. */
  purged?: string;
}

/**
 * The first of those that its rule names which answers and has nothing that the primary lacks: behind one that diverged, a member
 * would diverge too. The primary is the last of them.
 */
async function sourceOf(connect: Connect, state: ClusterState, name: string, primary: Session): Promise<Source> {
  for (const each of sourcesOf(state.definition, name, state.primary)) {
    if (each === state.primary) break;
    const member = memberOf(state, each);
    try {
      const found = await withSession(connect, state, member, {}, async (session) => {
        const sets = await executedSets(session);
        return (await errantBeyond(primary, sets?.state ?? '')) === ''
          ? { member, serverVersion: session.serverVersion, purged: sets?.purged }
          : undefined;
      });
      if (found) return found;
    } catch (error) {
      if (codeOf(error) !== 'MemberUnreachable') throw error;
    }
  }
  return { member: memberOf(state, state.primary), serverVersion: primary.serverVersion, purged: (await executedSets(primary))?.purged };
}

/**
 * A delayed member loses its relay log when it gets another source. With semi-sync nothing that was acknowledged depends on it, since it never
 * acknowledges, and what the primary has is sent again. With async it may be the only one that has what the lost primary sent last.
 */
async function refuseUnapplied(
  state: ClusterState,
  { session, flavor, member }: LockedMember,
  primary: Session,
  source: Member,
): Promise<void> {
  const view = await flavor.replication(session);
  const received = view?.received.gtid;
  const stays = view?.sourceAddress === source.address && view.sourcePort === source.port;
  if (state.definition.durability === 'semi-sync' || stays || received === undefined) return;
  const alone = gtid.subtract(received, (await executedSets(primary))?.executed ?? '');
  if (alone !== '')
    throw failure('MemberDiverged', `${member.name} is delayed and has received ${alone}, which ${primary.member} does not have`, [
      { path: `member ${member.name}`, message: alone },
    ]);
}

async function refuseDiverged({ session, member }: LockedMember, primary: Session, source: Source): Promise<void> {
  const mine = await executedSets(session);
  const errant = await errantBeyond(primary, mine?.state ?? '');
  if (errant !== '')
    throw failure('MemberDiverged', `${member.name} has ${errant}, which ${primary.member} does not have`, [
      { path: `member ${member.name}`, message: errant },
    ]);
  const purged = source.purged === undefined ? '' : gtid.subtract(source.purged, mine?.executed ?? '');
  const { name } = source.member;
  if (purged !== '')
    throw failure('PrecheckFailed', `${member.name} needs ${purged}, which ${name} has purged from its binary logs: rebuild it`, [
      { path: `member ${member.name}`, message: `${purged} was purged on ${name}` },
    ]);
}

/** Undefined when it follows the primary already and only has to go on. */
async function startWithoutGtid(
  state: ClusterState,
  locked: LockedMember,
  primary: Session,
  journal: JournalRow,
  from: FilePosition | undefined,
): Promise<FilePosition | undefined> {
  const view = await locked.flavor.replication(locked.session);
  const target = memberOf(state, state.primary);
  const promoted = wasPrimary(locked.member, locked.journal, state);
  const repointed = view?.sourceAddress === target.address && view.sourcePort === target.port;
  if (repointed && !promoted) return undefined;
  const opened = from ?? journal.openedAt;
  const refuse = (reason: string): Error =>
    failure('PrecheckFailed', `${locked.member.name} can not go on without GTID: ${reason}; rebuild it`, [
      { path: `member ${locked.member.name}`, message: reason },
    ]);
  if (!opened) throw refuse(`it is not known where the binary log of ${state.primary} stood when it was opened`);
  // The first primary was opened when all members were empty: nobody can have missed anything.
  if (journal.epoch === 1 && view === null) return opened;
  const wanted = await placeOf(state, primary);
  if (!wanted) throw refuse(`${state.primary} does not know any more where it stopped reading its source`);
  if (view && !promoted) await catchUpTo(locked, view, wanted);
  const place =
    view && !promoted
      ? stoppedAt(await locked.flavor.replication(locked.session))
      : endOf(locked.member, await locked.flavor.ownBinlog(locked.session));
  if (!samePlace(wanted, place)) throw refuse(`it stopped at ${text(place)}, ${state.primary} at ${text(wanted)}`);
  // An earlier attempt has repointed it, and nothing was applied yet: what it received meanwhile is not thrown away.
  const waits = repointed && view.applied.file !== undefined && compareFiles(view.applied.file, opened) === 0;
  return waits ? undefined : opened;
}

const text = (stopped: Stopped | undefined): string =>
  stopped ? `${stopped.at.file}:${stopped.at.position} of ${stopped.source.address}` : 'an unknown place';

const placeOf = async (_state: ClusterState, primary: Session): Promise<Stopped | undefined> =>
  stoppedAt(await flavorOf(primary).replication(primary));

/** A replica that lags reads the rest from the old primary, which is read-only, or applies what it has received. */
async function catchUpTo({ session, flavor }: LockedMember, view: ReplicationView, wanted: Stopped): Promise<void> {
  if (view.sourceAddress !== wanted.source.address) return;
  if (view.applier === 'stopped' && !view.drained) await flavor.startApplier(session);
  await flavor.waitApplied(session, { file: wanted.at }, catchUpBoundMs);
}

async function waitForThreads({ session, flavor, member }: LockedMember, primary: Member): Promise<void> {
  let last: ReplicationView | null = null;
  const running = await poll(threadsBoundMs, async () => {
    last = await flavor.replication(session);
    refuseBroken(member, last);
    return last?.receiver === 'running' && last.applier === 'running';
  });
  if (running) return;
  const error = (last as ReplicationView | null)?.receiverError?.message ?? 'its threads do not run';
  throw failure('MemberUnreachable', `${member.name} does not receive from ${primary.name} at ${primary.address}: ${error}`, [
    { path: `member ${member.name}`, message: error },
  ]);
}

/** Fatal error of the source: the binary log that is needed is not there, or the histories differ. */
const sourceRefuses = 1236;

function refuseBroken(member: Member, view: ReplicationView | null): void {
  const applier = view?.applier === 'stopped' ? view.applierError : undefined;
  const receiver = view?.receiver === 'stopped' && view.receiverError?.code === sourceRefuses ? view.receiverError : undefined;
  const error = applier ?? receiver;
  if (error)
    throw failure('MemberDiverged', `${member.name} does not replicate: error ${error.code}: ${error.message}`, [
      { path: `member ${member.name}`, message: error.message },
    ]);
}
