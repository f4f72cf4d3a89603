import { setTimeout as sleep } from 'node:timers/promises';

import type { SwitchReport } from '../../schemas/pivot';
import { failure } from '../failure';
import { makeDurable, wantedOf } from '../mysql/durability';
import { SessionError } from '../mysql/session-error';
import { acknowledges, isSeen } from './acknowledger';
import { messageOf, type SwitchContext } from './context';
import { type LockedMember, readJournal } from './locked-member';
import { REQUIRED_ACKNOWLEDGEMENTS } from './replicas';
import { stopCandidate } from './stop-candidate';

const JOURNAL_BOUND_MS = 6000;
/** A receipt comes within milliseconds; after this the next replica is repointed too. */
const RECEIPT_BOUND_MS = 800;

/** Clients of the other routers write already; a router that comes later than this is told by the guard. */
const LATE_ROUTER_BOUND_MS = 1000;

const DUPLICATE_KEY = 1062;

/** Of the journal's column. */
const REASON_LENGTH = 255;

type Ready = (other: LockedMember) => Promise<boolean>;

/**
 * Sub-steps f to j of docs/pivot.md: from a candidate that has everything to an open primary that the routers point to.
 * Idempotent: an attempt that finds the journal row written by an earlier one goes on from there.
 */
export async function openNewPrimary(context: SwitchContext, candidate: LockedMember, ready: Ready): Promise<SwitchReport> {
  const { timeline, input, routers } = context;
  const { session, flavor, member } = candidate;
  // With semi-sync on, an applier would wait for receipts of what it applies; without GTID the place must not move any more.
  if (context.semiSync || !flavor.gtid) await timeline.step('stop replication on the new primary', () => stopCandidate(context, candidate));
  const written = candidate.journal?.epoch === input.plan.nextEpoch ? candidate.journal : undefined;
  context.openedAt = written?.openedAt ?? (await flavor.ownBinlog(session));
  const [acknowledger] = await Promise.all([
    context.semiSync
      ? timeline.step('semi-sync with one acknowledger', (detail) => connectAcknowledger(context, candidate, ready, detail))
      : undefined,
    // What makes an acknowledgement last, read back before anybody is given one. A planned pivot is refused for it beforehand.
    acknowledgeDurably(context, candidate),
  ]);
  // The cut comes beside the journal; the epoch is told only when the journal has it.
  await Promise.all([
    timeline.step('write the journal', () => writeJournal(context, candidate, acknowledger)),
    routers.each((router) => router.holdAndCut()),
  ]);
  if (context.semiSync && !acknowledger) await flavor.enableSemiSyncSource(session, REQUIRED_ACKNOWLEDGEMENTS);
  // Side by side: the routers still hold, so nobody reaches the new primary before it is open.
  await Promise.all([
    timeline.step('open the new primary', () => flavor.setWritable(session)),
    timeline.step('point the routers to the new primary', () =>
      routers.each((router) => router.pointHeld({ address: member.address, port: member.port }, input.plan.nextEpoch)),
    ),
  ]);
  await timeline.step('release the connections', async () => {
    await routers.each((router) => router.release());
    context.releasedAt = timeline.now();
  });
  await routers.finish(LATE_ROUTER_BOUND_MS);
  return context.report('switched', { primary: member.name });
}

/** One question on the critical path; only what is not so is set. */
async function acknowledgeDurably(context: SwitchContext, { session, member }: LockedMember): Promise<void> {
  const [row] = await session.query<{ binlog: number; redo: number }>(
    'SELECT @@GLOBAL.sync_binlog AS binlog, @@GLOBAL.innodb_flush_log_at_trx_commit AS redo',
  );
  if (Number(row?.binlog) === 1 && Number(row?.redo) === 1) return;
  try {
    await makeDurable(session, wantedOf(context.input.state.definition, member));
  } catch (error) {
    context.warnings.push(`settings of ${member.name}: ${messageOf(error)}`);
  }
}

