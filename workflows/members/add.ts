import type { AddMemberInput } from '../../schemas/inputs';
import type { MemberChange } from '../../schemas/member-changes';
import { clusterTarget } from '../../schemas/names';
import type { Member } from '../../schemas/topology';
import { donorFor } from '../errant/decide';
import { failure, type Operation, operation, summarised, type WithProgress, work } from '../operation';
import { type Look, lookAtCluster, refuseUnexpected } from '../pivot/look';
import { buildIn, buildingSteps } from './build-in';
import { additionProblems } from './decide';
import { proveNew, proofStep, resultOf } from './result';

const steps = ['look at the cluster', ...buildingSteps, proofStep] as const;

/** One more replica. docs/members.md has the steps. */
export async function addMember(raw: unknown): Promise<WithProgress<MemberChange>> {
  return operation<AddMemberInput, MemberChange>(
    {
      type: 'addMember',
      steps,
      target: ({ cluster }) => clusterTarget(cluster),
      dryRun: ({ dryRun }) => dryRun,
      approval: ({ approval }) => approval,
    },
    raw,
    add,
  );
}

async function add(op: Operation<AddMemberInput>): Promise<MemberChange> {
  const { cluster, host, expect } = op.input;
  const { look, member } = await op.step('look at the cluster', async (step) => {
    const seen = await lookAtCluster(cluster);
    refuseUnexpected(seen.state, expect);
    refuse(additionProblems(seen.state, seen.observation));
    const place = await placeOf(seen, { host });
    step.detail(`${place.name} on ${place.host}`);
    return { look: seen, member: place };
  });
  const donor = donorFor(look.state, look.observation, member.name);
  if (op.dryRun) return resultOf(look.state, { added: member, donor });
  await op.gate('before-switch', `add ${member.name} on ${member.host} to ${cluster}`);
  const built = await buildIn(op, look.state, member);
  const proof = op.input.proof ? await proveNew(op, built.state, member.name) : undefined;
  return resultOf(built.state, { added: member, donor: built.donor, proof });
}

/** Throws PrecheckFailed with all of them. */
export function refuse(problems: { path: string; message: string }[]): void {
  if (problems.length > 0) throw failure('PrecheckFailed', problems.map(({ message }) => message).join('; '), problems);
}

export const placeOf = ({ state }: Look, wish: { host?: string; without?: string }): Promise<Member> =>
  summarised(work.placeMember, `a place for another member of ${state.definition.name}`, { scheduleToCloseTimeout: '1 minute' })(
    state,
    wish,
  );
