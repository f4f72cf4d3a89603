import type { RemoveMemberInput } from '../../schemas/inputs';
import type { MemberChange } from '../../schemas/member-changes';
import { clusterTarget } from '../../schemas/names';
import { type Operation, operation, type WithProgress } from '../operation';
import { lookAtCluster, lookUntilSeen, refuseUnexpected } from '../pivot/look';
import { refuse } from './add';
import { removalProblems } from './decide';
import { resultOf } from './result';
import { removalSteps, takeOut } from './take-out';

const steps = ['look at the cluster', ...removalSteps] as const;

/** One replica less. docs/members.md has the steps. */
export async function removeMember(raw: unknown): Promise<WithProgress<MemberChange>> {
  return operation<RemoveMemberInput, MemberChange>(
    {
      type: 'removeMember',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
    },
    raw,
    remove,
  );
}

async function remove(op: Operation<RemoveMemberInput>): Promise<MemberChange> {
  const { cluster, member, deleteData, acceptFewAcknowledgers, expect } = op.input;
  const wish = { member, deleteData, acceptFewAcknowledgers };
  const look = await op.step('look at the cluster', async (step) => {
    const seen = await lookAtCluster(cluster);
    refuseUnexpected(seen.state, expect);
    refuse(removalProblems(seen.state, seen.observation, wish));
    step.detail(`${member} is a replica of ${seen.state.primary}`);
    return seen;
  });
  const { volume } = look.state.members.find(({ name }) => name === member) ?? { volume: '' };
  if (op.dryRun) return resultOf(look.state, { removed: member, kept: deleteData ? [] : [`volume ${volume}`] });
  await op.gate('before-switch', `take ${member} out of ${cluster} ${deleteData ? 'with its data' : 'and keep its data'}`);
  // While a person was waited for an unplanned pivot may have made it the primary.
  const now = await lookUntilSeen(cluster);
  refuse(removalProblems(now.state, now.observation, wish));
  const { state, kept } = await takeOut(op, now, wish);
  return resultOf(state, { removed: member, kept });
}
