import { sleep } from '@temporalio/workflow';

import { mayAcknowledge } from '../../schemas/member-rules';
import type { ClusterState, Member } from '../../schemas/topology';
import { memberOf } from '../guard/heal';
import { codeOf, failure, isCancellation, type Operation, type Step, summarised, work } from '../operation';
import { type Look, lookUntilSeen } from '../pivot/look';
import { changePlan } from './change-plan';
import { isHeldByOthers, receivingFrom, type RemovalWish, withoutMember } from './decide';

const soon = { scheduleToCloseTimeout: '1 minute' } as const;
const briefly = { scheduleToCloseTimeout: '15s', retry: { maximumAttempts: 2 } } as const;
/** A host that died meanwhile must not keep the cluster held: the member stays, and the guard starts it when its host is back. */
const patiently = { scheduleToCloseTimeout: '10 minutes' } as const;
const heldWithinMs = 60_000;

export const removalSteps = [
  'lead readers elsewhere',
  'stop its server',
  'see that others hold what it has acknowledged',
  'remove its server',
  'write down that it is gone',
] as const;

/**
 * A replica leaves for good. Its server is gone before the plan says so: one that still counts can't be promoted any more, and one that does not
 * count any more has acknowledged nothing that the others lack.
 */
export async function takeOut(op: Operation<unknown>, look: Look, wish: RemovalWish): Promise<{ state: ClusterState; kept: string[] }> {
  const { name: cluster } = look.state.definition;
  const { member: name, successor } = wish;
  const member = memberOf(look.state, name);
  await op.step('lead readers elsewhere', (step) => leadReadersElsewhere(look, name, step));
  op.compensate(`start ${name} again`, () =>
    summarised(work.startMember, `start ${name}`, { scheduleToCloseTimeout: '2 minutes' })(member),
  );
  const { gone } = await op.step('stop its server', async (step) => {
    const retired = await summarised(work.retireMember, `stop ${name} for good`, soon)(look.state, member);
    step.detail(retired.gone ? `its host ${member.host} is not in the inventory any more: it does not come back` : 'its engine says so');
    return retired;
  });
  const last = await op.step('see that others hold what it has acknowledged', (step) => untilHeld(op, look, member, wish, gone, step));
  op.pointOfNoReturn({ loses: wish.deleteData ? `${name} and its data are removed` : `${name} is removed; its data are kept` });
  const { kept } = await op.step('remove its server', async (step) => {
    const removal = await summarised(work.removeMember, `remove ${name}`, patiently)(cluster, member, wish.deleteData);
    step.detail([...removal.removed, ...removal.kept.map((each) => `kept: ${each}`)].join(', ') || 'nothing was left');
    return removal;
  });
  const state = await op.step('write down that it is gone', (step) => {
    step.detail(`${name} and server id ${member.serverId} are never given again`);
    return changePlan(op, last, (present) =>
      present.members.some((each) => each.name === name) ? withoutMember(present, name, successor) : undefined,
    );
  });
  return { state, kept };
}

/** Those that are connected to it are cut now and not when it dies; the guard does the same when it sees it die. */
async function leadReadersElsewhere({ state, observation }: Look, name: string, step: Step): Promise<void> {
  const readers = [...new Set(observation.routers.flatMap((router) => router.readers))].filter(
    (each) => each !== name && each !== state.primary && state.members.some((member) => member.name === each),
  );
  try {
    await summarised(work.tellRouters, `nobody reads from ${name}`, briefly)(state, readers, undefined, true);
    step.detail(`read from: ${readers.join(', ') || 'nobody else'}`);
  } catch (error) {
    if (isCancellation(error)) throw error;
    step.detail(`not told (${codeOf(error)}): they find it stopped`);
  }
}

/** Answers the last look, in which it is so. */
async function untilHeld(
  op: Operation<unknown>,
  look: Look,
  member: Member,
  wish: RemovalWish,
  gone: boolean,
  step: Step,
): Promise<ClusterState> {
  const { name: cluster, durability } = look.state.definition;
  const deadline = Date.now() + heldWithinMs;
  // Read after it was stopped: later writes were never its to acknowledge.
  let first = await lookUntilSeen(cluster);
  for (;;) {
    const { state } = first;
    refusePromoted(state, member.name);
    if (!mayAcknowledge(state.definition, member)) {
      step.detail(durability === 'semi-sync' ? 'it never acknowledges' : 'with async it acknowledges nothing');
      return state;
    }
    const before = first.observation.members.find(({ name }) => name === state.primary)?.executed;
    const next = await lookUntilSeen(cluster);
    // Another primary, or one that did not answer: its place is read anew.
    if (next.state.epoch !== state.epoch || before === undefined) first = next;
    const others = receivingFrom(
      state,
      next.observation,
      state.members.map(({ name }) => name).filter((name) => name !== member.name),
    );
    const clients = next.observation.members.find(({ name }) => name === state.primary)?.semiSync?.clients ?? 0;
    const connected = gone && clients > others.length;
    if (before && first !== next && !connected && isHeldByOthers(state, next.observation, before, member.name)) {
      step.detail('another that acknowledges has all of it');
      return state;
    }
    if (first !== next && !connected && others.length === 0 && wish.acceptFewAcknowledgers) {
      op.warn(`nobody else acknowledges for ${state.primary}: what it has, it has alone, and writes wait until somebody does`);
      return state;
    }
    if (Date.now() > deadline)
      throw failure(
        'NoAcknowledger',
        connected
          ? `${state.primary} still sends to a member that was taken for gone: ${clients} may acknowledge, known are ${others.join(', ') || 'none'}`
          : `within ${heldWithinMs / 1000} s no other member that acknowledges received all that ${state.primary} has; ${member.name} stays`,
      );
    await sleep('500ms', { summary: 'until others hold what it has acknowledged' });
  }
}

/** It was stopped; but whoever starts it may promote it. */
function refusePromoted({ primary }: ClusterState, name: string): void {
  if (primary === name) throw failure('ExpectationFailed', `${name} has become the primary meanwhile: it stays`);
}
