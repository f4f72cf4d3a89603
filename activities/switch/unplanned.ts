import type { ReplicationView } from '../../schemas/observation';
import type { FenceProof, SwitchReport } from '../../schemas/pivot';
import { subtract, withoutServer } from '../../schemas/gtid';
import { compareReceived } from '../../schemas/positions';
import { proveStopped } from '../commands/member';
import { messageOf, type SwitchContext } from './context';
import { startOfLagging } from './lagging-start';
import type { LockedMember } from './locked-member';
import { openNewPrimary } from './open';

/** A backlog that takes longer than this is shown to people while the workflow waits for it, outside of the switch. */
const DRAIN_BOUND_MS = 4000;

interface Received {
  locked: LockedMember;
  /** Null: it does not replicate at all. */
  view: ReplicationView | null;
  /** It receives from somebody else than the old primary, for instance from the candidate by an earlier attempt. */
  elsewhere: boolean;
}

/** Sub-steps c' to e' of docs/pivot.md, then open. Nothing is opened without proof that the old primary can't acknowledge. */
export async function switchUnplanned(context: SwitchContext): Promise<SwitchReport> {
  const { timeline, input, routers } = context;
  // With async only the engine or the user's fence command can prove the fence; an engine is busy with the kill for 150 ms, so it is asked
  // at once and beside the rest. With semi-sync a fence would prove too little: who was cut off may have acknowledged what nobody else has.
  const stopped = context.semiSync ? undefined : proofOfStop(context);
  const holding = timeline.step('hold and cut at the routers', () => {
    context.heldFrom ??= timeline.now();
    return routers.each((router) => router.holdAndCut());
  });
  const received = await timeline.step('stop the receivers', (detail) => stopReceivers(context, detail));
  await holding;

  const held = await timeline.step('prove that the old primary is fenced', () => proveFenced(context, received, stopped));
  if (held) return held;

  const candidate = context.need(input.plan.to);
  const best = received.find(({ locked }) => locked === candidate);
  if (!best?.view) return decideAgain(context, 'NoCandidate', `${candidate.member.name} does not replicate`);
  const ahead = received.find((other) => other !== best && isAhead(context, other, best));
  if (ahead) return decideAgain(context, 'NoCandidate', `${ahead.locked.member.name} has received more than ${candidate.member.name}`);
  const lost = await unusableAcknowledger(context, received, best);
  if (lost) return lost;
  context.closedAt = best.view.received.file;

  if (!(await timeline.step('apply the relay log of the new primary', () => drain(best))))
    return decideAgain(
      context,
      'CatchUpTimeout',
      `${candidate.member.name} has not applied all that it received (lag ${best.view.lagSeconds ?? '?'} s); it is not opened before`,
    );
  return openNewPrimary(context, candidate, async (other) => {
    const found = received.find(({ locked }) => locked === other);
    if (!found?.view || !(await drain(found))) return false;
    if (found.elsewhere || other.flavor.gtid || compare(found, best) === 'same') return true;
    const start = context.openedAt && (await startOfLagging(candidate, context.openedAt, other));
    if (start) context.starts.set(other.member.name, start);
    return start !== undefined;
  });
}

const decideAgain = (context: SwitchContext, code: 'NoCandidate' | 'CatchUpTimeout', message: string): SwitchReport =>
  context.report('decide-again', { code, problem: { path: `members.${context.input.plan.to}`, message } });

/** A member that was restarted does not apply by itself. Its applier alone is started: that throws nothing away and receives nothing. */
async function drain({ locked: { session, flavor }, view }: Received): Promise<boolean> {
  if (view && !view.drained && view.applier === 'stopped') await flavor.startApplier(session);
  return flavor.waitDrained(session, DRAIN_BOUND_MS);
}

/**
 * A member that may have acknowledged has received more than the candidate, and can not be promoted (its applier is broken, it is delayed, it
 * has filters): nothing is opened without what it has, unless a person says so.
 */
async function unusableAcknowledger(context: SwitchContext, received: Received[], best: Received): Promise<SwitchReport | undefined> {
  const { plan, accepted } = context.input;
  if (!context.semiSync || accepted.loss) return undefined;
  const others = received.filter(({ locked, elsewhere }) => !elsewhere && plan.cutOff.of.includes(locked.member.name));
  const more = await Promise.all(others.map((other) => (other === best ? Promise.resolve(false) : receivedMore(other, best))));
  const found = others.find((_, index) => more[index]);
  if (!found) return undefined;
  const { name } = found.locked.member;
  const why = plan.candidates.find(({ member }) => member === name)?.reasons.join('; ') || 'it is not fit';
  return context.report('held-for-person', {
    code: 'NoCandidate',
    problem: {
      path: `members.${name}`,
      message: `${name} has received writes that ${best.locked.member.name} lacks, and can not be promoted: ${why}`,
    },
  });
}