/**
 * Semi-sync on the new primary, and a replica that is seen to follow it. When none can be had, a planned switch is given up; an
 * unplanned one goes on without: clients' commits then wait until the guard has brought a replica back, and none is acknowledged before.
 */
async function connectAcknowledger(
  context: SwitchContext,
  candidate: LockedMember,
  ready: Ready,
  detail: (text: string) => void,
): Promise<LockedMember | undefined> {
  const others = context.input.plan.acknowledgers.map((name) => context.locked.get(name)).filter((other) => other !== undefined);
  const [present] = others.filter((other) => context.repointed.has(other.member.name));
  if (present) {
    await candidate.flavor.enableSemiSyncSource(candidate.session, REQUIRED_ACKNOWLEDGEMENTS);
    if (await isSeen(candidate, present)) return (detail(`${present.member.name} follows already`), present);
  }
  for (const other of others) {
    try {
      if (!(await ready(other))) continue;
      await candidate.flavor.enableSemiSyncSource(candidate.session, REQUIRED_ACKNOWLEDGEMENTS);
      if (await acknowledges(context, candidate, other)) return (detail(`${other.member.name} acknowledges`), other);
    } catch (error) {
      context.warnings.push(`${other.member.name} does not acknowledge: ${messageOf(error)}`);
    }
  }
  const tried = others.map((other) => other.member.name).join(', ') || 'there is none';
  const message = `no replica acknowledges for ${candidate.member.name} (${tried})`;
  if (!context.input.unplanned && !context.lostOld && !context.committed) throw failure('NoAcknowledger', message);
  if (!context.committed) await candidate.flavor.disableSemiSyncSource(candidate.session);
  context.warnings.push(`${message}: writes wait until one is back`);
  detail('none yet: writes will wait for one');
  return undefined;
}

/**
 * The row that makes the next epoch true. With semi-sync its commit waits for a receipt: the proof, before any client writes,
 * that acknowledgement works. From just before it there is no way back, since it may be on disk whatever the answer is.
 * It goes over a session without the lock: a commit that waits can't be killed, and must not keep the lock from the next attempt.
 */
async function writeJournal(context: SwitchContext, candidate: LockedMember, acknowledger: LockedMember | undefined): Promise<void> {
  const { session, flavor, member } = candidate;
  const { plan, operation, reason } = context.input;
  await flavor.openForOperation(session);
  if (candidate.journal?.epoch === plan.nextEpoch) return;
  const writer = await context.side(member.name, JOURNAL_BOUND_MS);
  context.refuseSuperseded();
  context.committed = true;
  const row = [plan.nextEpoch, member.name, operation, reason.slice(0, REASON_LENGTH), context.openedAt?.file, context.openedAt?.position];
  const writing = writer.query(
    'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (?, ?, ?, ?, ?, ?)',
    row,
  );
  writing.catch(() => undefined);
  for (const other of context.input.plan.acknowledgers) {
    if (!acknowledger || (await settled(writing, RECEIPT_BOUND_MS))) break;
    const next = context.locked.get(other);
    if (next && next !== acknowledger && flavor.gtid)
      await acknowledges(context, candidate, next).catch((error: unknown) => context.warnings.push(messageOf(error)));
  }
  try {
    await writing;
  } catch (error) {
    if (!(error instanceof SessionError) || error.errno === undefined) throw error;
    if (error.errno === DUPLICATE_KEY) return refuseOthersRow(context, candidate);
    // The server's own no: this row was not written, so a first attempt may still give up.
    if (!error.fatal && context.attempt === 1) context.committed = false;
    throw error;
  }
}

/** The row of an earlier attempt, whose receipt came meanwhile, is as good as ours. */
async function refuseOthersRow(context: SwitchContext, { session, member }: LockedMember): Promise<void> {
  const row = await readJournal(session);
  if (row?.epoch === context.input.plan.nextEpoch && row.operation === context.input.operation) return;
  throw failure('StaleEpoch', `${member.name} is at epoch ${row?.epoch} by ${row?.operation}`);
}

const settled = (promise: Promise<unknown>, ms: number): Promise<boolean> =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    sleep(ms, false, { ref: false }),
  ]);
