import { sleep } from '@temporalio/workflow';

import { mayAcknowledge } from '../../schemas/member-rules';
import type { ClusterState, Member } from '../../schemas/topology';
import { donorFor } from '../errant/decide';
import { type Operation, summarised, work } from '../operation';
import { signalGuard } from '../pivot/guard-signals';
import { changePlan } from './change-plan';
import { counting, withDefinition, withMember, withoutMember } from './decide';
import { givingWay, heedNothing } from './stand-aside';
import { throughPivots } from './through-pivots';

/** Tried again by what is true then, when a member does not answer. */
const soon = { scheduleToCloseTimeout: '2 minutes', retry: { maximumAttempts: 5 } } as const;
/** A host may have to be brought the image. */
const withImages = { startToCloseTimeout: '2 hours', retry: { maximumAttempts: 5 } } as const;
/** As long as the data are large; the heartbeat tells that it goes on. */
const long = { startToCloseTimeout: '7 days', heartbeatTimeout: '30s', retry: { maximumAttempts: 5 } } as const;

/** A host that died meanwhile must not keep the cluster held. */
const undoing = { scheduleToCloseTimeout: '5 minutes' } as const;

export const buildingSteps = ['write the new member down', 'create its server', 'copy the data of a replica', 'let it count'] as const;

export interface Built {
  state: ClusterState;
  donor: string;
}

/**
 * A new replica, from nothing to one that counts. Until it is built it is a member that is neither promoted nor acknowledges, and nobody reads from
 * it. `like` is the member whose rules it takes over.
 */
export async function buildIn(op: Operation<unknown>, state: ClusterState, member: Member, like?: string): Promise<Built> {
  const { name: cluster } = state.definition;
  const { name } = member;
  heedNothing();
  op.compensate(`take ${name} out again`, () => takeBack(op, state, member));
  const written = await op.step('write the new member down', async (step) => {
    // First, so that the guard leads no reader to it.
    await signalGuard(cluster, 'rebuilding', { member: name, on: true, operation: op.id });
    const next = await changePlan(op, state, (present) =>
      present.members.some((each) => each.name === name) ? undefined : withMember(present, member, like),
    );
    step.detail(`${name} on ${member.host}, server id ${member.serverId}`);
    return next;
  });
  const definition = counting(written.definition, name, like);
  await op.step('create its server', () =>
    throughPivots(op, cluster, async ({ state: now }) => {
      await summarised(work.createMember, `create ${name}`, withImages)(op.id, definition, member);
      await summarised(work.initialiseMember, `accounts and journal on ${name}`, soon)(now, member);
    }),
  );
  const donor = await op.step('copy the data of a replica', (step) =>
    throughPivots(op, cluster, async ({ state: now, observation }) => {
      const from = donorFor(now, observation, name);
      const copy = summarised(work.seedMember, `copy the data of ${from} to ${name}`, long);
      const { bytes, seconds } = await givingWay(() => copy(now, name, from));
      await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(now, name);
      step.detail(`${(bytes / 1e6).toFixed(1)} MB from ${from} in ${Math.round(seconds)} s`);
      return from;
    }),
  );
  const counted = await op.step('let it count', async (step) => {
    op.pointOfNoReturn({ loses: `nothing; ${name} is a member, and \`drydock cluster member remove\` takes it out` });
    await signalGuard(cluster, 'rebuilding', { member: name, on: false });
    const next = await changePlan(op, written, (present) => withDefinition(present, counting(present.definition, name, like)));
    const acknowledges = mayAcknowledge(next.definition, member);
    // A promotion that began with the members of before does not ask it what it has acknowledged.
    if (acknowledges) await sleep('10s', { summary: 'a switch that began with the members of before is over by then' });
    const now = await throughPivots(op, cluster, async (look) => {
      await summarised(work.applyRole, `settings of a replica on ${name}`, soon)(look.state, name);
      return look.state;
    });
    step.detail(acknowledges ? `${name} acknowledges` : `${name} does not acknowledge`);
    return now;
  });
  return { state: counted, donor };
}

/** What this very run has made of it, data included, because it is new. */
async function takeBack(op: Operation<unknown>, state: ClusterState, member: Member): Promise<void> {
  const { name: cluster } = state.definition;
  // It never counted: once it is no member, nobody starts it any more.
  await changePlan(op, state, (present) =>
    present.members.some(({ name }) => name === member.name) ? withoutMember(present, member.name) : undefined,
  );
  await summarised(work.retireMember, `stop ${member.name}`, undoing)(state, member);
  await summarised(work.removeMember, `remove what there is of ${member.name}`, undoing)(cluster, member, true);
}
