/** The planned pivot from one generation to the other, forth and back. The journal's row is what makes it true; whatever else happened, that is looked at. */
import { executeChild, ParentClosePolicy } from '@temporalio/workflow';

import type { UpgradeInput } from '../../schemas/inputs';
import { queues } from '../../schemas/names';
import type { PivotResult, Towards } from '../../schemas/pivot';
import type { ClusterState, Member, Standing } from '../../schemas/topology';
import type { CutOver } from '../../schemas/upgrade';
import { failure, isCancellation, meaningOf, type Operation } from '../operation';
import { lookUntilSeen } from '../pivot/look';
import { letCount, letCountNoMore } from './counting';
import { withoutHold } from './hold';
import { newMembersOf, oldMembersOf, refuseForeign } from './new-members';

interface Way {
  towards: Towards;
  /** While both count. */
  standing: Standing;
  /** When it is given up. */
  before: Standing;
  gate: string;
  steps: { count: string; pivot: string };
}

export const forth: Way = {
  towards: 'new',
  standing: 'cutting',
  before: 'building',
  gate: 'cut-over-again',
  steps: { count: 'let the new members count', pivot: 'cut over' },
};

export const back: Way = {
  towards: 'old',
  standing: 'returning',
  before: 'cutting',
  gate: 'go-back-again',
  steps: { count: 'let the old members count again', pivot: 'go back to the old members' },
};

/**
 * Until a member of the other side is the primary. When a pivot is refused or given up, the side that was to come stops to count, and a person says whether it is
 * tried again. `round` makes the child's id its own.
 */
export async function cutOver(
  op: Operation<UpgradeInput>,
  way: Way,
  options: { to?: string; transactionBoundMs?: number },
): Promise<CutOver> {
  for (let round = 1; ; round++) {
    try {
      return await attempt(op, way, options, round);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { code, message, problems } = meaningOf(error);
      const reasons = problems.slice(0, 5).map((each) => `${each.path}: ${each.message}`);
      await giveUp(op, way);
      const what = `${way.steps.pivot}: ${[`${code}: ${message}`, ...reasons].join('; ')}`;
      const other = way.towards === 'new' ? ', abort to remove the new members' : '';
      await withoutHold(op, () => op.ask(way.gate, `${what}. Approve to try it again${other}`));
    }
  }
}

async function attempt(
  op: Operation<UpgradeInput>,
  way: Way,
  options: { to?: string; transactionBoundMs?: number },
  round: number,
): Promise<CutOver> {
  const { cluster } = op.input;
  const { state } = await lookUntilSeen(cluster);
  refuseForeign(op, state);
  const coming = sideOf(state, way.towards).map(({ name }) => name);
  if (coming.includes(state.primary)) return byItself(state);
  await op.step(way.steps.count, async (step) => {
    await letCount(op, way.standing, coming);
    step.detail(coming.join(', '));
  });
  return op.step(way.steps.pivot, async (step) => {
    step.detail(`${op.id}/${way.towards}/${round} does it`);
    const result = await op.switching(() =>
      pivotTo(op, way, { ...options, from: state.primary }, round).finally(() => op.enter('preparing')),
    );
    step.detail(`${result.from} → ${result.to}, epoch ${result.epoch}; clients held ${result.heldMs} ms`);
    return result;
  });
}

const sideOf = (state: ClusterState, towards: Towards): Member[] => (towards === 'new' ? newMembersOf(state) : oldMembersOf(state));

const isThere = (state: ClusterState, towards: Towards): boolean => sideOf(state, towards).some(({ name }) => name === state.primary);

/** An unplanned pivot went there while both counted. */
const byItself = ({ primary, epoch }: ClusterState): CutOver => ({
  at: new Date().toISOString(),
  from: '',
  to: primary,
  epoch,
  heldMs: 0,
  cutTransactions: 0,
});

/** A child that failed may have switched all the same, and one that went well may have promoted another (an unplanned one in its middle). */
async function pivotTo(
  op: Operation<UpgradeInput>,
  way: Way,
  options: { to?: string; transactionBoundMs?: number; from: string },
  round: number,
): Promise<CutOver> {
  const { cluster } = op.input;
  const { from, ...order } = options;
  const before = await lookUntilSeen(cluster);
  if (isThere(before.state, way.towards)) return byItself(before.state);
  let result: PivotResult | undefined;
  let failed: unknown;
  try {
    result = await executeChild<(input: unknown) => Promise<PivotResult>>('pivot', {
      args: [{ cluster, ...order, towards: way.towards, reason: `${way.steps.pivot}: ${op.id}`.slice(0, 200) }],
      workflowId: `${op.id}/${way.towards}/${round}`,
      taskQueue: queues.plans,
      // A switch that has begun is finished whatever becomes of the upgrade.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${cluster}: ${way.steps.pivot}`,
    });
  } catch (error) {
    failed = error;
  }
  const { state } =
    result && sideOf(before.state, way.towards).some(({ name }) => name === result?.to)
      ? atEnd(before.state, result)
      : await lookUntilSeen(cluster);
  const there = isThere(state, way.towards);
  if (!there && failed !== undefined) throw failed as Error;
  if (!there)
    throw failure(
      'SwitchFailed',
      `${state.primary} became the primary of epoch ${state.epoch}, and it is not of the ${way.towards} generation`,
    );
  if (failed !== undefined) op.warn(`the pivot has switched and did not end well: ${meaningOf(failed).message}`);
  const report = result?.switch;
  return {
    at: new Date().toISOString(),
    from,
    to: state.primary,
    epoch: state.epoch,
    heldMs: report?.heldMs ?? 0,
    cutTransactions: report?.cutTransactions ?? 0,
    ...(result?.proof === undefined ? {} : { proof: result.proof }),
  };
}

/** Its own word is enough: members may not answer just then. */
const atEnd = (state: ClusterState, { epoch, to }: PivotResult): { state: ClusterState } => ({ state: { ...state, epoch, primary: to } });

/** As well as it can be done: what stays is only that more members must be heard by an unplanned pivot. */
async function giveUp(op: Operation<UpgradeInput>, way: Way): Promise<void> {
  try {
    const { state } = await lookUntilSeen(op.input.cluster);
    if (isThere(state, way.towards)) return;
    const coming = sideOf(state, way.towards).map(({ name }) => name);
    await letCountNoMore(op, way.before, coming);
  } catch (error) {
    if (isCancellation(error)) throw error;
    op.warn(`members of the ${way.towards} generation go on counting: ${meaningOf(error).message}`);
  }
}
