import { setTimeout as sleep } from 'node:timers/promises';

import { isBystander } from '../../schemas/member-rules';
import type { Member } from '../../schemas/topology';
import { proveStopped } from '../commands/member';
import { failure } from '../failure';
import { makeDurable, wantedOf } from '../mysql/durability';
import { messageOf, type SwitchContext } from './context';
import type { LockedMember } from './locked-member';
import { repoint, REQUIRED_ACKNOWLEDGEMENTS } from './replicas';

const ACKNOWLEDGER_BOUND_MS = 1000;

/**
 * After a switch that was aborted, given up or never answered: whoever is primary by the journal serves again. Under the members' locks, and
 * only when no journal has a later epoch. Returns the epoch that is true now.
 *
 * A member that is not seen may be the candidate, with a row of the next epoch on its disk that nobody else has. So the epoch after
 * that is written for the old primary first: when that member comes back its row is outdated.
 */
export async function standDown(context: SwitchContext): Promise<{ epoch: number; primary: string }> {
  const { input } = context;
  const { from, epoch } = input.plan;
  const old = context.locked.get(from);
  if (!old) throw failure('MemberUnreachable', `the primary ${from} does not answer, so nobody is writable and clients are still held`);
  const later = [...context.locked.values()].find(({ journal }) => journal !== null && journal.epoch > epoch);
  if (later)
    throw failure('StaleEpoch', `${later.member.name} is at epoch ${later.journal?.epoch} already, this step believes in ${epoch}`);
  const unseen = input.state.members.filter(({ name }) => !context.locked.has(name) && !isBystander(input.state.definition, name));
  await Promise.all(unseen.map((member) => fenceUnseen(context, member)));
  const next = unseen.length === 0 && !(await rowIsPending(context, old)) ? epoch : epoch + 2;
  await restore(context, old, next);
  return { epoch: next, primary: from };
}

/** It may have been opened by an attempt whose answer was lost: nobody else is opened before it is stopped. */
async function fenceUnseen(context: SwitchContext, member: Member): Promise<void> {
  const stopped = await proveStopped(context.env, member, context.over);
  if (!stopped && !context.input.state.definition.acceptSplitBrain)
    throw failure(
      'NotFenced',
      `${member.name} is not seen and may have been opened, and neither its engine nor a fence command proves that it is stopped`,
      [],
      true,
    );
}

/** A journal row that still waits for its receipt comes to light later: the epoch after it must be taken. */
async function rowIsPending(context: SwitchContext, old: LockedMember): Promise<boolean> {
  if (!context.semiSync) return false;
  const others = [...context.locked.values()].filter((locked) => locked !== old);
  const waiting = await Promise.all(others.map(async ({ flavor, session }) => (await flavor.semiSync(session)).waiting));
  return waiting.some((count) => count > 0);
}

/** Everything as it was before the switch. Replicas first, so that the old primary has its acknowledgers when clients come. */
export async function restore(context: SwitchContext, old: LockedMember, epoch = context.input.plan.epoch): Promise<void> {
  const others = [...context.locked.values()].filter((locked) => locked !== old);
  await Promise.all(others.map((other) => putBack(context, old, other)));
  // It may have been restarted meanwhile: members start without.
  if (context.semiSync) await old.flavor.enableSemiSyncSource(old.session, REQUIRED_ACKNOWLEDGEMENTS);
  if (context.semiSync && others.length > 0) await waitForAcknowledger(old);
  if (epoch !== context.input.plan.epoch) await outdateUnseen(context, old, epoch);
  await old.flavor.setWritable(old.session);
  await context.routers.each(async (router) => {
    await router.pointHeld({ address: old.member.address, port: old.member.port }, epoch);
    await router.release();
  });
  context.releasedAt = context.timeline.now();
  await takeUpDuties(context, old);
}

/** What a restart would have reset, now that clients are served. The guard sees what can't be had. */
async function takeUpDuties(context: SwitchContext, { flavor, session, member }: LockedMember): Promise<void> {
  try {
    await makeDurable(session, wantedOf(context.input.state.definition, member));
    await flavor.setEvents(session, true);
  } catch (error) {
    context.warnings.push(`settings of ${member.name}: ${messageOf(error)}`);
  }
}

async function outdateUnseen(context: SwitchContext, old: LockedMember, epoch: number): Promise<void> {
  const place = await old.flavor.ownBinlog(old.session);
  await old.flavor.openForOperation(old.session);
  await old.session.query(
    'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (?, ?, ?, ?, ?, ?)',
    [epoch, old.member.name, context.input.operation, 'a switch was given up', place.file, place.position],
  );
}

/** A replica that can't be put back is left to the guard. */
async function putBack(context: SwitchContext, old: LockedMember, other: LockedMember): Promise<void> {
  try {
    await other.flavor.disableSemiSyncSource(other.session);
    // It was opened for the operation account at most; read-only never ended.
    await other.flavor.setReadOnly(other.session, 1000);
    await repoint(context, old, other, context.closedAt);
  } catch (error) {
    context.warnings.push(`${other.member.name} was not put back: ${messageOf(error)}`);
  }
}

async function waitForAcknowledger({ session, flavor }: LockedMember): Promise<void> {
  const deadline = performance.now() + ACKNOWLEDGER_BOUND_MS;
  while ((await flavor.semiSync(session)).clients < REQUIRED_ACKNOWLEDGEMENTS && performance.now() < deadline) await sleep(5);
}
