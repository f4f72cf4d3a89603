import * as gtid from '../../../schemas/gtid';
import type { Position, ReplicationView } from '../../../schemas/observation';
import { failure } from '../../failure';
import type { Session } from '../types';
import { compareFiles } from './replication-status';
import { poll, refuseStoppedApplier, waitInChunks } from './wait';

/** The waiting functions of 5.5 and 5.6 take whole seconds, so that the last part of a second is polled. */
const wholeSecond = 1;

export async function waitApplied5(
  session: Session,
  position: Position,
  timeoutMs: number,
  look: () => Promise<ReplicationView | null>,
  byGtid: boolean,
): Promise<boolean> {
  const { gtid: wanted, file } = position;
  if (byGtid && wanted === '') return true;
  const reached = (view: ReplicationView | null): boolean => {
    if (byGtid && wanted !== undefined) return gtid.contains(view?.applied.gtid ?? '', wanted);
    return view?.applied.file !== undefined && file !== undefined && compareFiles(view.applied.file, file) >= 0;
  };
  if (!(byGtid && wanted !== undefined) && !file)
    throw failure('Internal', `a position without coordinates was given to wait for on ${session.member}`);
  const [sql, values]: [string, unknown[]] =
    byGtid && wanted !== undefined
      ? ['SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(?, 1) AS done', [wanted]]
      : ['SELECT MASTER_POS_WAIT(?, ?, 1) AS done', [file?.file, file?.position]];
  const lastPart = timeoutMs % (wholeSecond * 1000);
  const waitable = timeoutMs - lastPart;
  if (waitable > 0) {
    const done = await waitInChunks(
      session,
      waitable,
      async () => {
        const [row] = await session.query<{ done: number | null }>(sql, values, 3000);
        // NULL: there is no applier that could wait.
        if (row?.done === null || row?.done === undefined) return reached(await look()) || null;
        return Number(row.done) >= 0;
      },
      look,
    );
    if (done) return true;
  }
  return poll(lastPart, async () => {
    const view = await look();
    if (reached(view)) return true;
    refuseStoppedApplier(session, view);
    return false;
  });
}
