/** The time in which the old generation is kept. It holds nothing: pivots among the new members are possible. */
import { sleep } from '@temporalio/workflow';

import type { UpgradeInput } from '../../schemas/inputs';
import type { Observation } from '../../schemas/observation';
import type { ClusterState } from '../../schemas/topology';
import { isCancellation, meaningOf, type Operation } from '../operation';
import { lookUntilSeen } from '../pivot/look';
import { withoutHold } from './hold';
import { oldMembersOf } from './new-members';

const followsWithinMs = 60_000;
/** At most so many looks in a window: each is a few events. */
const mostLooks = 100;
const soonestSeconds = 10;

export const windowGate = 'end-window';

/** Old members that a rollback could make the primary without a loss, best first; why the others could not. Pure. */
export function wayBackOf(
  state: ClusterState,
  { members }: Pick<Observation, 'members'>,
  preferred: string,
): { live: string[]; broken: string[] } {
  const primary = state.members.find(({ name }) => name === state.primary);
  const live: string[] = [];
  const broken: string[] = [];
  for (const { name } of oldMembersOf(state)) {
    const view = members.find((each) => each.name === name);
    const replication = view?.replication;
    const follows = replication?.sourceAddress === primary?.address && replication?.sourcePort === primary?.port;
    const trouble =
      view?.reach !== 'answers'
        ? `it does not answer (${view?.error ?? view?.reach ?? 'not seen'})`
        : view.errant
          ? `it has transactions that ${state.primary} lacks: ${view.errant}`
          : !replication || !follows
            ? `it does not follow ${state.primary}`
            : replication.applierError
              ? `it can not apply what ${state.primary} writes: ${replication.applierError.code} ${replication.applierError.message}`
              : replication.receiver !== 'running'
                ? `it does not receive (${replication.receiver})`
                : // An applier that was only stopped stands still for a comparison, or is started by the guard.
                  undefined;
    if (trouble === undefined) live.push(name);
    else broken.push(`${name}: ${trouble}`);
  }
  return { live: live.sort((a, b) => Number(b === preferred) - Number(a === preferred)), broken };
}

/** Looks, and tells in the progress what a rollback would lose. */
export async function lookAtWayBack(op: Operation<UpgradeInput>, preferred: string): Promise<ReturnType<typeof wayBackOf>> {
  const { state, observation } = await lookUntilSeen(op.input.cluster);
  const found = wayBackOf(state, observation, preferred);
  op.offerWayBack(
    found.live.length > 0,
    found.live.length > 0
      ? `nothing: ${found.live.join(', ')} follow ${state.primary}`
      : `there is no live way back now: ${found.broken.join('; ')}`,
  );
  for (const trouble of found.broken) op.warn(`way back: ${trouble}`);
  return found;
}

/** Until an old member follows backwards with both threads. */
export async function untilLive(op: Operation<UpgradeInput>, preferred: string): Promise<ReturnType<typeof wayBackOf>> {
  const deadline = Date.now() + followsWithinMs;
  for (;;) {
    const { state, observation } = await lookUntilSeen(op.input.cluster);
    const { live, broken } = wayBackOf(state, observation, preferred);
    if (live.includes(preferred) || broken.length === 0 || Date.now() > deadline) return lookAtWayBack(op, preferred);
    await sleep('1s', { summary: 'until the old primary follows the new one' });
  }
}

/** Answers who ended it. */
export function keepWindow(op: Operation<UpgradeInput>, seconds: number, preferred: string, what: string): Promise<'person' | 'time'> {
  const everySeconds = Math.max(soonestSeconds, Math.ceil(seconds / mostLooks));
  const run = async (): Promise<void> => {
    try {
      await lookAtWayBack(op, preferred);
    } catch (error) {
      if (isCancellation(error)) throw error;
      op.warn(`the way back could not be looked at: ${meaningOf(error).message}`);
    }
  };
  return withoutHold(op, () => op.askOrTime(windowGate, what, seconds, { everySeconds, run }));
}
