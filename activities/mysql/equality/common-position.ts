import * as gtid from '../../../schemas/gtid';
import type { Position } from '../../../schemas/observation';
import type { ClusterState } from '../../../schemas/topology';
import { changeMember } from '../change-member';
import { sleep } from '../flavors/wait';
import type { Connect, Session } from '../types';
import { openSnapshot, type Reader } from './reader';

/** How long an applier may stand still for the sake of a common position. */
const standStillMs = 1000;
const snapshotAttempts = 50;
const catchUpMs = 30_000;

/**
 * Snapshots of all members at one position of the primary, without holding up a single write: appliers are stopped, the
 * primary's snapshot is taken between two readings of its position that are the same, appliers go on until exactly there,
 * snapshots are opened, appliers go on. The receivers, and so acknowledgements, never stop. Returns why a replica could not take part.
 */
export async function commonPosition(
  connect: Connect,
  state: ClusterState,
  primary: Reader,
  replicas: Reader[],
): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  const near = await primary.flavor.executed(primary.session);
  const close = await Promise.all(
    replicas.map(async (replica) => {
      await startStopped(connect, state, replica);
      const caughtUp = await replica.flavor.waitApplied(replica.session, near, catchUpMs).catch((error: Error) => error.message);
      if (caughtUp === true) return replica;
      failed.set(replica.member.name, caughtUp === false ? `it lags by more than ${catchUpMs / 1000} s` : caughtUp);
      return null;
    }),
  );
  const taking = close.filter((replica) => replica !== null);
  const here = deferred<Position>();
  // Each rejection is looked at below; none may be seen as unhandled before.
  here.promise.catch(() => undefined);
  const stopped = taking.map(() => deferred<void>());
  const arrivals = taking.map((replica, at) =>
    changeMember(connect, state, replica.member, async ({ session }) => {
      await replica.flavor.stopApplier(session);
      try {
        stopped[at]?.resolve();
        const position = await here.promise;
        if (!(await replica.flavor.applyUntil(session, position, standStillMs)))
          throw new Error('it did not reach the common position in time');
        await openSnapshot(replica.session);
      } finally {
        await replica.flavor.startApplier(session);
      }
    }).catch((error: Error) => {
      failed.set(replica.member.name, error.message);
      stopped[at]?.resolve();
    }),
  );
  try {
    await Promise.all(stopped.map(({ promise }) => promise));
    here.resolve(await within(standStillMs, snapshotOfPrimary(primary)));
  } catch (error) {
    here.reject(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    await Promise.all(arrivals);
  }
  return failed;
}

/** An earlier attempt whose worker was stopped may have left it so, with the member's lock: taking the lock ends that one. */
async function startStopped(connect: Connect, state: ClusterState, { member, flavor, session }: Reader): Promise<void> {
  const view = await flavor.replication(session);
  if (view?.applier !== 'stopped' || view.applierError) return;
  await changeMember(connect, state, member, (locked) => locked.flavor.startApplier(locked.session)).catch(() => undefined);
}

/** Appliers stand still meanwhile: a primary that does not answer must not keep them so. */
async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  const late = sleep(ms).then(() => {
    throw new Error(`the primary gave no snapshot within ${ms} ms`);
  });
  return Promise.race([promise, late]);
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void; reject: (error: Error) => void } {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Value>((keep, refuse) => {
    resolve = keep;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** MariaDB tells the place of a snapshot; on MySQL it is known when nothing was committed around it. */
async function snapshotOfPrimary({ session, flavor }: Reader): Promise<Position> {
  if (flavor.engine === 'mariadb') {
    await openSnapshot(session);
    const rows = await session.query<{ Variable_name: string; Value: string }>("SHOW STATUS LIKE 'binlog\\_snapshot\\_%'");
    const value = (name: string): string => rows.find((row) => row.Variable_name.toLowerCase() === name)?.Value ?? '';
    return { file: { file: value('binlog_snapshot_file'), position: Number(value('binlog_snapshot_position')) } };
  }
  for (let attempt = 1; ; attempt++) {
    const before = await placeOf(session, flavor.gtid, () => flavor.executed(session));
    await openSnapshot(session);
    const after = await placeOf(session, flavor.gtid, () => flavor.executed(session));
    // On a very busy primary the last attempt counts: chunks that changed in between are compared again.
    if (samePosition(before, after) || attempt >= snapshotAttempts) return after;
    await session.query('ROLLBACK');
    await sleep(1 + Math.random() * 5);
  }
}

async function placeOf(session: Session, byGtid: boolean, executed: () => Promise<Position>): Promise<Position> {
  if (!byGtid) return { file: (await executed()).file };
  const [row] = await session.query<{ executed: string }>('SELECT @@GLOBAL.gtid_executed AS executed');
  return { gtid: gtid.normalise(row?.executed ?? '') };
}

const samePosition = (a: Position, b: Position): boolean =>
  a.gtid === b.gtid && a.file?.file === b.file?.file && a.file?.position === b.file?.position;
