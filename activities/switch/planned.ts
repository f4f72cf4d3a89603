import { setTimeout as sleep } from 'node:timers/promises';

import type { Position } from '../../schemas/observation';
import type { SwitchReport } from '../../schemas/pivot';
import { failure } from '../failure';
import { SessionError } from '../mysql/session-error';
import { positionAcknowledger } from './acknowledger';
import { messageOf, type SwitchContext } from './context';
import type { ApplicationSession } from '../mysql/types';
import type { LockedMember } from './locked-member';
import { openNewPrimary } from './open';
import { restore } from './stand-down';

/** Commits under way end within this, or the switch is given up: something blocks them. */
const READ_ONLY_BOUND_MS = 2000;
const CATCH_UP_BOUND_MS = 4000;
const POLL_MS = 4;
/** How long a moment is waited for in which no statement runs. */
const QUIET_BOUND_MS = 40;

/** The old primary answered until now and is gone: the switch goes on as an unplanned one. */
export class OldPrimaryLost extends Error {}

/** Sub-steps b to j of docs/pivot.md. Gives up by opening the old primary again, until the journal has the next epoch. */
export async function switchPlanned(context: SwitchContext): Promise<SwitchReport> {
  const { timeline, input } = context;
  const old = context.need(input.plan.from);
  const candidate = context.need(input.plan.to);
  try {
    if (candidate.flavor.gtid && context.semiSync)
      await timeline.step('let one replica follow the candidate', async (detail) =>
        detail(await positionAcknowledger(context, candidate, old)),
      );
    // The first time that a server is asked this takes 10 ms, later 1 to 2: not while clients are held.
    await old.flavor.applicationSessions(old.session);
    await timeline.step('hold new connections at the routers', async () => {
      context.heldFrom = timeline.now();
      await context.routers.each((router) => router.hold());
    });
    // Asked for before read-only, so that they can be closed right after it: what arrives in between gets an error.
    const clients = await timeline.step('let open transactions end', (detail) => letTransactionsEnd(context, old, detail));
    await timeline.step('make the old primary read-only', () => fence(context, old, clients));
    context.fence = 'read-only';
    const end = await timeline.step('bring the candidate to its end', (detail) => bringToEnd(context, old, candidate, detail));
    return await openNewPrimary(context, candidate, (other) => othersReady(context, other, end));
  } catch (error) {
    context.refuseSuperseded();
    if (context.committed) throw error;
    if (await isLost(context, old, error)) throw new OldPrimaryLost(messageOf(error));
    return await giveUp(context, old, error);
  }
}

/**
 * Whether the old primary is gone. A closed session alone is no proof: a later attempt may have killed it, and then this one
 * must do nothing more.
 */
async function isLost(context: SwitchContext, old: LockedMember, error: unknown): Promise<boolean> {
  const about = error instanceof SessionError && error.fatal && error.member === old.member.name;
  if (old.session.open && !about) return false;
  const reach = await context.probe(old.member.name);
  if (['refused', 'closed', 'silent'].includes(reach)) return true;
  throw failure('SwitchFailed', `the session to ${old.member.name} was closed although it lives: another attempt goes on from here`);
}

/**
 * Waits until the transactions that are open now have ended, at most for the bound. New ones go on arriving on open
 * connections, so only those that were seen at the beginning, and in every look since, are waited for. Answers who was there last: while
 * the routers hold, nobody comes.
 */
async function letTransactionsEnd(
  context: SwitchContext,
  old: LockedMember,
  detail: (text: string) => void,
): Promise<ApplicationSession[]> {
  const boundMs = context.bound(context.input.transactionBoundMs);
  const began = performance.now();
  let pending: Set<string | undefined> | undefined;
  for (;;) {
    const sessions = await old.flavor.applicationSessions(old.session);
    const open = sessions.filter((session) => session.inTransaction).map((session) => session.transaction);
    pending = pending ? new Set(open.filter((transaction) => pending?.has(transaction))) : new Set(open);
    if (pending.size > 0 && performance.now() - began < boundMs) {
      await sleep(POLL_MS);
      continue;
    }
    detail(pending.size === 0 ? 'none is open' : `${pending.size} still open after ${boundMs} ms; they will be cut`);
    return sessions;
  }
}

