import { setTimeout as sleep } from 'node:timers/promises';

import type { Position } from '../../schemas/observation';
import type { SwitchReport } from '../../schemas/pivot';
import { failure } from '../failure';
import { reachOf } from '../mysql/session-error';
import { positionAcknowledger } from './acknowledger';
import type { LockedMember } from './locked-member';
import { openNewPrimary } from './open';
import type { SwitchContext } from './context';

/** Commits under way end within this, or the switch is given up: something blocks them. */
const READ_ONLY_BOUND_MS = 2000;
/** The whole switch is bounded to 10 s; a candidate that can't catch up within this is given up. */
const CATCH_UP_BOUND_MS = 5000;
const POLL_MS = 4;

/** The old primary answered until now and stopped to: the switch goes on as an unplanned one. */
export class OldPrimaryLost extends Error {}

/** Sub-steps b to j of docs/pivot.md. Gives up by opening the old primary again, until the journal has the next epoch. */
export async function switchPlanned(context: SwitchContext): Promise<SwitchReport> {
  const { timeline, input } = context;
  const old = context.need(input.plan.from);
  const candidate = context.need(input.plan.to);
  try {
    if (candidate.flavor.gtid && input.state.definition.durability === 'semi-sync')
      await timeline.step('let one replica follow the candidate', async (detail) =>
        detail(await positionAcknowledger(context, candidate, old)),
      );
    await timeline.step('hold new connections at the routers', async () => {
      context.heldFrom = timeline.now();
      await context.routers.each((router) => router.hold());
    });
    await timeline.step('let open transactions end', (detail) => letTransactionsEnd(old, input.transactionBoundMs, detail));
    await timeline.step('make the old primary read-only', () => fence(context, old));
    context.fence = 'read-only';
    const end = await timeline.step('bring the candidate to its end', async (detail) => {
      const position = await old.flavor.executed(old.session);
      context.closedAt = position.file;
      const [caughtUp] = await Promise.all([catchUp(candidate, position), cutApplications(context, old)]);
      if (!caughtUp) throw failure('CatchUpTimeout', `${candidate.member.name} did not apply everything within ${CATCH_UP_BOUND_MS} ms`);
      detail(position.gtid ?? `${position.file?.file}:${position.file?.position}`);
      return position;
    });
    return await openNewPrimary(context, candidate, (other) => othersReady(other, end));
  } catch (error) {
    if (context.committed) throw error;
    if (!old.session.open || isLoss(error)) throw new OldPrimaryLost(error instanceof Error ? error.message : String(error));
    return await giveUp(context, old, error);
  }
}

const isLoss = (error: unknown): boolean =>
  ['closed', 'refused', 'silent'].includes(reachOf(error)) && !(error instanceof Error && 'type' in error);

/**
 * Waits until the transactions that are open now have ended, at most for the bound. New ones go on arriving on open
 * connections, so only those that were seen at the beginning, and in every look since, are waited for.
 */
async function letTransactionsEnd(old: LockedMember, boundMs: number, detail: (text: string) => void): Promise<void> {
  const deadline = performance.now() + boundMs;
  let pending: Set<number> | undefined;
  for (;;) {
    const open = (await old.flavor.applicationSessions(old.session))
      .filter((session) => session.inTransaction)
      .map((session) => session.connectionId);
    pending = pending ? new Set(open.filter((id) => pending?.has(id))) : new Set(open);
    if (pending.size === 0) return detail('none is open');
    if (performance.now() >= deadline) return detail(`${pending.size} still open after ${boundMs} ms; they will be cut`);
    await sleep(POLL_MS);
  }
}

/** Read-only, proven by reading it back. When it does not come about in time the statement is killed, so that it can't take effect later. */
async function fence(context: SwitchContext, old: LockedMember): Promise<void> {
  const blocked = setTimeout(() => void killStatement(context, old), READ_ONLY_BOUND_MS);
  try {
    await old.flavor.setReadOnly(old.session, READ_ONLY_BOUND_MS + 1000);
  } finally {
    clearTimeout(blocked);
  }
  const { readOnly, superReadOnly } = await old.flavor.readOnly(old.session);
  if (!readOnly || (old.flavor.superReadOnly && !superReadOnly))
    throw failure('NotFenced', `${old.member.name} is not read-only after it was set so`);
}

async function killStatement(context: SwitchContext, old: LockedMember): Promise<void> {
  try {
    const killer = await context.connect(context.cluster, old.member, { purpose: 'operation' });
    await killer.query(`KILL QUERY ${old.session.connectionId}`).finally(() => killer.end());
  } catch (error) {
    context.env.log.warn({ error: String(error), member: old.member.name }, 'the blocked read-only statement could not be killed');
  }
}

/** Closes the applications' connections; a statement that arrived after read-only was refused, so it was not executed. */
async function cutApplications(context: SwitchContext, old: LockedMember): Promise<void> {
  const sessions = await old.flavor.applicationSessions(old.session);
  context.cutTransactions += sessions.filter((session) => session.inTransaction && !session.executing).length;
  await old.flavor.kill(
    old.session,
    sessions.map((session) => session.connectionId),
  );
}

const catchUp = (member: LockedMember, end: Position): Promise<boolean> =>
  member.flavor.waitApplied(member.session, end, CATCH_UP_BOUND_MS);

/** Without GTID a member is repointed by coordinates, so it must stand exactly where the new primary stands. */
async function othersReady(other: LockedMember, end: Position): Promise<boolean> {
  return other.flavor.gtid || catchUp(other, end);
}

/** Back to where it was: the old primary writable, routers released. Nothing was lost, nobody else was opened. */
async function giveUp(context: SwitchContext, old: LockedMember, error: unknown): Promise<SwitchReport> {
  const { timeline } = context;
  await timeline.step('give up: open the old primary again', async () => {
    await old.flavor.setWritable(old.session);
    await context.routers.each(async (router) => {
      await router.point({ address: old.member.address, port: old.member.port });
      await router.release();
    });
    context.releasedAt = timeline.now();
  });
  context.fence = undefined;
  const message = error instanceof Error ? error.message : String(error);
  return context.report('given-up', { code: 'SwitchFailed', problem: { path: timeline.steps.at(-2)?.name ?? 'switch', message } });
}
