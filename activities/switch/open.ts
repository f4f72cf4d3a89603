import { setTimeout as sleep } from 'node:timers/promises';

import { accounts, passwordRef } from '../../schemas/names';
import type { SwitchReport } from '../../schemas/pivot';
import { failure } from '../failure';
import type { LockedMember } from './locked-member';
import type { SwitchContext } from './context';

/** A repointed replica is seen by the new primary within milliseconds; beyond this the next replica is tried too. */
const ACKNOWLEDGER_BOUND_MS = 1500;
const JOURNAL_BOUND_MS = 4000;
const POLL_MS = 2;
/** Receipts that a commit needs: k of design.md section 6 rule 1. */
export const REQUIRED_ACKNOWLEDGEMENTS = 1;

/**
 * Sub-steps f to j of docs/pivot.md: from a candidate that has everything to an open primary that the routers point to.
 * Idempotent: an attempt that finds the journal row written by an earlier one goes on from there.
 */
export async function openNewPrimary(
  context: SwitchContext,
  candidate: LockedMember,
  ready: (other: LockedMember) => Promise<boolean>,
): Promise<SwitchReport> {
  const { timeline, input, routers } = context;
  const { session, flavor, member } = candidate;
  // Nothing arrives any more: the old primary is fenced and all that it had is applied.
  context.openedAt =
    (candidate.journal?.epoch === input.plan.nextEpoch ? candidate.journal.openedAt : undefined) ?? (await flavor.ownBinlog(session));
  if (input.state.definition.durability === 'semi-sync')
    await timeline.step('semi-sync with one acknowledger', (detail) => connectAcknowledger(context, candidate, ready, detail));
  // Side by side: the routers still hold, so nobody reaches the new primary before it is open.
  await Promise.all([
    timeline.step('write the journal', () => writeJournal(context, candidate)),
    timeline.step('point the routers to the new primary', () =>
      routers.each((router) => router.pointHeld({ address: member.address, port: member.port }, input.plan.nextEpoch)),
    ),
  ]);
  await timeline.step('open the new primary', () => flavor.setWritable(session));
  await timeline.step('release the connections', async () => {
    await routers.each((router) => router.release());
    context.releasedAt = timeline.now();
  });
  await timeline.step('stop replication on the new primary', () => flavor.stopReplication(session));
  return context.report('switched');
}

/** Semi-sync on the new primary, and replicas repointed to it one after the other until as many as needed are seen. */
async function connectAcknowledger(
  context: SwitchContext,
  candidate: LockedMember,
  ready: (other: LockedMember) => Promise<boolean>,
  detail: (text: string) => void,
): Promise<void> {
  const { session, flavor } = candidate;
  const required = REQUIRED_ACKNOWLEDGEMENTS;
  await flavor.enableSemiSyncSource(session, required);
  const present = await flavor.semiSync(session);
  if (present.clients >= required) return detail('it follows already');
  const others = context.input.plan.acknowledgers.map((name) => context.locked.get(name)).filter((other) => other !== undefined);
  for (const other of others) {
    if (!(await ready(other))) continue;
    await repoint(context, candidate, other);
    const clients = await waitForClients(candidate, required);
    if (clients >= required) return detail(`${other.member.name} acknowledges`);
  }
  throw failure(
    'NoAcknowledger',
    `no replica acknowledges for ${candidate.member.name} (tried ${others.map((other) => other.member.name).join(', ') || 'none'})`,
  );
}

export async function repoint(context: SwitchContext, primary: LockedMember, other: LockedMember): Promise<void> {
  const password = await context.env.secrets.read(passwordRef(context.cluster, 'replication'));
  const source = { address: primary.member.address, port: primary.member.port, user: accounts.replication, password };
  await other.flavor.follow(other.session, source, other.flavor.gtid ? undefined : context.openedAt);
  context.repointed.push(other.member.name);
}

export async function waitForClients(primary: LockedMember, required: number): Promise<number> {
  const deadline = performance.now() + ACKNOWLEDGER_BOUND_MS;
  for (;;) {
    const { clients } = await primary.flavor.semiSync(primary.session);
    if (clients >= required || performance.now() > deadline) return clients;
    await sleep(POLL_MS);
  }
}

/**
 * The row that makes the next epoch true. With semi-sync its commit waits for a receipt: the proof, before any client writes,
 * that acknowledgement works. From just before it there is no way back, since it may be on disk whatever the answer is.
 */
async function writeJournal(context: SwitchContext, candidate: LockedMember): Promise<void> {
  const { session, flavor } = candidate;
  if (candidate.journal?.epoch === context.input.plan.nextEpoch) return flavor.openForOperation(session);
  await flavor.openForOperation(session);
  context.committed = true;
  const opened = context.openedAt;
  await session.query(
    'INSERT INTO drydock.journal (epoch, primary_name, operation, reason, binlog_file, binlog_position) VALUES (?, ?, ?, ?, ?, ?)',
    [context.input.plan.nextEpoch, candidate.member.name, context.input.operation, context.input.reason, opened?.file, opened?.position],
    JOURNAL_BOUND_MS,
  );
}
