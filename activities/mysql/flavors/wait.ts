import { failure } from '../../failure';
import type { Position, ReplicationView } from '../../../schemas/observation';
import type { Session } from '../types';

/** Below every session's query time-out, and short enough to see a stopped applier soon. */
export const chunkMs = 500;
const pollMs = 10;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Throws MemberDiverged for errors that mean other data, else CatchUpTimeout for good: it does not pass by waiting. */
export function refuseStoppedApplier(session: Session, view: ReplicationView | null): void {
  if (!view?.applierError || view.applier === 'running') return;
  const { code, message } = view.applierError;
  throw failure(
    differingData.has(code) ? 'MemberDiverged' : 'CatchUpTimeout',
    `the applier of ${session.member} stopped with error ${code}: ${message}`,
    [{ path: `member ${session.member}`, message }],
    false,
  );
}

/** Row not found, duplicate key, foreign key missing, table or column not there: its data is not what the primary had. */
const differingData = new Set([1032, 1062, 1452, 1451, 1146, 1054, 1677, 1050, 1051, 1007, 1008]);

/** Asks in chunks until the deadline; between them a look at the applier. `ask` answers null when the server can't wait (stopped). */
export async function waitInChunks(
  session: Session,
  timeoutMs: number,
  ask: (seconds: number) => Promise<boolean | null>,
  look: () => Promise<ReplicationView | null>,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = deadline - Date.now();
    const answer = await ask(Math.max(0, Math.min(left, chunkMs)) / 1000);
    if (answer === true) return true;
    refuseStoppedApplier(session, await look());
    if (deadline - Date.now() <= 0) return false;
    if (answer === null) await sleep(Math.min(chunkMs / 5, Math.max(0, deadline - Date.now())));
  }
}

/**
 * Waits until all transactions of `position` are applied. `sql` asks the server for it with the set and the seconds for which it may wait, and
 * answers 0 in `waiting` when they are.
 */
export async function waitForTransactions(
  session: Session,
  sql: string,
  { gtid: wanted }: Position,
  timeoutMs: number,
  look: () => Promise<ReplicationView | null>,
): Promise<boolean> {
  if (wanted === undefined) throw failure('Internal', `a position without GTID was given for ${session.member}`);
  if (wanted === '') return true;
  const ask = async (seconds: number): Promise<boolean> => {
    // 0 waits for ever.
    const values = [wanted, Math.max(0.001, seconds)];
    const [row] = await session.query<{ waiting: number }>(sql, values, seconds * 1000 + 2000);
    return Number(row?.waiting) === 0;
  };
  return waitInChunks(session, timeoutMs, ask, look);
}

/** Polls a condition that costs little; the first look is at once. */
export async function poll(timeoutMs: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (let pause = 2; ; pause = Math.min(pause * 2, pollMs * 5)) {
    if (await condition()) return true;
    const left = deadline - Date.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left));
  }
}
