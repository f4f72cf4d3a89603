/**
 * Who counts while a generation takes the other's place. Members begin to count before they acknowledge, and stop to acknowledge before they stop to count: so
 * whoever is promoted in between is asked for everything that may have been acknowledged.
 */
import { sleep } from '@temporalio/workflow';

import { withStanding } from '../../schemas/generations';
import type { UpgradeInput } from '../../schemas/inputs';
import type { ClusterState, Standing } from '../../schemas/topology';
import { changePlan } from '../members/change-plan';
import { isHeldByOthers, standingNow } from '../members/decide';
import { throughPivots } from '../members/through-pivots';
import { failure, type Operation, summarised, work } from '../operation';
import { lookUntilSeen } from '../pivot/look';

const soon = { scheduleToCloseTimeout: '1 minute', retry: { maximumAttempts: 5 } } as const;
const heldWithinMs = 60_000;

/** Both generations count, and then those of `names` acknowledge, too. */
export async function letCount(op: Operation<UpgradeInput>, standing: Standing, names: string[]): Promise<void> {
  const { cluster } = op.input;
  const { state } = await lookUntilSeen(cluster);
  const now = await changePlan(op, state, (present) =>
    present.upgrade?.standing === standing ? undefined : standingNow(present, standing),
  );
  if (now.definition.durability !== 'semi-sync') return;
  // It does not ask the others what they have acknowledged.
  await sleep('10s', { summary: 'a switch that began with the members of before is over by then' });
  await throughPivots(op, cluster, async (look) => {
    for (const name of names) await summarised(work.applyRole, `${name} acknowledges, too`, soon)(look.state, name);
  });
}

/** Those of `names` acknowledge no more, others hold what they did, and then they count no more. Throws when one of them can't be asked. */
export async function letCountNoMore(op: Operation<UpgradeInput>, standing: Standing, names: string[]): Promise<void> {
  const { cluster } = op.input;
  const { state } = await lookUntilSeen(cluster);
  if (!state.upgrade) return;
  const after = withStanding({ ...state, upgrade: { ...state.upgrade, standing } });
  if (state.definition.durability === 'semi-sync') {
    for (const name of names) await summarised(work.applyRole, `${name} acknowledges no more`, soon)(after, name);
    await untilHeld(cluster, standing);
  }
  await changePlan(op, state, (present) => (present.upgrade?.standing === standing ? undefined : standingNow(present, standing)));
}

export const untilHeldByOld = (cluster: string): Promise<void> => untilHeld(cluster, 'building');

/** One of those that go on counting has received all that the primary had executed after the others had stopped to acknowledge. */
async function untilHeld(cluster: string, standing: Standing): Promise<void> {
  const deadline = Date.now() + heldWithinMs;
  let first = await lookUntilSeen(cluster);
  for (;;) {
    const state = standingAs(first.state, standing);
    const before = first.observation.members.find(({ name }) => name === state.primary)?.executed;
    const next = await lookUntilSeen(cluster);
    if (next.state.epoch !== state.epoch || before === undefined) first = next;
    else if (isHeldByOthers(state, next.observation, before, '')) return;
    if (Date.now() > deadline)
      throw failure(
        'NoAcknowledger',
        `within ${heldWithinMs / 1000} s no member that goes on counting received all that ${state.primary} has`,
      );
    await sleep('500ms', { summary: 'until others hold what was acknowledged' });
  }
}

const standingAs = (state: ClusterState, standing: Standing): ClusterState =>
  state.upgrade ? withStanding({ ...state, upgrade: { ...state.upgrade, standing } }) : state;
