/** The new generation: placed, written down, built, let follow, and removed again. Every step looks first, and goes on from whoever is primary then. */
import { isNew, nextGeneration, withoutStanding } from '../../schemas/generations';
import { standsAside } from '../../schemas/member-rules';
import type { UpgradeInput } from '../../schemas/inputs';
import type { ClusterState, Member, UpgradeRecord } from '../../schemas/topology';
import type { BuiltMember, UpgradePlan } from '../../schemas/upgrade';
import { memberOf } from '../guard/heal';
import { changePlan } from '../members/change-plan';
import { withGeneration, withoutMembers } from '../members/decide';
import { givingWay } from '../members/stand-aside';
import { throughPivots } from '../members/through-pivots';
import { codeOf, failure, isCancellation, meaningOf, type Operation, summarised, work } from '../operation';
import { signalGuard } from '../pivot/guard-signals';
import { type Look, lookUntilSeen } from '../pivot/look';
import { changeSchemaOn } from './change-schema';
import { untilHeldByOld } from './counting';
import { donorOf } from './plan';
import { allSteps, stepOf } from './steps';

const soon = { scheduleToCloseTimeout: '2 minutes', retry: { maximumAttempts: 5 } } as const;
const withImages = { startToCloseTimeout: '2 hours', retry: { maximumAttempts: 5 } } as const;
/** As long as the data are large; the heartbeat tells that it goes on. */
const long = { startToCloseTimeout: '7 days', heartbeatTimeout: '30s', retry: { maximumAttempts: 5 } } as const;
const patiently = { scheduleToCloseTimeout: '10 minutes' } as const;

/** Members that there will be, one after the other: each place depends on those before it. */
export async function placeAll(
  state: ClusterState,
  plan: UpgradePlan,
  operation: string,
): Promise<{ members: Member[]; record: UpgradeRecord }> {
  const { name } = state.definition;
  const record: UpgradeRecord = { operation, generation: nextGeneration(state), standing: 'building' };
  const members: Member[] = [];
  for (const { host } of plan.newMembers) {
    const place = summarised(work.placeMember, `a place for a new member of ${name}`, { scheduleToCloseTimeout: '1 minute' });
    const made = await place({ ...state, members: [...state.members, ...members] }, { host });
    members.push({
      ...made,
      generation: record.generation,
      version: plan.target.series,
      ...(plan.target.image === undefined ? {} : { image: plan.target.image }),
      settings: plan.settings,
    });
  }
  return { members, record };
}

/** Known as members of a generation that is being built before the first container is there. */
export const writeDown = (
  op: Operation<UpgradeInput>,
  state: ClusterState,
  members: Member[],
  record: UpgradeRecord,
): Promise<ClusterState> =>
  changePlan(op, state, (present) => {
    if (present.upgrade?.operation === record.operation) return undefined;
    if (present.upgrade)
      throw failure('Conflict', `${present.upgrade.operation} keeps two generations of the members of ${state.definition.name}`);
    return withGeneration(present, members, record);
  });

/** One new member, from nothing to one that follows. */
export async function build(op: Operation<UpgradeInput>, cluster: string, member: Member): Promise<BuiltMember> {
  const { name } = member;
  await throughPivots(op, cluster, async ({ state }) => {
    await summarised(work.createMember, `create ${name}`, withImages)(op.id, withoutStanding(state.definition), member);
    await summarised(work.initialiseMember, `accounts and journal on ${name}`, soon)(state, member);
  });
  return seed(op, cluster, member);
}

async function seed(op: Operation<UpgradeInput>, cluster: string, member: Member): Promise<BuiltMember> {
  const { name, host } = member;
  // A copy holds locks of two members: the guard's pivot does not wait for it.
  await signalGuard(cluster, 'rebuilding', { member: name, on: true, operation: op.id });
  const seeded = await throughPivots(op, cluster, async (look) => {
    const donor = donorOf(look, stepOf(allSteps(op.input.steps), 'build-members').donor);
    const copy = summarised(work.seedMember, `copy the data of ${donor} to ${name}`, long);
    const { bytes, seconds } = await givingWay(() => copy(look.state, name, donor));
    await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(look.state, name);
    return { name, host, donor, bytes, seconds };
  });
  await signalGuard(cluster, 'rebuilding', { member: name, on: false });
  return seeded;
}