/**
 * Read-only, proven by reading it back, and the clients' connections closed by the same message; those that it did not reach are closed with
 * the next look, in bringToEnd. For a moment it waits until no statement runs: read-only waits for those that do, and whatever arrives while
 * it waits is an error of a client. Asked again and again without a pause, since the moment is short. The server itself gives up in time
 * (lock_wait_timeout), so that it can't take effect later.
 */
async function fence(context: SwitchContext, old: LockedMember, clients: ApplicationSession[]): Promise<void> {
  const connections = clients.map(({ connectionId }) => connectionId);
  const boundMs = context.bound(READ_ONLY_BOUND_MS);
  let fenced = false;
  for (const until = performance.now() + QUIET_BOUND_MS; !fenced && performance.now() < until;)
    fenced = await old.flavor.fenceIfQuiet(old.session, connections, boundMs);
  if (!fenced) await old.flavor.fence(old.session, connections, boundMs);
  count(context, clients);
  const { readOnly, superReadOnly } = await old.flavor.readOnly(old.session);
  if (!readOnly || (old.flavor.superReadOnly && !superReadOnly))
    throw failure('NotFenced', `${old.member.name} is not read-only after it was set so`);
}

async function bringToEnd(
  context: SwitchContext,
  old: LockedMember,
  candidate: LockedMember,
  detail: (text: string) => void,
): Promise<Position> {
  const bound = context.bound(CATCH_UP_BOUND_MS);
  // Where read-only does not bind everybody (no super_read_only), nobody may be left who could still write when the end is read.
  if (!old.flavor.superReadOnly) await cutApplications(context, old);
  const end = await old.flavor.executed(old.session);
  context.closedAt = end.file;
  const [caughtUp] = await Promise.all([
    candidate.flavor.waitApplied(candidate.session, end, bound),
    old.flavor.superReadOnly ? cutApplications(context, old) : undefined,
  ]);
  if (!caughtUp) throw failure('CatchUpTimeout', `${candidate.member.name} did not apply everything within ${bound} ms`);
  detail(end.gtid ?? `${end.file?.file}:${end.file?.position}`);
  return end;
}

/**
 * Closes whoever is there now: connections that were being made when the routers began to hold. A statement that arrived after
 * read-only was refused, so it was not executed.
 */
async function cutApplications(context: SwitchContext, old: LockedMember): Promise<void> {
  const sessions = await old.flavor.applicationSessions(old.session);
  count(context, sessions);
  await old.flavor.kill(
    old.session,
    sessions.map((session) => session.connectionId),
  );
}

function count(context: SwitchContext, sessions: ApplicationSession[]): void {
  for (const { connectionId, inTransaction, executing } of sessions)
    if (inTransaction && !executing) context.cutTransactions.add(connectionId);
}

/** Without GTID a member is repointed by coordinates, so it must stand exactly where the new primary stands. */
async function othersReady(context: SwitchContext, other: LockedMember, end: Position): Promise<boolean> {
  return other.flavor.gtid || other.flavor.waitApplied(other.session, end, context.bound(CATCH_UP_BOUND_MS));
}

/** Back to where it was. Nothing was lost, nobody else was opened. */
async function giveUp(context: SwitchContext, old: LockedMember, error: unknown): Promise<SwitchReport> {
  const path = context.timeline.current;
  await context.timeline.step('give up: open the old primary again', () => restore(context, old));
  context.fence = undefined;
  return context.report('given-up', { code: 'SwitchFailed', problem: { path, message: messageOf(error) } });
}
