import type { PivotInput } from '../../schemas/inputs';

import { delayOf, mayBeRead, standsAside } from '../../schemas/member-rules';
import type { PivotPlan, SwitchReport } from '../../schemas/pivot';
import type { ClusterState } from '../../schemas/topology';
import { meaningOf, type Operation, summarised, work } from '../operation';
import { signalGuard } from './guard-signals';

/** The guard needs the hold of the cluster to bring back a member that dies here, so nothing waits for one for ever. */
const BOUND = { scheduleToCloseTimeout: '30s' } as const;

export interface Moved {
  repointed: string[];
  aside: { member: string; reason: string }[];
}

/** Steps 8 to 10 of docs/pivot.md. Clients write on the new primary already: a member that fails here is named and left to the guard. */
export async function moveTheRest(
  op: Operation<PivotInput>,
  state: ClusterState,
  plan: PivotPlan,
  report: SwitchReport,
  unplanned: boolean,
): Promise<Moved> {
  const moved: Moved = { repointed: [...report.repointed], aside: [] };
  const follow = async (name: string): Promise<void> => {
    try {
      await summarised(work.followPrimary, `${name} follows ${state.primary}`, { ...BOUND, retry: { maximumAttempts: 5 } })(
        state,
        name,
        report.openedAt,
      );
      await summarised(work.applyRole, `settings of a replica on ${name}`, BOUND)(state, name);
      if (!moved.repointed.includes(name)) moved.repointed.push(name);
    } catch (error) {
      const { code, message } = meaningOf(error);
      moved.aside.push({ member: name, reason: `${code}: ${message}` });
      op.warn(`${name} does not follow ${state.primary} yet (${code}): the guard sees to it`);
    }
  };

  const settle = async (): Promise<void> => {
    try {
      await summarised(work.applyRole, `settings of the primary on ${state.primary}`, BOUND)(state, state.primary);
    } catch (error) {
      const { code, message } = meaningOf(error);
      op.warn(`settings of ${state.primary} (${code}): ${message}`);
    }
  };

  let rejoined: Promise<void> | undefined;
  try {
    await op.step('repoint the other replicas', async (step) => {
      const others = state.members
        .map((member) => member.name)
        .filter((name) => name !== plan.from && name !== state.primary && !isHalfBuilt(state, name));
      // Beside the others: the sooner it follows, the less it has missed, and what it has to catch up keeps a shared disk busy.
      if (!unplanned) rejoined = follow(plan.from);
      await Promise.all(others.map(follow));
      await settle();
      step.detail(moved.repointed.filter((name) => name !== plan.from).join(', ') || 'there is none');
    });
    if (unplanned) await leaveToGuard(op, state, plan.from);
    else await op.step('rejoin the old primary', async (step) => (await rejoined, step.detail(plan.from)));
  } finally {
    // An abort between the two steps: the way back begins when nothing of this is under way any more.
    await rejoined;
  }

  await op.step('tell routers and guard', async (step) => {
    const readers = moved.repointed.filter((name) => mayBeRead(state.definition, name));
    const { confirmed, missing } = await work.tellRouters(state, readers);
    await signalGuard(plan.cluster, 'clusterChanged', { epoch: state.epoch, primary: state.primary });
    step.detail(`confirmed by ${confirmed.join(', ') || 'no router'}${missing.length > 0 ? `, missing: ${missing.join(', ')}` : ''}`);
  });
  return moved;
}

/** Of a generation that is not in service: the upgrade lets it follow when it has data, or removes it. */
const isHalfBuilt = ({ definition }: ClusterState, name: string): boolean => standsAside(definition, name) === 'building';

/** A hung or cut off server acknowledges nothing any more; stopping it makes sure that it also serves no old reads when it wakes up. */
const leaveToGuard = (op: Operation<PivotInput>, state: ClusterState, old: string): Promise<void> =>
  op.step('rejoin the old primary', async (step) => {
    const { stopped } = await fenceLeftover(state, old);
    step.detail(
      stopped ? `${old} is stopped; the guard starts and rejoins it` : `${old} could not be stopped; the guard rejoins it when it is back`,
    );
  });

/** Those that show the present: a delayed member is neither read from nor compared. */
export const presentOf = ({ definition }: ClusterState, names: string[]): string[] =>
  names.filter((name) => delayOf(definition, name) === 0);

async function fenceLeftover(state: ClusterState, name: string): Promise<{ stopped: boolean }> {
  const member = state.members.find((each) => each.name === name);
  if (!member) return { stopped: false };
  try {
    return await summarised(work.stopMember, `stop ${name}`, { retry: { maximumAttempts: 5 } })(member, true);
  } catch {
    return { stopped: false };
  }
}