/**
 * Every new member runs and follows the primary of now: one that died is started, one that follows a primary of before is led to the next, and one whose place
 * is not proven there is seeded again. Throws MemberDiverged when one can't apply what the primary writes.
 */
export async function followAll(op: Operation<UpgradeInput>, look: Look, names: string[]): Promise<void> {
  for (const name of names) await followAgain(op, look, name);
}

async function followAgain(op: Operation<UpgradeInput>, { state, observation }: Look, name: string): Promise<void> {
  const member = memberOf(state, name);
  const primary = memberOf(state, state.primary);
  const view = observation.members.find((each) => each.name === name);
  const replication = view?.replication;
  const its = replication?.sourceAddress === primary.address && replication.sourcePort === primary.port;
  if (its && replication.applierError)
    throw failure(
      'MemberDiverged',
      `${name} can not apply what ${state.primary} writes: ${replication.applierError.code} ${replication.applierError.message}`,
    );
  if (its && replication.receiver === 'running' && replication.applier === 'running') return;
  if (view?.reach !== 'answers')
    await summarised(work.createMember, `start ${name}`, withImages)(op.id, withoutStanding(state.definition), member);
  try {
    await summarised(work.followPrimary, `${name} follows ${state.primary}`, soon)(state, name);
    await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(state, name);
  } catch (error) {
    if (isCancellation(error) || !['MemberDiverged', 'PrecheckFailed'].includes(codeOf(error))) throw error;
    op.warn(`${name} is seeded again: ${meaningOf(error).message}`);
    await seed(op, state.definition.name, member);
    await changeSchemaOn(op, state, name);
  }
}

export const newMembersOf = ({ members, upgrade }: ClusterState): Member[] =>
  upgrade ? members.filter((member) => isNew(upgrade, member)) : [];
export const oldMembersOf = ({ members, upgrade }: ClusterState): Member[] =>
  upgrade ? members.filter((member) => !isNew(upgrade, member)) : [];

/** In a window of days a person may have cleared everything away, or made another cluster of this name. */
export function refuseForeign(op: Pick<Operation<unknown>, 'id'>, { upgrade, definition }: ClusterState): void {
  if (upgrade?.operation !== op.id)
    throw failure(
      'ExpectationFailed',
      `cluster ${definition.name} has no two generations of ${op.id} any more: somebody has changed its members`,
    );
}

/**
 * Nothing of the new generation is left: what of it counted is stopped first, then it is no part of the plan, then it is removed. Never when one of it is the
 * primary. Answers what was kept.
 */
export async function removeNew(op: Operation<UpgradeInput>, members: Member[], deleteData: boolean): Promise<string[]> {
  const { cluster } = op.input;
  const { state } = await lookUntilSeen(cluster);
  if (members.some(({ name }) => name === state.primary))
    throw failure('ExpectationFailed', `${state.primary} of the new generation is the primary: nothing was removed`);
  const names = members.map(({ name }) => name);
  const known = members.filter(({ name }) => state.members.some((each) => each.name === name));
  // Whoever counts may be promoted until it is stopped, and may have acknowledged.
  if (known.some(({ name }) => standsAside(state.definition, name) === undefined)) {
    for (const member of known) await summarised(work.retireMember, `stop ${member.name}`, soon)(state, member);
    if (state.definition.durability === 'semi-sync') await untilHeldByOld(cluster);
  }
  await changePlan(op, state, (present) =>
    present.members.some(({ name }) => names.includes(name)) ? withoutMembers(present, names) : undefined,
  );
  const kept: string[] = [];
  for (const member of members) {
    await signalGuard(cluster, 'rebuilding', { member: member.name, on: false });
    await summarised(work.retireMember, `stop ${member.name}`, patiently)(state, member);
    kept.push(...(await summarised(work.removeMember, `remove ${member.name}`, patiently)(cluster, member, deleteData)).kept);
  }
  return kept;
}
