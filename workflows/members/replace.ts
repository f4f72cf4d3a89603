import type { ReplaceMemberInput } from '../../schemas/inputs';
import type { MemberChange } from '../../schemas/member-changes';
import { clusterTarget } from '../../schemas/names';
import { donorFor } from '../errant/decide';
import { type Operation, operation, type WithProgress } from '../operation';
import { lookAtCluster, lookUntilSeen, refuseUnexpected } from '../pivot/look';
import { placeOf, refuse } from './add';
import { buildIn, buildingSteps } from './build-in';
import { additionProblems, removalProblems } from './decide';
import { proofStep, proveNew, resultOf } from './result';
import { removalSteps, takeOut } from './take-out';

const steps = ['look at the cluster', ...buildingSteps, ...removalSteps, proofStep] as const;

/** Another replica in place of one that is lost or unwanted, which leaves only when the other counts. docs/members.md has the steps. */
export async function replaceMember(raw: unknown): Promise<WithProgress<MemberChange>> {
  return operation<ReplaceMemberInput, MemberChange>(
    {
      type: 'replaceMember',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
    },
    raw,
    replace,
  );
}

async function replace(op: Operation<ReplaceMemberInput>): Promise<MemberChange> {
  const { cluster, member: old, host, deleteData, expect } = op.input;
  const { look, place } = await op.step('look at the cluster', async (step) => {
    const seen = await lookAtCluster(cluster);
    refuseUnexpected(seen.state, expect);
    // One member more for a while, and none more in the end.
    const wish = { member: old, deleteData, acceptFewAcknowledgers: false, successor: '' };
    refuse([...additionProblems(seen.state, seen.observation, 0), ...removalProblems(seen.state, seen.observation, wish)]);
    const found = await placeOf(seen, { host, without: old });
    step.detail(`${found.name} on ${found.host} in place of ${old}`);
    return { look: seen, place: found };
  });
  const donor = donorFor(look.state, look.observation, old);
  if (op.dryRun) {
    const { volume } = look.state.members.find(({ name }) => name === old) ?? { volume: '' };
    return resultOf(look.state, { added: place, donor, removed: old, kept: deleteData ? [] : [`volume ${volume}`] });
  }
  await op.gate('before-switch', `build ${place.name} on ${place.host}, then take ${old} out of ${cluster}`);
  const built = await buildIn(op, look.state, place, old);
  const seen = await lookUntilSeen(cluster);
  const wish = { member: old, deleteData, acceptFewAcknowledgers: false, successor: place.name };
  // An unplanned pivot may have come between: then the new one stays and so does the old one.
  refuse(removalProblems(seen.state, seen.observation, wish));
  const { state, kept } = await takeOut(op, seen, wish);
  const proof = op.input.proof ? await proveNew(op, state, place.name) : undefined;
  return resultOf(state, { added: place, donor: built.donor, removed: old, kept, proof });
}