/** More of what the primary wrote: what was written on the member itself was acknowledged to nobody. */
async function receivedMore(other: Received, best: Received): Promise<boolean> {
  if (!other.view || !['more', 'diverged'].includes(compare(other, best))) return false;
  const [more, had] = [other.view.received.gtid, best.view?.received.gtid];
  if (more === undefined || had === undefined) return true;
  const beyond = subtract(more, had);
  // 5.6 counts a transaction as received when its first event came: equal sets, and the coordinates told them apart.
  if (beyond === '') return true;
  const { session, flavor, member } = other.locked;
  const [row] = flavor.engine === 'mysql' ? await session.query<{ uuid: string }>('SELECT @@GLOBAL.server_uuid AS uuid') : [];
  return withoutServer(beyond, { uuid: row?.uuid, serverId: member.serverId }) !== '';
}

/** Only members count that could be promoted in its place; coordinates of another source say nothing. */
const isAhead = (context: SwitchContext, other: Received, best: Received): boolean =>
  context.input.plan.comparable.includes(other.locked.member.name) &&
  other.view !== null &&
  !other.elsewhere &&
  ['more', 'diverged'].includes(compare(other, best));

const compare = (a: Received, b: Received): ReturnType<typeof compareReceived> =>
  compareReceived(
    { replication: a.view ?? undefined, version: a.locked.flavor.version },
    { replication: b.view ?? undefined, version: b.locked.flavor.version },
  );

/** Receivers only: appliers go on. What was received stays on disk until it was applied. */
async function stopReceivers(context: SwitchContext, detail: (text: string) => void): Promise<Received[]> {
  const results = await Promise.all(
    [...context.locked.values()]
      .filter(({ member }) => member.name !== context.input.plan.from)
      .map((locked) => stopReceiver(context, locked)),
  );
  const received = results.filter((result) => result !== undefined);
  detail(received.map(({ locked, view }) => `${locked.member.name} ${placeOf(view)}`).join(', '));
  return received;
}

async function stopReceiver(context: SwitchContext, locked: LockedMember): Promise<Received | undefined> {
  try {
    // A later attempt may find a replica that follows the candidate already: it is left alone.
    const before = context.attempt > 1 || context.lostOld ? await locked.flavor.replication(locked.session) : undefined;
    if (before && isElsewhere(context, before)) return { locked, view: before, elsewhere: true };
    await locked.flavor.stopReceiver(locked.session);
    const view = await locked.flavor.replication(locked.session);
    const elsewhere = view !== null && isElsewhere(context, view);
    if (view && !elsewhere && view.receiver !== 'stopped') return undefined;
    return { locked, view, elsewhere };
  } catch (error) {
    context.lose(locked.member.name, error);
    return undefined;
  }
}

const isElsewhere = (context: SwitchContext, view: ReplicationView): boolean => {
  const old = context.member(context.input.plan.from);
  return view.sourceAddress !== old.address || view.sourcePort !== old.port;
};

const placeOf = (view: ReplicationView | null): string =>
  view ? (view.received.gtid ?? `${view.received.file?.file}:${view.received.file?.position}`) : 'does not replicate';

/** Undefined when it is proven; else the report that waits for a person. Whoever does not receive from the old primary can't acknowledge for it. */
async function proveFenced(
  context: SwitchContext,
  received: Received[],
  stopped: Promise<FenceProof | undefined> | undefined,
): Promise<SwitchReport | undefined> {
  const { input } = context;
  if (!stopped) {
    const { of, needed } = input.plan.cutOff;
    const cutOff = received.filter(({ locked }) => of.includes(locked.member.name)).length;
    if (cutOff >= needed || input.accepted.loss) {
      context.fence = cutOff >= needed ? 'cannot-acknowledge' : 'accepted-split-brain';
      return undefined;
    }
    const unreachable =
      [...context.unreachable].map(([name, { message }]) => `${name}: ${message}`).join('; ') || 'the others do not answer';
    return context.report('held-for-person', {
      code: 'TooFewAcknowledgers',
      problem: {
        path: 'members',
        message: `${cutOff} of the ${needed} members needed stopped receiving (${unreachable}); the others may have acknowledged writes that nobody else has`,
      },
    });
  }
  context.fence = await stopped;
  if (context.fence) return undefined;
  if (input.state.definition.acceptSplitBrain || input.accepted.unfenced) {
    context.fence = 'accepted-split-brain';
    return undefined;
  }
  return context.report('held-for-person', {
    code: 'NotFenced',
    problem: {
      path: `members.${input.plan.from}`,
      message: `neither its engine nor a fence command proves that ${input.plan.from} is stopped, so it may still accept writes`,
    },
  });
}

/** Stops the old primary, by its engine or by the user's fence command; undefined without proof. */
async function proofOfStop(context: SwitchContext): Promise<FenceProof | undefined> {
  try {
    await context.proveOurs();
    return await proveStopped(context.env, context.member(context.input.plan.from), context.over);
  } catch (error) {
    context.env.log.warn({ error: messageOf(error) }, 'nothing confirms the fence');
    return undefined;
  }
}
